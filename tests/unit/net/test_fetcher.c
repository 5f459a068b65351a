#include "scanner/net/fetcher.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "tests/unit/net/peer_server.h"

#define HOST "mta-sts.example.test"

enum { BODY_MAX = 2000, CONNECT_MS = 1000, TIMEOUT_MS = 4000, CODES_MAX = 4 };

#define OK(headers, body) "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" headers "\r\n" body
#define POLICY            "version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n"
#define POLICY_SIZE       44
#define SAY(literal)                                                                               \
  { literal, sizeof(literal) - 1 }
#define ALERT(number) "\x15\x03\x01\x00\x02\x02" number
#define TEN           "0123456789"
#define HUNDRED       TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define THOUSAND      HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
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
     .codes = {FOUND_POLICY_TCP_RESET}},
    {.what = "reset in the handshake",
     .script = {.until = UNTIL_HELLO, .then = THEN_RESET},
     .codes = {FOUND_POLICY_TCP_RESET},
     .detail = "in the TLS handshake"},
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

/* Everything that the runs has in common. */
struct stage {
  struct certificate root, good, other, itself;
  char ca_file[32];
  uint16_t port;
  uv_loop_t loop;
  struct fetcher_config config;
  struct fetcher *fetcher;
  unsigned done;
};

static struct stage stage;

struct run {
  struct fetch fetch;
  struct faults faults;
  struct arena arena;
  union address addresses[2 * FETCHER_ADDRESS_MAX + 1];
  bool done;
};

static void on_done(struct fetch *fetch) {
  struct run *run = fetch->data;
  assert_false(run->done);
  run->done = true;
  stage.done++;
}

static void add_address(struct run *run, const char *ip) {
  size_t at = run->fetch.address_count++;
  assert_int_equal(address_parse(span_of(ip), 1, &run->addresses[at]), ERR_NONE);
}

static void run_init(struct run *run) {
  *run = (struct run){0};
  run->faults.arena = &run->arena;
  run->fetch = (struct fetch){.host = SPAN(HOST),
                              .addresses = run->addresses,
                              .faults = &run->faults,
                              .done = on_done,
                              .data = run};
}

static void run_until(unsigned done) {
  while (stage.done < done) uv_run(&stage.loop, UV_RUN_ONCE);
}

static int set_up(void **state) {
  (void)state;
  struct certificate_wish ca = {.cn = "Root", .ca = true};
  struct certificate_wish good = {.cn = "any", .san = "DNS:" HOST};
  struct certificate_wish other = {.cn = "any", .san = "DNS:other.test"};
  stage.root = certificate_make(&ca, NULL);
  stage.good = certificate_make(&good, &stage.root);
  stage.other = certificate_make(&other, &stage.root);
  stage.itself = certificate_make(&good, NULL);
  strcpy(stage.ca_file, "/tmp/test_fetcher.XXXXXX");
  FILE *file = fdopen(mkstemp(stage.ca_file), "w");
  PEM_write_X509(file, stage.root.x509);
  fclose(file);
  int fd = server_bind("127.0.0.1", &stage.port, 1);
  close(fd);
  stage.config = (struct fetcher_config){.ca_file = stage.ca_file,
                                         .user_agent = "test (+https://scan.test)",
                                         .port = stage.port,
                                         .connect_timeout_ms = CONNECT_MS,
                                         .timeout_ms = TIMEOUT_MS,
                                         .policy_size_max = BODY_MAX,
                                         .in_flight_max = FETCHER_IN_FLIGHT_MAX,
                                         .allow_private = true};
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  unlink(stage.ca_file);
  certificate_free(&stage.root);
  certificate_free(&stage.good);
  certificate_free(&stage.other);
  certificate_free(&stage.itself);
  return 0;
}

static int open_fetcher(void **state) {
  (void)state;
  stage.done = 0;
  assert_int_equal(uv_loop_init(&stage.loop), 0);
  assert_int_equal(fetcher_new(&stage.fetcher, &stage.loop, &stage.config, NULL), ERR_NONE);
  return 0;
}

static void close_loop(void) {
  uv_run(&stage.loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&stage.loop), 0);
}

