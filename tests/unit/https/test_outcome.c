#include "scanner/https/outcome.h"
#include <errno.h>
#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define SSL_REASON(reason) ERR_PACK(ERR_LIB_SSL, 0, reason)
#define CLOSED                                                                                     \
  { .alert = HANDSHAKE_NO_ALERT, .alert_sent = HANDSHAKE_NO_ALERT }
#define FINISHED                                                                                   \
  { .finished = true, .alert = HANDSHAKE_NO_ALERT, .alert_sent = HANDSHAKE_NO_ALERT }

enum { HEADERS_MAX = 1000, BODY_MAX = 2000 };

struct row {
  const char *what;
  struct outcome outcome;
  enum finding_code code;
  bool next;
  const char *detail; /* part of it */
};

static const struct row rows[] = {
    {.what = "sound",
     .outcome = {.step = OUTCOME_BODY, .http_status = 200, .handshake = FINISHED},
     .code = FOUND_COUNT},
    {.what = "a body without a status, as after a 101",
     .outcome = {.step = OUTCOME_BODY, .handshake = FINISHED},
     .code = FOUND_POLICY_HTTP_INVALID},
    {.what = "closed before a status",
     .outcome = {.result = CURLE_GOT_NOTHING, .step = OUTCOME_ASKING, .handshake = FINISHED},
     .code = FOUND_POLICY_HTTP_INVALID,
     .detail = "the connection was closed before the HTTP status"},
    {.what = "another protocol",
     .outcome = {.result = CURLE_WRITE_ERROR,
                 .step = OUTCOME_ASKING,
                 .headless = true,
                 .handshake = FINISHED},
     .code = FOUND_POLICY_HTTP_INVALID,
     .detail = "192.0.2.7:443: no HTTP answer that can be read"},
    {.what = "HTTP/2",
     .outcome = {.result = CURLE_WRITE_ERROR,
                 .step = OUTCOME_ASKING,
                 .headless = true,
                 .http_2 = true,
                 .handshake = FINISHED},
     .code = FOUND_POLICY_HTTP_INVALID,
     .detail = "192.0.2.7:443: the server speaks HTTP/2"},
    {.what = "no secure renegotiation",
     .outcome = {.result = CURLE_SSL_CONNECT_ERROR,
                 .step = OUTCOME_SHAKING_HANDS,
                 .handshake = {.alert = HANDSHAKE_NO_ALERT,
                               .alert_sent = SSL_AD_HANDSHAKE_FAILURE,
                               .reason = SSL_REASON(SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED)}},
     .code = FOUND_POLICY_TLS_PROTOCOL,
     .next = true,
     .detail = "secure renegotiation (RFC 5746)"},
    {.what = "refused",
     .outcome = {.result = CURLE_COULDNT_CONNECT, .os_errno = ECONNREFUSED},
     .code = FOUND_POLICY_TCP_REFUSED,
     .next = true,
     .detail = "192.0.2.7:443: the connection was refused (Connection refused)"},
    {.what = "the kernel's timeout",
     .outcome = {.result = CURLE_COULDNT_CONNECT, .os_errno = ETIMEDOUT},
     .code = FOUND_POLICY_TCP_TIMEOUT,
     .next = true},
    {.what = "no route",
     .outcome = {.result = CURLE_COULDNT_CONNECT, .os_errno = EHOSTUNREACH},
     .code = FOUND_POLICY_TCP_UNREACHABLE,
     .next = true},
    {.what = "no network",
     .outcome = {.result = CURLE_COULDNT_CONNECT, .os_errno = ENETUNREACH},
     .code = FOUND_POLICY_TCP_UNREACHABLE,
     .next = true},
    {.what = "forbidden by a firewall here",
     .outcome = {.result = CURLE_COULDNT_CONNECT, .os_errno = EPERM},
     .code = FOUND_POLICY_TCP_UNREACHABLE,
     .next = true},
    {.what = "no IPv6 here",
     .outcome = {.result = CURLE_COULDNT_CONNECT, .socket_errno = EAFNOSUPPORT},
     .code = FOUND_POLICY_TCP_UNREACHABLE,
     .next = true,
     .detail = "(Address family not supported by protocol)"},
    {.what = "another address",
     .outcome = {.result = CURLE_COULDNT_CONNECT, .barred = true},
     .code = FOUND_POLICY_ADDRESS_NOT_PUBLIC},
    {.what = "late to connect",
     .outcome = {.late = true},
     .code = FOUND_POLICY_TCP_TIMEOUT,
     .next = true},
    {.what = "late to connect, by libcurl's clock",
     .outcome = {.result = CURLE_OPERATION_TIMEDOUT},
     .code = FOUND_POLICY_TCP_TIMEOUT,
     .next = true},
    {.what = "late in the handshake, by libcurl's clock",
     .outcome = {.result = CURLE_OPERATION_TIMEDOUT,
                 .step = OUTCOME_SHAKING_HANDS,
                 .handshake = CLOSED},
     .code = FOUND_POLICY_TLS_TIMEOUT,
     .next = true},
    {.what = "late in the handshake",
     .outcome = {.late = true, .step = OUTCOME_SHAKING_HANDS, .handshake = CLOSED},
     .code = FOUND_POLICY_TLS_TIMEOUT,
     .next = true},
    {.what = "late with the status",
     .outcome = {.late = true, .step = OUTCOME_ASKING, .handshake = FINISHED},
     .code = FOUND_POLICY_HTTP_TIMEOUT,
     .next = true,
     .detail = "before the HTTP status"},
    {.what = "late with the header",
     .outcome = {.late = true, .step = OUTCOME_HEADERS, .handshake = FINISHED},
     .code = FOUND_POLICY_HTTP_TIMEOUT},
    {.what = "late with the body",
     .outcome = {.late = true, .step = OUTCOME_BODY, .http_status = 200, .handshake = FINISHED},
     .code = FOUND_POLICY_HTTP_TIMEOUT},
    {.what = "late with the body of a 404",
     .outcome = {.late = true, .step = OUTCOME_BODY, .http_status = 404, .handshake = FINISHED},
     .code = FOUND_POLICY_HTTP_STATUS},
    {.what = "reset in the handshake",
     .outcome = {.result = CURLE_SSL_CONNECT_ERROR,
                 .os_errno = ECONNRESET,
                 .step = OUTCOME_SHAKING_HANDS,
                 .handshake = CLOSED},
     .code = FOUND_POLICY_TCP_RESET,
     .next = true,
     .detail = "reset in the TLS handshake"},
    {.what = "reset in the body",
     .outcome = {.result = CURLE_RECV_ERROR,
                 .os_errno = EPIPE,
                 .step = OUTCOME_BODY,
                 .http_status = 200,
                 .handshake = FINISHED},
     .code = FOUND_POLICY_TCP_RESET,
     .next = true},
    {.what = "closed in the handshake",
     .outcome = {.result = CURLE_SSL_CONNECT_ERROR,
                 .step = OUTCOME_SHAKING_HANDS,
                 .handshake = CLOSED},
     .code = FOUND_POLICY_TLS_CLOSED,
     .next = true},
    {.what = "closed in the handshake, as OpenSSL 3 says it",
     .outcome = {.result = CURLE_SSL_CONNECT_ERROR,
                 .step = OUTCOME_SHAKING_HANDS,
                 .handshake = {.alert = HANDSHAKE_NO_ALERT,
                               .reason = SSL_REASON(SSL_R_UNEXPECTED_EOF_WHILE_READING)}},
     .code = FOUND_POLICY_TLS_CLOSED,
     .next = true},
    {.what = "a cipher that was not offered",
     .outcome = {.result = CURLE_SSL_CONNECT_ERROR,
                 .step = OUTCOME_SHAKING_HANDS,
                 .handshake = {.answered = true,
                               .alert = HANDSHAKE_NO_ALERT,
                               .alert_sent = SSL_AD_ILLEGAL_PARAMETER,
                               .reason = SSL_REASON(SSL_R_WRONG_CIPHER_RETURNED)}},
     .code = FOUND_POLICY_TLS_PROTOCOL,
     .next = true},
    {.what = "a certificate that cannot be parsed",
     .outcome = {.result = CURLE_SSL_CONNECT_ERROR,
                 .step = OUTCOME_SHAKING_HANDS,
                 .handshake = {.answered = true,
                               .alert = HANDSHAKE_NO_ALERT,
                               .alert_sent = SSL_AD_BAD_CERTIFICATE,
                               .reason = SSL_REASON(SSL_R_BAD_LENGTH)}},
     .code = FOUND_POLICY_TLS_CERT_INVALID},
    {.what = "an alert with a name",
     .outcome = {.result = CURLE_SSL_CONNECT_ERROR,
                 .step = OUTCOME_SHAKING_HANDS,
                 .handshake = {.alert = SSL_AD_UNRECOGNIZED_NAME,
                               .alert_sent = HANDSHAKE_NO_ALERT}},
     .code = FOUND_POLICY_TLS_ALERT,
     .next = true,
     .detail = "TLS alert unrecognized_name"},
    {.what = "nothing",
     .outcome = {.result = CURLE_GOT_NOTHING, .step = OUTCOME_ASKING, .handshake = FINISHED},
     .code = FOUND_POLICY_HTTP_INVALID},
    {.what = "less than announced",
     .outcome = {.result = CURLE_PARTIAL_FILE,
                 .step = OUTCOME_BODY,
                 .http_status = 200,
                 .bytes = 7,
                 .handshake = FINISHED},
     .code = FOUND_POLICY_HTTP_TRUNCATED,
     .detail = "after 7 bytes"},
    {.what = "too much",
     .outcome = {.result = CURLE_WRITE_ERROR,
                 .step = OUTCOME_BODY,
                 .http_status = 200,
                 .over_body = true,
                 .handshake = FINISHED},
     .code = FOUND_POLICY_HTTP_TOO_LARGE,
     .detail = "larger than 2000 bytes"},
    {.what = "too much of a redirect",
     .outcome = {.result = CURLE_WRITE_ERROR,
                 .step = OUTCOME_BODY,
                 .http_status = 302,
                 .over_body = true,
                 .handshake = FINISHED},
     .code = FOUND_POLICY_HTTP_REDIRECT},
    {.what = "a header line longer than libcurl takes",
     .outcome = {.result = CURLE_OUT_OF_MEMORY,
                 .step = OUTCOME_HEADERS,
                 .handshake = {.finished = true,
                               .alert = HANDSHAKE_NO_ALERT,
                               .alert_sent = HANDSHAKE_NO_ALERT,
                               .received_bytes = HEADERS_MAX + 1}},
     .code = FOUND_POLICY_HTTP_INVALID,
     .detail = "larger than 1000 bytes"},
    {.what = "more records in the handshake than may come",
     .outcome = {.result = CURLE_SSL_CONNECT_ERROR,
                 .step = OUTCOME_SHAKING_HANDS,
                 .handshake = {.alert = HANDSHAKE_NO_ALERT,
                               .alert_sent = HANDSHAKE_NO_ALERT,
                               .budget = {.limit = {9, 2003, 9}, .spent = {9, 2004, 9}}}},
     .code = FOUND_POLICY_TLS_PROTOCOL,
     .detail = "192.0.2.7:443: more than 2003 TLS records in the TLS handshake, the limit for one "
               "connection"},
    {.what = "more octets in the body than may come, although it is whole",
     .outcome = {.step = OUTCOME_BODY,
                 .http_status = 200,
                 .handshake = {.finished = true,
                               .alert = HANDSHAKE_NO_ALERT,
                               .budget = {.limit = {99}, .spent = {100}}}},
     .code = FOUND_POLICY_HTTP_INVALID,
     .detail = "more than 99 octets in the HTTP body"},
    {.what = "all records that may come, and silence",
     .outcome = {.late = true,
                 .step = OUTCOME_ASKING,
                 .handshake = {.finished = true,
                               .alert = HANDSHAKE_NO_ALERT,
                               .budget = {.limit = {0, 2003, 0}, .spent = {0, 2003, 0}}}},
     .code = FOUND_POLICY_HTTP_TIMEOUT},
    {.what = "as many records as another address is worth, and silence",
     .outcome = {.late = true,
                 .step = OUTCOME_ASKING,
                 .handshake = {.finished = true,
                               .alert = HANDSHAKE_NO_ALERT,
                               .budget = {.limit = {0, 2003, 0},
                                          .spent = {0, BUDGET_RECORDS_FEW, 0}}}},
     .code = FOUND_POLICY_HTTP_TIMEOUT,
     .next = true},
    {.what = "one more than that",
     .outcome = {.late = true,
                 .step = OUTCOME_ASKING,
                 .handshake = {.finished = true,
                               .alert = HANDSHAKE_NO_ALERT,
                               .budget = {.limit = {0, 2003, 0},
                                          .spent = {0, BUDGET_RECORDS_FEW + 1, 0}}}},
     .code = FOUND_POLICY_HTTP_TIMEOUT},
    {.what = "too large a group",
     .outcome = {.result = CURLE_SSL_CONNECT_ERROR,
                 .step = OUTCOME_SHAKING_HANDS,
                 .handshake = {.answered = true,
                               .alert = HANDSHAKE_NO_ALERT,
                               .alert_sent = SSL_AD_HANDSHAKE_FAILURE,
                               .dh_bits = 4097,
                               .reason = SSL_REASON(SSL_R_DH_KEY_TOO_SMALL)}},
     .code = FOUND_POLICY_TLS_PROTOCOL,
     .detail = "a Diffie-Hellman group of 4097 bits, where at most 4096 are accepted"},
    {.what = "a Transfer-Encoding that nobody asked for",
     .outcome = {.result = CURLE_WRITE_ERROR,
                 .step = OUTCOME_HEADERS,
                 .http_status = 200,
                 .encoded = true,
                 .coding = {"gzip, chunked", 13},
                 .handshake = FINISHED},
     .code = FOUND_POLICY_HTTP_INVALID,
     .detail = "Transfer-Encoding: gzip, chunked, where only \"chunked\", once, can be read"},
    {.what = "a Content-Encoding that nobody asked for",
     .outcome = {.result = CURLE_WRITE_ERROR,
                 .step = OUTCOME_BODY,
                 .http_status = 200,
                 .compressed = true,
                 .coding = {"br", 2},
                 .handshake = FINISHED},
     .code = FOUND_POLICY_HTTP_ENCODING,
     .detail = "Content-Encoding: br, where only identity was asked for"},
    {.what = "status 200 and half a header",
     .outcome = {.step = OUTCOME_HEADERS, .http_status = 200, .handshake = FINISHED},
     .code = FOUND_POLICY_HTTP_INVALID},
};

