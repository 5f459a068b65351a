/* What servers do at every step, and what becomes of it. The queue is in test_fetcher.c. */
#include "scanner/https/request.h"
#include "tests/unit/https/stage.h"
#include "tests/unit/net/block_list_of.h"
#include <signal.h>

enum { CODES_MAX = 4 };

#define ALERT(number) "\x15\x03\x01\x00\x02\x02" number
/* TLS 1.0, TLS_RSA_WITH_AES_128_CBC_SHA */
#define SERVER_HELLO_10                                                                            \
  "\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01" TEN TEN TEN "01"                                  \
  "\x00\x00\x2f\x00"

/* What stands before the server's own address in the list of the fetch. */
enum before { NOTHING, REFUSING, NOT_ROUTED, FULL };

struct row {
  const char *what;
  struct script script;
  enum before before;
  bool other_name, self_signed;
  enum finding_code codes[CODES_MAX + 1]; /* ended by FOUND_RECORD_ABSENT, the 0 */
  const char *detail;                     /* part of the last one's */
  int http_status;
  const char *body; /* NULL: none */
  int64_t bytes;    /* -1: not told */
  const char *tls;
  unsigned attempts; /* 0: one */
};

static const struct row rows[] = {
    {.what = "sound",
     .script.answer = SAY(OK("Content-Length: 44\r\n", POLICY)),
     .http_status = 200,
     .body = POLICY,
     .bytes = POLICY_SIZE,
     .tls = "TLSv1.3"},
    {.what = "sound, TLS 1.2",
     .script = {.tls_max = TLS1_2_VERSION, .answer = SAY(OK("Content-Length: 44\r\n", POLICY))},
     .http_status = 200,
     .body = POLICY,
     .bytes = POLICY_SIZE,
     .tls = "TLSv1.2"},
    {.what = "ended by close_notify",
     .script.answer = SAY(OK("", POLICY)),
     .http_status = 200,
     .body = POLICY,
     .bytes = POLICY_SIZE},
    {.what = "ended without close_notify",
     .script = {.answer = SAY(OK("", POLICY)), .no_notify = true},
     .http_status = 200,
     .body = POLICY,
     .bytes = POLICY_SIZE},
    {.what = "ended without close_notify, TLS 1.2",
     .script = {.answer = SAY(OK("", POLICY)), .no_notify = true, .tls_max = TLS1_2_VERSION},
     .http_status = 200,
     .body = POLICY,
     .bytes = POLICY_SIZE},
    {.what = "HTTP/1.0",
     .script.answer = SAY("HTTP/1.0 200 OK\r\n\r\n" POLICY),
     .http_status = 200,
     .body = POLICY,
     .bytes = POLICY_SIZE},
    {.what = "chunked",
     .script.answer = SAY(OK("Transfer-Encoding: chunked\r\n", "2\r\nve\r\n3\r\nrsi\r\n0\r\n\r\n")),
     .http_status = 200,
     .body = "versi",
     .bytes = 5},
    {.what = "100 first",
     .script.answer = SAY("HTTP/1.1 100 Continue\r\n\r\n" OK("Content-Length: 2\r\n", "ab")),
     .http_status = 200,
     .body = "ab",
     .bytes = 2},
    {.what = "empty",
     .script.answer = SAY(OK("Content-Length: 0\r\n", "")),
     .http_status = 200,
     .body = ""},
    {.what = "as large as may be",
     .script.answer = SAY(OK("Content-Length: 2000\r\n", THOUSAND THOUSAND)),
     .http_status = 200,
     .body = THOUSAND THOUSAND,
     .bytes = BODY_MAX},
    {.what = "too large by one",
     .script.answer = SAY(OK("Content-Length: 2001\r\n", THOUSAND THOUSAND "!")),
     .codes = {FOUND_POLICY_HTTP_TOO_LARGE},
     .detail = "larger than 2000 bytes",
     .http_status = 200,
     .bytes = BODY_MAX + 1},
    {.what = "endless",
     .script = {.answer = SAY(OK("", "")),
                .until = UNTIL_ANSWER,
                .then = THEN_FLOOD,
                .flood = SAY(THOUSAND)},
     .codes = {FOUND_POLICY_HTTP_TOO_LARGE},
     .http_status = 200,
     .bytes = -1},
    {.what = "redirect",
     .script.answer = SAY("HTTP/1.1 301 Moved\r\nLocation: https://www.example.test/\r\n"
                          "Content-Length: 2\r\n\r\nab"),
     .codes = {FOUND_POLICY_HTTP_REDIRECT},
     .detail = "301",
     .http_status = 301,
     .bytes = 2},
    {.what = "304",
     .script.answer = SAY("HTTP/1.1 304 Not Modified\r\n\r\n"),
     .codes = {FOUND_POLICY_HTTP_REDIRECT},
     .http_status = 304},
    {.what = "404",
     .script.answer = SAY("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nab"),
     .codes = {FOUND_POLICY_HTTP_STATUS},
     .detail = "HTTP status 404",
     .http_status = 404,
     .bytes = 2},
    {.what = "204",
     .script.answer = SAY("HTTP/1.1 204 Nothing\r\n\r\n"),
     .codes = {FOUND_POLICY_HTTP_STATUS},
     .http_status = 204},
    {.what = "404 with too large a page",
     .script.answer = SAY("HTTP/1.1 404 No\r\n\r\n" THOUSAND THOUSAND THOUSAND),
     .codes = {FOUND_POLICY_HTTP_STATUS},
     .http_status = 404,
     .bytes = -1},
    {.what = "shorter than its Content-Length",
     .script.answer = SAY(OK("Content-Length: 3\r\n", "ab")),
     .codes = {FOUND_POLICY_HTTP_TRUNCATED},
     .detail = "after 2 bytes",
     .http_status = 200,
     .bytes = 2},
    {.what = "shorter than its Content-Length, no close_notify",
     .script = {.answer = SAY(OK("Content-Length: 3\r\n", "ab")), .no_notify = true},
     .codes = {FOUND_POLICY_HTTP_TRUNCATED},
     .http_status = 200,
     .bytes = 2},
    {.what = "Content-Length, but no body",
     .script.answer = SAY(OK("Content-Length: 3\r\n", "")),
     .codes = {FOUND_POLICY_HTTP_TRUNCATED},
     .http_status = 200},
    {.what = "an unfinished chunk",
     .script.answer = SAY(OK("Transfer-Encoding: chunked\r\n", "5\r\nab")),
     .codes = {FOUND_POLICY_HTTP_TRUNCATED},
     .http_status = 200,
     .bytes = 2},
    {.what = "no last chunk",
     .script = {.answer = SAY(OK("Transfer-Encoding: chunked\r\n", "2\r\nab\r\n")),
                .no_notify = true},
     .codes = {FOUND_POLICY_HTTP_TRUNCATED},
     .http_status = 200,
     .bytes = 2},
    {.what = "the same Content-Length twice",
     .script.answer = SAY(OK("Content-Length: 2\r\nContent-Length: 2\r\n", "ab")),
     .http_status = 200,
     .body = "ab",
     .bytes = 2},
    {.what = "two different Content-Lengths",
     .script.answer = SAY(OK("Content-Length: 3\r\nContent-Length: 2\r\n", "ab")),
     .codes = {FOUND_POLICY_HTTP_INVALID},
     .detail = "Content-Length",
     .http_status = 200},
    {.what = "two different Content-Lengths of a 404",
     .script.answer = SAY("HTTP/1.1 404 No\r\nContent-Length: 3\r\nContent-Length: 2\r\n\r\nab"),
     .codes = {FOUND_POLICY_HTTP_STATUS},
     .http_status = 404},
    {.what = "a Content-Length with something behind it",
     .script.answer = SAY(OK("Content-Length: 2x\r\n", "ab")),
     .codes = {FOUND_POLICY_HTTP_INVALID},
     .http_status = 200},
    {.what = "another Content-Length in the 103 first",
     .script.answer =
         SAY("HTTP/1.1 103 Early\r\nContent-Length: 9\r\n\r\n" OK("Content-Length: 2\r\n", "ab")),
     .http_status = 200,
     .body = "ab",
     .bytes = 2},
    {.what = "another Content-Length in the trailers",
     .script.answer = SAY(OK("Transfer-Encoding: chunked\r\n",
                             "2\r\nab\r\n0\r\nContent-Length: 9\r\nContent-Length: 8\r\n\r\n")),
     .http_status = 200,
     .body = "ab",
     .bytes = 2},
    {.what = "a Content-Length that nothing can count",
     .script.answer = SAY(OK("Content-Length: 99999999999999999999999\r\n", "ab")),
     .codes = {FOUND_POLICY_HTTP_INVALID},
     .detail = "too large",
     .http_status = 200},
    {.what = "gzip for its transfer",
     .script.answer = SAY(OK("Transfer-Encoding: gzip, chunked\r\n", "2\r\nab\r\n0\r\n\r\n")),
     .codes = {FOUND_POLICY_HTTP_INVALID},
     .http_status = 200},
    {.what = "gzip for the transfer of a 103, not of the 200",
     .script.answer = SAY("HTTP/1.1 103 Early\r\nTransfer-Encoding: gzip, gzip\r\n\r\n" OK(
         "Content-Length: 2\r\n", "ab")),
     .codes = {FOUND_POLICY_HTTP_INVALID}},
    {.what = "gzip for the transfer of a 404",
     .script.answer = SAY("HTTP/1.1 404 No\r\nTransfer-Encoding: gzip\r\n\r\nab"),
     .codes = {FOUND_POLICY_HTTP_STATUS},
     .http_status = 404},
    {.what = "chunked twice",
     .script.answer = SAY(OK("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                             "2\r\nab\r\n0\r\n\r\n")),
     .codes = {FOUND_POLICY_HTTP_INVALID},
     .detail = "Transfer-Encoding: chunked, where only \"chunked\", once",
     .http_status = 200},
    {.what = "compressed",
     .script.answer = SAY(OK("Content-Encoding: gzip\r\nContent-Length: 2\r\n", "ab")),
     .codes = {FOUND_POLICY_HTTP_ENCODING},
     .detail = "Content-Encoding: gzip, where only identity was asked for",
     .http_status = 200},
    {.what = "compressed, in the second field",
     .script.answer = SAY(OK("Content-Encoding: identity\r\nContent-Encoding: br\r\n", "ab")),
     .codes = {FOUND_POLICY_HTTP_ENCODING},
     .detail = "Content-Encoding: br,",
     .http_status = 200},
    {.what = "identity by any number of names",
     .script.answer = SAY(OK("Content-Encoding: identity, Identity\r\nContent-Encoding:\r\n"
                             "Content-Length: 2\r\n",
                             "ab")),
     .http_status = 200,
     .body = "ab",
     .bytes = 2},
    {.what = "what is no coding",
     .script.answer = SAY(OK("Content-Encoding: utf-8\r\nContent-Encoding: none\r\n"
                             "Content-Length: 2\r\n",
                             "ab")),
     .http_status = 200,
     .body = "ab",
     .bytes = 2},
    {.what = "a coding behind what is none",
     .script.answer = SAY(OK("Content-Encoding: aws-chunked, GZIP\r\nContent-Length: 2\r\n", "ab")),
     .codes = {FOUND_POLICY_HTTP_ENCODING},
     .detail = "Content-Encoding: aws-chunked, GZIP,",
     .http_status = 200},
    {.what = "a compressed 404",
     .script.answer = SAY("HTTP/1.1 404 No\r\nContent-Encoding: gzip\r\n\r\nab"),
     .codes = {FOUND_POLICY_HTTP_STATUS},
     .http_status = 404},
    {.what = "a chunk without a size",
     .script.answer = SAY(OK("Transfer-Encoding: chunked\r\n", "zz\r\nab\r\n")),
     .codes = {FOUND_POLICY_HTTP_INVALID},
     .http_status = 200},
    {.what = "no answer", .codes = {FOUND_POLICY_HTTP_INVALID}},
    {.what = "no answer, no close_notify",
     .script.no_notify = true,
     .codes = {FOUND_POLICY_HTTP_INVALID}},
    {.what = "a header that breaks off",
     .script.answer = SAY("HTTP/1.1 200 OK\r\nContent-Ty"),
     .codes = {FOUND_POLICY_HTTP_INVALID},
     .http_status = 200},
    {.what = "HTTP/0.9", .script.answer = SAY(POLICY), .codes = {FOUND_POLICY_HTTP_INVALID}},
    {.what = "garbage for HTTP",
     .script.answer = SAY("\x00\x01\x02\xff garbage\r\n\r\n"),
     .codes = {FOUND_POLICY_HTTP_INVALID}},
    {.what = "endless headers",
     .script = {.answer = SAY("HTTP/1.1 200 OK\r\n"),
                .until = UNTIL_ANSWER,
                .then = THEN_FLOOD,
                .flood = SAY("X: " HUNDRED "\r\n")},
     .codes = {FOUND_POLICY_HTTP_INVALID},
     .detail = "larger than 65536",
     .http_status = 200},
    {.what = "an endless header line",
     .script = {.answer = SAY("HTTP/1.1 200 OK\r\nX: "),
                .until = UNTIL_ANSWER,
                .then = THEN_FLOOD,
                .flood = SAY(THOUSAND)},
     .codes = {FOUND_POLICY_HTTP_INVALID},
     .http_status = 200},
    {.what = "an endless status line",
     .script = {.answer = SAY("HTTP/1.1 200 "),
                .until = UNTIL_ANSWER,
                .then = THEN_FLOOD,
                .flood = SAY(THOUSAND)},
     .codes = {FOUND_POLICY_HTTP_INVALID}},
    {.what = "silence before the TLS",
     .script = {.until = UNTIL_HELLO, .then = THEN_SILENCE},
     .codes = {FOUND_POLICY_TLS_TIMEOUT}},
    {.what = "silence before the status",
     .script = {.until = UNTIL_REQUEST, .then = THEN_SILENCE},
     .codes = {FOUND_POLICY_HTTP_TIMEOUT},
     .detail = "before the HTTP status",
     .tls = "TLSv1.3"},
    {.what = "silence in the header",
     .script = {.answer = SAY("HTTP/1.1 200 OK\r\n"), .until = UNTIL_ANSWER, .then = THEN_SILENCE},
     .codes = {FOUND_POLICY_HTTP_TIMEOUT},
     .detail = "in the HTTP header",
     .http_status = 200},
    {.what = "silence in the body",
     .script = {.answer = SAY(OK("Content-Length: 3\r\n", "ab")),
                .until = UNTIL_ANSWER,
                .then = THEN_SILENCE},
     .codes = {FOUND_POLICY_HTTP_TIMEOUT},
     .detail = "in the HTTP body",
     .http_status = 200,
     .bytes = 2},
    {.what = "a header byte by byte",
     .script = {.until = UNTIL_REQUEST,
                .then = THEN_DRIP,
                .flood = SAY("HTTP/1.1 200 OK\r\n" HUNDRED)},
     .codes = {FOUND_POLICY_HTTP_TIMEOUT},
     .http_status = 200},
    {.what = "a body byte by byte",
     .script =
         {.answer = SAY(OK("", "")), .until = UNTIL_ANSWER, .then = THEN_DRIP, .flood = SAY(TEN)},
     .codes = {FOUND_POLICY_HTTP_TIMEOUT},
     .http_status = 200,
     .bytes = -1},
    {.what = "reset at once",
     .script = {.until = UNTIL_ACCEPT, .then = THEN_RESET},
     .codes = {FOUND_POLICY_TCP_RESET},
     .attempts = 2},
    {.what = "reset in the handshake",
     .script = {.until = UNTIL_HELLO, .then = THEN_RESET},
     .codes = {FOUND_POLICY_TCP_RESET},
     .detail = "in the TLS handshake",
     .attempts = 2},
    {.what = "reset before the status",
     .script = {.until = UNTIL_REQUEST, .then = THEN_RESET},
     .codes = {FOUND_POLICY_TCP_RESET},
     .detail = "before the HTTP status"},
    {.what = "reset in the header",
     .script = {.answer = SAY("HTTP/1.1 200 OK\r\n"), .until = UNTIL_ANSWER, .then = THEN_RESET},
     .codes = {FOUND_POLICY_TCP_RESET},
     .http_status = -1},
    {.what = "reset in the body",
     .script = {.answer = SAY(OK("Content-Length: 3\r\n", "ab")),
                .until = UNTIL_ANSWER,
                .then = THEN_RESET},
     .codes = {FOUND_POLICY_TCP_RESET},
     .http_status = -1,
     .bytes = -1},
    {.what = "closed in the handshake",
     .script.until = UNTIL_HELLO,
     .codes = {FOUND_POLICY_TLS_CLOSED}},
    {.what = "closed inside a record",
     .script.raw = SAY("\x16\x03\x03\x00\x7a\x02\x00"),
     .codes = {FOUND_POLICY_TLS_CLOSED}},
    {.what = "plain HTTP",
     .script.raw = SAY("HTTP/1.1 400 Bad Request\r\n\r\n"),
     .codes = {FOUND_POLICY_TLS_NOT_TLS}},
    {.what = "SSH",
     .script.raw = SAY("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
     .codes = {FOUND_POLICY_TLS_NOT_TLS}},
    {.what = "zeros",
     .script.raw = SAY("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
     .codes = {FOUND_POLICY_TLS_NOT_TLS}},
    {.what = "TLS 1.0 at most",
     .script.tls_max = TLS1_VERSION,
     .codes = {FOUND_POLICY_TLS_PROTOCOL}},
    {.what = "TLS 1.1 at most",
     .script.tls_max = TLS1_1_VERSION,
     .codes = {FOUND_POLICY_TLS_PROTOCOL}},
    {.what = "TLS 1.0 chosen",
     .script.raw = SAY(SERVER_HELLO_10),
     .codes = {FOUND_POLICY_TLS_PROTOCOL}},
    {.what = "alert protocol_version",
     .script.raw = SAY(ALERT("\x46")),
     .codes = {FOUND_POLICY_TLS_PROTOCOL}},
    {.what = "alert insufficient_security",
     .script.raw = SAY(ALERT("\x47")),
     .codes = {FOUND_POLICY_TLS_PROTOCOL}},
    {.what = "alert handshake_failure",
     .script.raw = SAY(ALERT("\x28")),
     .codes = {FOUND_POLICY_TLS_ALERT},
     .detail = "handshake_failure"},
    {.what = "alert unrecognized_name",
     .script.raw = SAY(ALERT("\x70")),
     .codes = {FOUND_POLICY_TLS_ALERT},
     .detail = "unrecognized_name"},
    {.what = "alert of no name",
     .script.raw = SAY(ALERT("\xc8")),
     .codes = {FOUND_POLICY_TLS_ALERT},
     .detail = "alert 200"},
    {.what = "a client certificate wanted, TLS 1.2",
     .script = {.wants_certificate = true, .tls_max = TLS1_2_VERSION},
     .codes = {FOUND_POLICY_TLS_ALERT},
     .detail = "handshake_failure"},
    {.what = "a client certificate wanted, TLS 1.3",
     .script.wants_certificate = true,
     .codes = {FOUND_POLICY_TLS_ALERT},
     .detail = "certificate_required"},
    {.what = "another name, and all else read",
     .script.answer = SAY(OK("Content-Length: 2\r\n", "ab")),
     .other_name = true,
     .codes = {FOUND_POLICY_TLS_NAME_MISMATCH},
     .http_status = 200,
     .body = "ab",
     .bytes = 2},
    {.what = "signed by itself, and 404",
     .script.answer = SAY("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"),
     .self_signed = true,
     .codes = {FOUND_POLICY_TLS_SELF_SIGNED, FOUND_POLICY_HTTP_STATUS},
     .http_status = 404},
    {.what = "signed by itself, and a reset",
     .script = {.until = UNTIL_REQUEST, .then = THEN_RESET},
     .self_signed = true,
     .codes = {FOUND_POLICY_TCP_RESET, FOUND_POLICY_TLS_SELF_SIGNED}},
    {.what = "the second address",
     .script.answer = SAY(OK("Content-Length: 2\r\n", "ab")),
     .before = REFUSING,
     .http_status = 200,
     .body = "ab",
     .bytes = 2,
     .attempts = 2},
    {.what = "the second address after silence",
     .script.answer = SAY(OK("Content-Length: 2\r\n", "ab")),
     .before = FULL,
     .http_status = 200,
     .body = "ab",
     .bytes = 2,
     .attempts = 2},
    {.what = "the second address got further",
     .script.until = UNTIL_HELLO,
     .before = NOT_ROUTED,
     .codes = {FOUND_POLICY_TLS_CLOSED},
     .attempts = 2},
};

enum { ROW_COUNT = sizeof rows / sizeof *rows };

/* A listener whose queue is full: what comes gets no answer. */
static unsigned wrong_count;

__attribute__((format(printf, 2, 3))) static void wrong(const struct row *row, const char *format,
                                                        ...) {
  va_list args;
  va_start(args, format);
  print_error("%s: ", row->what);
  vprint_error(format, args);
  print_error("\n");
  va_end(args);
  wrong_count++;
}

static void check_codes(const struct row *row, const struct run *run) {
  const struct finding *f = run->findings.first, *last = f;
  for (const enum finding_code *code = row->codes; *code; code++, f = f->next) {
    if (!f || f->code != *code) {
      wrong(row, "not %s but %s: %s", finding_info(*code)->name,
            f ? finding_info(f->code)->name : "nothing", f ? f->detail.ptr : "");
      return;
    }
    last = f;
  }
  if (f) wrong(row, "%s: %s", finding_info(f->code)->name, f->detail.ptr);
  if (row->detail && !strstr(last->detail.ptr, row->detail)) wrong(row, "%s", last->detail.ptr);
}

static void check_row(const struct row *row, const struct run *run) {
  const struct fetch *fetch = &run->fetch;
  const struct result_fetch *result = &fetch->result;
  unsigned attempts = row->attempts ? row->attempts : 1;
  assert_int_equal(fetch->err, ERR_NONE);
  check_codes(row, run);
  if (row->http_status >= 0 && result->http_status != row->http_status)
    wrong(row, "HTTP status %d", result->http_status);
  if (row->bytes >= 0 && result->bytes != (uint64_t)row->bytes)
    wrong(row, "%llu bytes", (unsigned long long)result->bytes);
  if (fetch->has_body != (row->body != NULL)) wrong(row, "has_body");
  if (row->body && !span_equal(fetch->body, span_of(row->body)))
    wrong(row, "body %.*s", SPAN_ARG(fetch->body));
  if (row->tls && !span_equal(result->tls, span_of(row->tls)))
    wrong(row, "%.*s", SPAN_ARG(result->tls));
  if (result->attempts.count != attempts) wrong(row, "%zu attempts", result->attempts.count);
  enum finding_code code = row->codes[0] ? row->codes[0] : FOUND_COUNT;
  if (result->attempts.at[attempts - 1].code != code) wrong(row, "the attempt's code");
  if (result->has_trusted && result->trusted != !(row->other_name || row->self_signed))
    wrong(row, "trusted is %d", result->trusted);
}

static void check_first_attempt(const struct row *row, const struct run *run) {
  static const enum finding_code codes[] = {[REFUSING] = FOUND_POLICY_TCP_REFUSED,
                                            [NOT_ROUTED] = FOUND_POLICY_TCP_UNREACHABLE,
                                            [FULL] = FOUND_POLICY_TCP_TIMEOUT};
  if (row->before && run->fetch.result.attempts.at[0].code != codes[row->before])
    wrong(row, "the first attempt's code");
}

/* All rows at once: each server stands at an address of its own. */
static void test_rows(void **state) {
  (void)state;
  static struct server servers[ROW_COUNT];
  static struct run runs[ROW_COUNT];
  static const char *const before[] = {
      [REFUSING] = "127.0.4.1", [NOT_ROUTED] = "127.255.255.255", [FULL] = "127.0.4.2"};
  struct deaf deaf;
  deaf_open(&deaf, before[FULL]);
  for (size_t i = 0; i < ROW_COUNT; i++) {
    const struct row *row = &rows[i];
    char ip[32];
    snprintf(ip, sizeof ip, "127.0.3.%zu", i + 1);
    servers[i] = (struct server){.script = &row->script, .certificate = &stage.good};
    if (row->other_name) servers[i].certificate = &stage.other;
    if (row->self_signed) servers[i].certificate = &stage.itself;
    server_start(&servers[i], ip, &stage.port);
    run_init(&runs[i]);
    if (row->before) add_address(&runs[i], before[row->before]);
    add_address(&runs[i], ip);
    assert_int_equal(fetcher_start(stage.fetcher, &runs[i].fetch), ERR_NONE);
    assert_false(runs[i].done);
  }
  run_until(ROW_COUNT);
  for (size_t i = 0; i < ROW_COUNT; i++) {
    check_row(&rows[i], &runs[i]);
    check_first_attempt(&rows[i], &runs[i]);
    server_end(&servers[i]);
    arena_free(&runs[i].arena);
  }
  deaf_close(&deaf);
  assert_int_equal(wrong_count, 0);
}

/* Whatever the environment says of proxies. */
static void test_request(void **state) {
  (void)state;
  struct server server;
  struct run run;
  setenv("https_proxy", "http://127.0.0.1:1", 1);
  setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
  start_server(&server, &rows[0].script, "127.0.3.1");
  start_fetch(&run, "127.0.3.1");
  run_until(1);
  unsetenv("https_proxy");
  unsetenv("ALL_PROXY");
  server_end(&server);
  assert_null(run.findings.first);
  static const char first[] = "GET /.well-known/mta-sts.txt HTTP/1.1\r\n";
  assert_int_equal(strncmp(server.request, first, sizeof first - 1), 0);
  assert_non_null(strstr(server.request, "\r\nHost: " HOST "\r\n"));
  assert_non_null(strstr(server.request, "\r\nUser-Agent: test (+https://scan.test)\r\n"));
  assert_non_null(strstr(server.request, "\r\nAccept-Encoding: identity\r\n"));
  assert_string_equal(server.sni, HOST);
  arena_free(&run.arena);
}

static void test_facts(void **state) {
  (void)state;
  static const struct script moved = {.answer = SAY("HTTP/1.1 302 Found\r\nLocation: /x\r\n"
                                                    "Content-Type: text/html; a=b\r\n\r\n")};
  struct server server;
  struct run run;
  start_server(&server, &moved, "127.0.3.1");
  start_fetch(&run, "127.0.3.1");
  run_until(1);
  server_end(&server);
  const struct result_fetch *result = &run.fetch.result;
  assert_true(result->asked && result->has_trusted && result->trusted);
  assert_true(span_equal(result->address, SPAN("127.0.3.1")));
  assert_true(span_equal(result->location, SPAN("/x")));
  assert_true(span_equal(result->content_type, SPAN("text/html; a=b")));
  assert_true(0 <= result->connect_ms && result->connect_ms <= result->tls_ms);
  assert_true(result->tls_ms <= result->ms);
  assert_true(span_equal(run.fetch.certificate.names.at[0], SPAN(HOST)));
  assert_int_equal(run.fetch.certificate.chain, 1);
  assert_int_equal(run.findings.first->http_status, 302);
  arena_free(&run.arena);
}

/* One after the other on one fetcher: what an answer leaves must not meet the next. */
static void test_nothing_is_left(void **state) {
  (void)state;
  static const struct script scripts[] = {
      {.answer = SAY(OK("Content-Length: 44\r\n", POLICY))},
      {.answer = SAY("HTTP/1.1 200 OK\r\n folded: y\r\nContent-Length: 0\r\n\r\n")},
      {.answer = SAY("HTTP/1.1 200 OK\r\n\tfolded\r\n\r\n")},
      {.answer = SAY("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab")},
      {.until = UNTIL_REQUEST, .then = THEN_RESET},
      {.answer = SAY(OK("Content-Length: 44\r\n", POLICY))},
  };
  enum { COUNT = sizeof scripts / sizeof *scripts };
  static struct run runs[COUNT];
  for (unsigned i = 0; i < COUNT; i++) {
    struct server server;
    start_server(&server, &scripts[i], "127.0.3.1");
    start_fetch(&runs[i], "127.0.3.1");
    run_until(i + 1);
    server_end(&server);
  }
  for (unsigned i = 0; i < COUNT; i += COUNT - 1) {
    assert_true(span_equal(runs[i].fetch.body, SPAN(POLICY)));
    assert_true(span_equal(runs[i].fetch.result.content_type, SPAN("text/plain")));
  }
  assert_int_equal(runs[3].fetch.result.http_status, 200);
  assert_false(span_here(runs[3].fetch.result.content_type));
  assert_int_equal(runs[4].findings.first->code, FOUND_POLICY_TCP_RESET);
  for (unsigned i = 0; i < COUNT; i++) arena_free(&runs[i].arena);
}

static void test_several_values(void **state) {
  (void)state;
  static const struct script twice = {
      .answer = SAY("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
                    "Content-Encoding: gzip\r\nContent-Type: text/plain\r\n"
                    "Content-Encoding: br\r\nContent-Length: 2\r\n\r\nab")};
  struct server server;
  struct run run;
  start_server(&server, &twice, "127.0.3.1");
  start_fetch(&run, "127.0.3.1");
  run_until(1);
  server_end(&server);
  const struct result_fetch *result = &run.fetch.result;
  assert_int_equal(result->content_types.count, 2);
  assert_true(span_equal(result->content_types.at[0], SPAN("application/octet-stream")));
  assert_true(span_equal(result->content_types.at[1], SPAN("text/plain")));
  assert_true(span_equal(result->content_type, SPAN("text/plain")));
  assert_true(span_equal(result->content_encoding, SPAN("gzip, br")));
  arena_free(&run.arena);
}

/* A transfer without a fetcher, whose plan would have left the address out. */
struct lone {
  struct curl_loop *curl_loop;
  bool done;
};

static void lone_worked(void *data) {
  struct lone *lone = data;
  CURL *easy;
  CURLcode result;
  if (lone->done || !curl_loop_take(lone->curl_loop, &easy, &result)) return;
  request_end(request_of(easy), result, false);
  lone->done = true;
}

static void lone_failed(void *data, CURL *easy) {
  (void)data, (void)easy;
  fail();
}

static void lone_closed(void *data) {
  (void)data;
}

/* Whether it was about to connect to what it must not. */
static bool is_barred(struct request_common common) {
  struct lone lone = {0};
  const struct curl_loop_calls calls = {lone_worked, lone_failed, lone_closed, &lone};
  struct arena arena = {0};
  union address address;
  assert_int_equal(address_parse(SPAN("127.0.3.1"), stage.port, &address), ERR_NONE);
  assert_int_equal(curl_loop_new(&lone.curl_loop, &stage.loop, common.tls, &calls), ERR_NONE);
  assert_int_equal(loop_clock_new(&common.clock, &stage.loop, uv_hrtime), ERR_NONE);
  common.curl_loop = lone.curl_loop;
  common.user_agent = "test";
  common.policy_size_max = BODY_MAX;
  struct request *request = request_new(&common);
  assert_non_null(request);
  assert_int_equal(request_start(request, SPAN(HOST), (struct span){0}, &address, &arena),
                   ERR_NONE);
  while (!lone.done) uv_run(&stage.loop, UV_RUN_ONCE);
  bool barred = request->outcome.barred;
  request_free(request);
  curl_loop_close(lone.curl_loop);
  loop_clock_close(common.clock);
  uv_run(&stage.loop, UV_RUN_NOWAIT);
  arena_free(&arena);
  return barred;
}

/* The request asks for itself, whatever the plan of addresses said. */
static void test_last_gate(void **state) {
  (void)state;
  struct block_list *block = block_list_of("127.0.3.0/24\n"),
                    *other = block_list_of("127.0.4.0/24\n");
  struct request_common common = {.trust = X509_STORE_new(), .tls = tls_new()};
  struct server server;
  start_server(&server, &rows[0].script, "127.0.3.1");
  assert_true(is_barred(common));
  common.filter.allow_private = true;
  common.filter.block = block;
  assert_true(is_barred(common));
  common.filter.block = other;
  assert_false(is_barred(common));
  server_end(&server);
  assert_int_equal(server.connections, 1);
  X509_STORE_free(common.trust);
  SSL_CTX_free(common.tls);
  block_list_free(block);
  block_list_free(other);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fetcher, close_fetcher)
  signal(SIGPIPE, SIG_IGN);
  const struct CMUnitTest tests[] = {TEST(test_rows),           TEST(test_request),
                                     TEST(test_facts),          TEST(test_nothing_is_left),
                                     TEST(test_several_values), TEST(test_last_gate)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