static int close_fetcher(void **state) {
  (void)state;
  if (stage.fetcher) fetcher_close(stage.fetcher);
  stage.fetcher = NULL;
  close_loop();
  return 0;
}

/* A listener whose queue is full: what comes gets no answer. */
struct deaf {
  int fd, clients[4];
};

static void deaf_open(struct deaf *deaf, const char *ip) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(stage.port)};
  inet_pton(AF_INET, ip, &at.sin_addr);
  deaf->fd = server_bind(ip, &stage.port, 0);
  for (size_t i = 0; i < 4; i++) {
    deaf->clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    connect(deaf->clients[i], (struct sockaddr *)&at, sizeof at);
  }
}

static void deaf_close(struct deaf *deaf) {
  close(deaf->fd);
  for (size_t i = 0; i < 4; i++) close(deaf->clients[i]);
}

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
  const struct finding *f = run->faults.first, *last = f;
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
  if (result->attempt_count != attempts) wrong(row, "%zu attempts", result->attempt_count);
  enum finding_code code = row->codes[0] ? row->codes[0] : FOUND_COUNT;
  if (result->attempts[attempts - 1].code != code) wrong(row, "the attempt's code");
  if (result->has_trusted && result->trusted != !(row->other_name || row->self_signed))
    wrong(row, "trusted is %d", result->trusted);
}