static struct outcome complete(const struct outcome *outcome) {
  struct outcome whole = *outcome;
  whole.address = "192.0.2.7:443";
  whole.text = "";
  whole.headers_max = HEADERS_MAX;
  whole.body_max = BODY_MAX;
  if (whole.step == OUTCOME_CONNECTING) handshake_init(&whole.handshake, BODY_MAX);
  return whole;
}

static void test_rows(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct arena arena = {0};
    struct outcome outcome = complete(&rows[i].outcome);
    enum finding_code code = outcome_code(&outcome);
    if (code != rows[i].code)
      fail_msg("%s: %s", rows[i].what, code < FOUND_COUNT ? finding_info(code)->name : "nothing");
    if (outcome_tries_next(&outcome) != rows[i].next) fail_msg("%s: next", rows[i].what);
    if (outcome_local_error(&outcome) != ERR_NONE) fail_msg("%s: trouble", rows[i].what);
    if (rows[i].detail) {
      struct span detail = outcome_detail(&outcome, code, &arena);
      if (!strstr(detail.ptr, rows[i].detail)) fail_msg("%s: %s", rows[i].what, detail.ptr);
    }
    arena_free(&arena);
  }
}

static void test_trouble(void **state) {
  (void)state;
  const struct {
    struct outcome outcome;
    enum err err;
  } troubles[] = {
      {{.result = CURLE_COULDNT_CONNECT, .socket_errno = EMFILE}, ERR_DESCRIPTORS},
      {{.result = CURLE_COULDNT_CONNECT, .socket_errno = ENFILE}, ERR_DESCRIPTORS},
      {{.result = CURLE_COULDNT_CONNECT, .os_errno = ENOBUFS}, ERR_MEMORY},
      {{.result = CURLE_SEND_ERROR, .os_errno = ENOMEM, .step = OUTCOME_ASKING}, ERR_MEMORY},
      {{.result = CURLE_RECV_ERROR, .os_errno = ECONNRESET, .step = OUTCOME_ASKING}, ERR_NONE},
      {{.result = CURLE_COULDNT_CONNECT, .socket_errno = ENOBUFS}, ERR_MEMORY},
      {{.result = CURLE_COULDNT_CONNECT, .socket_errno = ENOMEM}, ERR_MEMORY},
      {{.result = CURLE_WRITE_ERROR, .no_memory = true, .step = OUTCOME_BODY}, ERR_MEMORY},
      {{.result = CURLE_SSL_CONNECT_ERROR,
        .step = OUTCOME_SHAKING_HANDS,
        .handshake.no_memory = true},
       ERR_MEMORY},
      {{.result = CURLE_OUT_OF_MEMORY}, ERR_MEMORY},
      {{.result = CURLE_OUT_OF_MEMORY,
        .step = OUTCOME_HEADERS,
        .handshake = {.finished = true, .received_bytes = HEADERS_MAX}},
       ERR_MEMORY},
  };
  for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
    struct outcome outcome = complete(&troubles[i].outcome);
    assert_int_equal(outcome_local_error(&outcome), troubles[i].err);
  }
}