static void check_first_attempt(const struct row *row, const struct run *run) {
  static const enum finding_code codes[] = {[REFUSING] = FOUND_POLICY_TCP_REFUSED,
                                            [NOT_ROUTED] = FOUND_POLICY_TCP_UNREACHABLE,
                                            [FULL] = FOUND_POLICY_TCP_TIMEOUT};
  if (row->before && run->fetch.result.attempts[0].code != codes[row->before])
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

static const struct script sound = {.answer = SAY(OK("Content-Length: 44\r\n", POLICY))};
static const struct script silent = {.until = UNTIL_REQUEST, .then = THEN_SILENCE};

static void start_server(struct server *server, const struct script *script, const char *ip) {
  *server = (struct server){.script = script, .certificate = &stage.good};
  server_start(server, ip, &stage.port);
}

static void start_fetch(struct run *run, const char *ip) {
  run_init(run);
  add_address(run, ip);
  assert_int_equal(fetcher_start(stage.fetcher, &run->fetch), ERR_NONE);
}

static void check_sound(const struct run *run) {
  assert_true(run->done);
  assert_int_equal(run->fetch.err, ERR_NONE);
  assert_null(run->faults.first);
  assert_true(run->fetch.has_body);
}

static void reopen_fetcher(const struct fetcher_config *config) {
  close_fetcher(NULL);
  assert_int_equal(uv_loop_init(&stage.loop), 0);
  assert_int_equal(fetcher_new(&stage.fetcher, &stage.loop, config, NULL), ERR_NONE);
}

/* Whatever the environment says of proxies. */
static void test_request(void **state) {
  (void)state;
  struct server server;
  struct run run;
  setenv("https_proxy", "http://127.0.0.1:1", 1);
  setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
  start_server(&server, &sound, "127.0.3.1");
  start_fetch(&run, "127.0.3.1");
  run_until(1);
  unsetenv("https_proxy");
  unsetenv("ALL_PROXY");
  server_end(&server);
  check_sound(&run);
  static const char first[] = "GET /.well-known/mta-sts.txt HTTP/1.1\r\n";
  assert_int_equal(strncmp(server.request, first, sizeof first - 1), 0);
  assert_non_null(strstr(server.request, "\r\nHost: " HOST "\r\n"));
  assert_non_null(strstr(server.request, "\r\nUser-Agent: test (+https://scan.test)\r\n"));
  assert_null(strcasestr(server.request, "Accept-Encoding"));
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
  assert_int_equal(run.faults.first->http_status, 302);
  arena_free(&run.arena);
}

/* No more at once than allowed, and none lost. */
static void test_many(void **state) {
  (void)state;
  enum { MANY = 50, AT_ONCE = 3 };
  static struct run runs[MANY];
  struct fetcher_config config = stage.config;
  struct server server;
  config.in_flight_max = AT_ONCE;
  reopen_fetcher(&config);
  start_server(&server, &sound, "127.0.3.1");
  for (size_t i = 0; i < MANY; i++) start_fetch(&runs[i], "127.0.3.1");
  assert_int_equal(fetcher_waiting(stage.fetcher), MANY);
  while (stage.done < MANY) {
    uv_run(&stage.loop, UV_RUN_ONCE);
    assert_true(fetcher_in_flight(stage.fetcher) <= AT_ONCE);
  }
  assert_int_equal(fetcher_in_flight(stage.fetcher), 0);
  server_end(&server);
  assert_int_equal(server.connections, MANY);
  for (size_t i = 0; i < MANY; i++) {
    check_sound(&runs[i]);
    arena_free(&runs[i].arena);
  }
}

/* Those before a busy address do not hold up the others. */
static void test_gates(void **state) {
  (void)state;
  struct fetcher_config config = stage.config;
  struct server busy, idle;
  struct run runs[4];
  assert_int_equal(gates_new(&config.gates, 1, 0), ERR_NONE);
  reopen_fetcher(&config);
  start_server(&busy, &silent, "127.0.3.1");
  start_server(&idle, &sound, "127.0.3.2");
  for (size_t i = 0; i < 3; i++) start_fetch(&runs[i], "127.0.3.1");
  start_fetch(&runs[3], "127.0.3.2");
  run_until(1);
  check_sound(&runs[3]);
  assert_int_equal(fetcher_in_flight(stage.fetcher), 1);
  assert_int_equal(fetcher_waiting(stage.fetcher), 2);
  assert_int_equal(gates_count(config.gates), 1);
  fetcher_cancel(stage.fetcher, &runs[0].fetch);
  while (fetcher_waiting(stage.fetcher) == 2) uv_run(&stage.loop, UV_RUN_ONCE);
  assert_int_equal(fetcher_in_flight(stage.fetcher), 1);
  fetcher_close(stage.fetcher);
  stage.fetcher = NULL;
  uv_run(&stage.loop, UV_RUN_DEFAULT);
  assert_int_equal(gates_count(config.gates), 0);
  server_end(&busy);
  server_end(&idle);
  gates_free(config.gates);
  for (size_t i = 0; i < 4; i++) arena_free(&runs[i].arena);
}

static void test_pace(void **state) {
  (void)state;
  struct fetcher_config config = stage.config;
  struct server server;
  struct run runs[5];
  assert_int_equal(pace_new(&config.pace, 50), ERR_NONE);
  reopen_fetcher(&config);
  start_server(&server, &sound, "127.0.3.1");
  for (size_t i = 0; i < 5; i++) start_fetch(&runs[i], "127.0.3.1");
  run_until(5);
  server_end(&server);
  for (size_t i = 0; i < 5; i++) {
    check_sound(&runs[i]);
    arena_free(&runs[i].arena);
  }
  close_fetcher(NULL);
  pace_free(config.pace);
  assert_int_equal(uv_loop_init(&stage.loop), 0);
}

/* Before its callback, while it runs, while it waits, and twice. */
static void test_cancel(void **state) {
  (void)state;
  struct fetcher_config config = stage.config;
  struct server server;
  struct run runs[3];
  config.in_flight_max = 1;
  reopen_fetcher(&config);
  start_server(&server, &silent, "127.0.3.1");
  for (size_t i = 0; i < 3; i++) start_fetch(&runs[i], "127.0.3.1");
  while (fetcher_in_flight(stage.fetcher) == 0) uv_run(&stage.loop, UV_RUN_ONCE);
  fetcher_cancel(stage.fetcher, &runs[1].fetch);
  fetcher_cancel(stage.fetcher, &runs[1].fetch);
  assert_int_equal(fetcher_waiting(stage.fetcher), 1);
  fetcher_cancel(stage.fetcher, &runs[0].fetch);
  assert_int_equal(fetcher_in_flight(stage.fetcher), 0);
  while (fetcher_in_flight(stage.fetcher) == 0) uv_run(&stage.loop, UV_RUN_ONCE);
  fetcher_cancel(stage.fetcher, &runs[2].fetch);
  assert_int_equal(stage.done, 0);
  server_end(&server);
  for (size_t i = 0; i < 3; i++) arena_free(&runs[i].arena);
}

static void test_close_in_flight(void **state) {
  (void)state;
  struct fetcher_config config = stage.config;
  struct server server;
  struct run runs[3];
  config.in_flight_max = 2;
  reopen_fetcher(&config);
  start_server(&server, &silent, "127.0.3.1");
  for (size_t i = 0; i < 3; i++) start_fetch(&runs[i], "127.0.3.1");
  while (fetcher_in_flight(stage.fetcher) < 2) uv_run(&stage.loop, UV_RUN_ONCE);
  for (size_t i = 0; i < 20; i++) uv_run(&stage.loop, UV_RUN_NOWAIT);
  close_fetcher(NULL);
  assert_int_equal(uv_loop_init(&stage.loop), 0);
  assert_int_equal(stage.done, 0);
  server_end(&server);
  for (size_t i = 0; i < 3; i++) arena_free(&runs[i].arena);
}

static struct run next_run;

static void on_done_start(struct fetch *fetch) {
  on_done(fetch);
  start_fetch(&next_run, "127.0.3.1");
  assert_false(next_run.done);
}

static void on_done_close(struct fetch *fetch) {
  on_done(fetch);
  fetcher_close(stage.fetcher);
  stage.fetcher = NULL;
}

/* A callback may start another, and close. */
static void test_calls_in_done(void **state) {
  (void)state;
  struct server server;
  struct run run;
  start_server(&server, &sound, "127.0.3.1");
  run_init(&run);
  run.fetch.done = on_done_start;
  add_address(&run, "127.0.3.1");
  assert_int_equal(fetcher_start(stage.fetcher, &run.fetch), ERR_NONE);
  run_until(1);
  next_run.fetch.done = on_done_close;
  run_until(2);
  check_sound(&run);
  check_sound(&next_run);
  server_end(&server);
  arena_free(&run.arena);
  arena_free(&next_run.arena);
}

static struct block *block_of(const char *text) {
  char path[] = "/tmp/test_fetcher.XXXXXX";
  struct block *block = NULL;
  unsigned line;
  int fd = mkstemp(path);
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  close(fd);
  assert_int_equal(block_load(&block, path, &line), ERR_NONE);
  unlink(path);
  return block;
}

/* What must not be contacted is not, and the others are. */
static void test_barred(void **state) {
  (void)state;
  struct fetcher_config config = stage.config;
  struct block *block = block_of("127.0.3.0/24\n");
  struct server barred, open;
  struct run all, some;
  start_server(&barred, &sound, "127.0.3.1");
  start_server(&open, &sound, "127.0.5.1");
  config.block = block;
  reopen_fetcher(&config);
  start_fetch(&all, "127.0.3.1");
  assert_false(all.done);
  run_init(&some);
  add_address(&some, "127.0.3.1");
  add_address(&some, "127.0.5.1");
  assert_int_equal(fetcher_start(stage.fetcher, &some.fetch), ERR_NONE);
  run_until(2);
  check_sound(&some);
  assert_int_equal(some.fetch.result.attempt_count, 1);
  assert_int_equal(all.faults.first->code, FOUND_POLICY_ADDRESS_NOT_PUBLIC);
  assert_string_equal(all.faults.first->detail.ptr, "127.0.3.1 is on the block list");
  assert_false(all.fetch.result.asked || all.fetch.has_body);
  arena_free(&all.arena);
  config.allow_private = false;
  reopen_fetcher(&config);
  run_init(&all);
  add_address(&all, "127.0.5.1");
  add_address(&all, "127.0.3.1");
  assert_int_equal(fetcher_start(stage.fetcher, &all.fetch), ERR_NONE);
  run_until(3);
  assert_string_equal(all.faults.first->detail.ptr,
                      "127.0.5.1 is not public, 127.0.3.1 is on the block list");
  server_end(&barred);
  server_end(&open);
  assert_int_equal(barred.connections, 0);
  assert_int_equal(open.connections, 1);
  arena_free(&all.arena);
  arena_free(&some.arena);
  block_free(block);
}

/* Silence leaves each address its share of the time. */
static void test_shares(void **state) {
  (void)state;
  struct server first, second, third;
  struct run run;
  start_server(&first, &silent, "127.0.3.1");
  start_server(&second, &silent, "127.0.3.2");
  start_server(&third, &sound, "127.0.3.3");
  run_init(&run);
  add_address(&run, "127.0.3.1");
  add_address(&run, "127.0.3.2");
  add_address(&run, "127.0.3.3");
  assert_int_equal(fetcher_start(stage.fetcher, &run.fetch), ERR_NONE);
  run_until(1);
  check_sound(&run);
  assert_int_equal(run.fetch.result.attempt_count, 3);
  assert_int_equal(run.fetch.result.attempts[0].code, FOUND_POLICY_HTTP_TIMEOUT);
  assert_int_equal(run.fetch.result.attempts[1].code, FOUND_POLICY_HTTP_TIMEOUT);
  assert_int_equal(run.fetch.result.attempts[2].code, FOUND_COUNT);
  assert_true(span_equal(run.fetch.result.attempts[2].address, SPAN("127.0.3.3")));
  server_end(&first);
  server_end(&second);
  server_end(&third);
  arena_free(&run.arena);
}

/* The furthest attempt counts, though it was not the last. */
static void test_furthest(void **state) {
  (void)state;
  static const struct script broken = {.until = UNTIL_REQUEST, .then = THEN_RESET};
  struct server server;
  struct run run;
  start_server(&server, &broken, "127.0.3.1");
  run_init(&run);
  add_address(&run, "127.0.3.1");
  add_address(&run, "127.0.4.1");
  assert_int_equal(fetcher_start(stage.fetcher, &run.fetch), ERR_NONE);
  run_until(1);
  assert_int_equal(run.fetch.result.attempt_count, 2);
  assert_int_equal(run.fetch.result.attempts[1].code, FOUND_POLICY_TCP_REFUSED);
  assert_true(span_equal(run.fetch.result.address, SPAN("127.0.3.1")));
  assert_int_equal(run.faults.first->code, FOUND_POLICY_TCP_RESET);
  assert_null(run.faults.first->next);
  assert_true(run.fetch.certificate.here);
  server_end(&server);
  arena_free(&run.arena);
}

/* One handle for all: nothing of a fetch shows in the next. */
static void test_reuse(void **state) {
  (void)state;
  static const struct script scripts[] = {
      {.until = UNTIL_HELLO, .then = THEN_RESET},
      {.until = UNTIL_HELLO},
      {.answer = SAY("HTTP/1.1 301 Moved\r\nLocation: /x\r\nX: " THOUSAND THOUSAND THOUSAND THOUSAND
                     "\r\n\r\nabc")},
      {.answer = SAY("ab")},
      {.answer = SAY(OK("Content-Length: 44\r\n", POLICY))},
  };
  static const enum finding_code codes[] = {FOUND_POLICY_TCP_RESET, FOUND_POLICY_TLS_CLOSED,
                                            FOUND_POLICY_HTTP_REDIRECT, FOUND_POLICY_HTTP_INVALID,
                                            FOUND_COUNT};
  struct fetcher_config config = stage.config;
  config.in_flight_max = 1;
  reopen_fetcher(&config);
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    struct server server;
    struct run run;
    start_server(&server, &scripts[i], "127.0.3.1");
    start_fetch(&run, "127.0.3.1");
    run_until((unsigned)i + 1);
    assert_int_equal(run.faults.first ? run.faults.first->code : FOUND_COUNT, codes[i]);
    assert_int_equal(span_here(run.fetch.result.location), codes[i] == FOUND_POLICY_HTTP_REDIRECT);
    assert_int_equal(run.fetch.certificate.here, i > 1);
    server_end(&server);
    arena_free(&run.arena);
  }
}

static void test_limits(void **state) {
  (void)state;
  static char long_host[255];
  struct run run;
  memset(long_host, 'a', sizeof long_host);
  run_init(&run);
  assert_int_equal(fetcher_start(stage.fetcher, &run.fetch), ERR_LIMIT);
  for (size_t i = 0; i < 2 * FETCHER_ADDRESS_MAX; i++) add_address(&run, "127.0.4.1");
  run.fetch.host = (struct span){long_host, 254};
  assert_int_equal(fetcher_start(stage.fetcher, &run.fetch), ERR_LIMIT);
  run.fetch.host.len = 253;
  assert_int_equal(fetcher_start(stage.fetcher, &run.fetch), ERR_NONE);
  run_until(1);
  assert_int_equal(run.fetch.result.attempt_count, 2 * FETCHER_ADDRESS_MAX);
  assert_int_equal(run.faults.first->code, FOUND_POLICY_TCP_REFUSED);
  add_address(&run, "127.0.4.1");
  assert_int_equal(fetcher_start(stage.fetcher, &run.fetch), ERR_LIMIT);
  arena_free(&run.arena);
}

static void test_bad_ca_file(void **state) {
  (void)state;
  struct fetcher_config config = stage.config;
  struct fetcher *fetcher = NULL;
  const char *why = NULL;
  config.ca_file = "/dev/null";
  assert_int_equal(fetcher_new(&fetcher, &stage.loop, &config, &why), ERR_LIBRARY);
  assert_string_equal(why, "the CA file holds no certificate");
  assert_int_equal(fetcher_new(&fetcher, &stage.loop, &config, NULL), ERR_LIBRARY);
  assert_null(fetcher);
}