/* The cause is the errno; libcurl's text may be of something before it. */
static void test_evidence(void **state) {
  (void)state;
  struct arena arena = {0};
  struct outcome outcome = complete(&(struct outcome){
      CURLE_SSL_CONNECT_ERROR, .step = OUTCOME_SHAKING_HANDS, .handshake = CLOSED});
  outcome.text = "what libcurl says";
  struct span detail = outcome_detail(&outcome, FOUND_POLICY_TLS_CLOSED, &arena);
  assert_non_null(strstr(detail.ptr, "(what libcurl says)"));
  outcome.os_errno = ECONNRESET;
  detail = outcome_detail(&outcome, FOUND_POLICY_TCP_RESET, &arena);
  assert_non_null(strstr(detail.ptr, "(Connection reset by peer)"));
  outcome.late = true;
  detail = outcome_detail(&outcome, FOUND_POLICY_TLS_TIMEOUT, &arena);
  assert_null(strchr(detail.ptr, '('));
  arena_free(&arena);
}

static void test_overload(void **state) {
  (void)state;
  const struct {
    struct outcome outcome;
    bool overload;
  } ends[] = {
      {{.step = OUTCOME_BODY, .http_status = 428}, false},
      {{.step = OUTCOME_BODY, .http_status = 429}, true},
      {{.step = OUTCOME_BODY, .http_status = 430}, false},
      {{.step = OUTCOME_BODY, .http_status = 502}, false},
      {{.step = OUTCOME_BODY, .http_status = 503}, true},
      {{.step = OUTCOME_HEADERS, .http_status = 503, .late = true}, true},
      {{.step = OUTCOME_BODY, .http_status = 504}, false},
      {{.step = OUTCOME_BODY, .http_status = 200}, false},
      {{.result = CURLE_COULDNT_CONNECT, .os_errno = ECONNRESET}, true},
      {{.result = CURLE_SSL_CONNECT_ERROR,
        .os_errno = ECONNRESET,
        .step = OUTCOME_SHAKING_HANDS,
        .handshake = CLOSED},
       true},
      {{.result = CURLE_RECV_ERROR,
        .os_errno = ECONNRESET,
        .step = OUTCOME_ASKING,
        .handshake = FINISHED},
       false},
      {{.result = CURLE_COULDNT_CONNECT, .os_errno = ECONNREFUSED}, false},
      {{.late = true}, false},
  };
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    struct outcome outcome = complete(&ends[i].outcome);
    if (outcome_is_overload(&outcome) != ends[i].overload) fail_msg("%zu", i);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_trouble),
      cmocka_unit_test(test_evidence),
      cmocka_unit_test(test_overload),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