/* No memory for what a fetch brings: that says nothing about the host. */
static void test_no_memory(void **state) {
  (void)state;
  struct server server;
  struct run run;
  start_server(&server, &sound, "127.0.3.1");
  run_init(&run);
  run.arena.limit = ARENA_CHUNK_SIZE;
  add_address(&run, "127.0.3.1");
  assert_int_equal(fetcher_start(stage.fetcher, &run.fetch), ERR_NONE);
  arena_alloc(&run.arena, run.arena.left - 64);
  run_until(1);
  assert_int_equal(run.fetch.err, ERR_LIMIT);
  assert_null(run.faults.first);
  arena_free(&run.arena);
  run_init(&run);
  run.arena.limit = 1;
  add_address(&run, "127.0.3.1");
  assert_int_equal(fetcher_start(stage.fetcher, &run.fetch), ERR_LIMIT);
  server_end(&server);
}

enum { FILES_MAX = 64 };

static int files[FILES_MAX];
static struct rlimit file_limit;

/* Takes every descriptor there is. */
static void files_take(void) {
  struct rlimit low;
  getrlimit(RLIMIT_NOFILE, &file_limit);
  low = file_limit;
  low.rlim_cur = FILES_MAX;
  setrlimit(RLIMIT_NOFILE, &low);
  for (size_t i = 0; i < FILES_MAX; i++) files[i] = dup(STDERR_FILENO);
}

static void files_give(uv_timer_t *timer) {
  for (size_t i = 0; i < FILES_MAX; i++)
    if (files[i] >= 0) close(files[i]);
  setrlimit(RLIMIT_NOFILE, &file_limit);
  if (timer) uv_close((uv_handle_t *)timer, NULL);
}

/* No descriptor left is no fault of the host: the fetch waits for one, though not for ever. */
static void test_no_descriptors(void **state) {
  (void)state;
  struct server server;
  struct run run;
  uv_timer_t timer;
  start_server(&server, &sound, "127.0.3.1");
  uv_timer_init(&stage.loop, &timer);
  uv_timer_start(&timer, files_give, 250, 0);
  uv_run(&stage.loop, UV_RUN_NOWAIT);
  files_take();
  start_fetch(&run, "127.0.3.1");
  run_until(1);
  check_sound(&run);
  assert_int_equal(run.fetch.result.attempt_count, 1);
  arena_free(&run.arena);
  files_take();
  start_fetch(&run, "127.0.3.1");
  run_until(2);
  files_give(NULL);
  assert_int_equal(run.fetch.err, ERR_IO);
  assert_null(run.faults.first);
  arena_free(&run.arena);
  server_end(&server);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fetcher, close_fetcher)
  signal(SIGPIPE, SIG_IGN);
  const struct CMUnitTest tests[] = {
      TEST(test_rows),      TEST(test_request),        TEST(test_facts),
      TEST(test_many),      TEST(test_gates),          TEST(test_pace),
      TEST(test_cancel),    TEST(test_barred),         TEST(test_close_in_flight),
      TEST(test_shares),    TEST(test_furthest),       TEST(test_calls_in_done),
      TEST(test_reuse),     TEST(test_limits),         TEST(test_bad_ca_file),
      TEST(test_no_memory), TEST(test_no_descriptors),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
