/* What a server can send to keep us at work: each comes to an end by the budget of its connection,
 * costs little time of the processor, and leaves a sound neighbour its verdict. */
#include "tests/unit/https/stage.h"
#include <signal.h>
#include <sys/resource.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(__VALGRIND__)
#define SLOWER 8
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLOWER 8
#endif
#endif
#ifndef SLOWER
#define SLOWER 1
#endif

enum { CPU_MS_MAX = 100 * SLOWER, TRIES = 3, RSA_BITS = 2048, PATIENCE_MS = 60 * 1000 };

#define HELLO_REQUEST "\x16\x03\x03\x00\x04\x00\x00\x00\x00"
#define CHUNKED       OK("Transfer-Encoding: chunked\r\n", "")

struct attack {
  const char *what;
  struct script script;
  enum finding_code code; /* FOUND_COUNT: none */
  const char *detail;
};

static const struct attack attacks[] = {
    {"HelloRequests for ever",
     {.until = UNTIL_HELLO,
      .raw = SAY(HELLO_REQUEST),
      .then = THEN_FLOOD,
      .flood = SAY(HELLO_REQUEST HELLO_REQUEST HELLO_REQUEST HELLO_REQUEST)},
     FOUND_POLICY_TLS_PROTOCOL,
     "more than 2003 TLS records in the TLS handshake"},
    {"a handshake octet by octet, of messages that mean nothing",
     {.until = UNTIL_HELLO,
      .raw = SAY(HELLO_REQUEST),
      .then = THEN_FLOOD,
      .flood = SAY("\x16\x03\x03\x00\x01\x00")},
     FOUND_POLICY_TLS_PROTOCOL,
     "more than 2003 TLS records in the TLS handshake"},
    {"changes of keys for ever, in place of an answer",
     {.until = UNTIL_REQUEST, .then = THEN_KEY_UPDATES},
     FOUND_POLICY_HTTP_INVALID,
     "more than 2003 TLS records before the HTTP status"},
    {"changes of keys for ever, in the body",
     {.answer = SAY(OK("Content-Length: 9\r\n", "ab")),
      .until = UNTIL_ANSWER,
      .then = THEN_KEY_UPDATES},
     FOUND_POLICY_HTTP_INVALID,
     "more than 2003 TLS records in the HTTP body"},
    {"tickets for ever",
     {.until = UNTIL_REQUEST, .then = THEN_TICKETS},
     FOUND_POLICY_HTTP_INVALID,
     "before the HTTP status, the limit"},
    {"renegotiations for ever, TLS 1.2",
     {.until = UNTIL_REQUEST, .then = THEN_HELLO_REQUESTS, .tls_max = TLS1_2_VERSION},
     FOUND_POLICY_HTTP_INVALID,
     NULL},
    {"an extension of a chunk without end",
     {.answer = SAY(CHUNKED "1;"),
      .until = UNTIL_ANSWER,
      .then = THEN_FLOOD,
      .flood = SAY(THOUSAND)},
     FOUND_POLICY_HTTP_INVALID,
     "more than 266144 octets in the HTTP body"},
    {"an extension of a chunk without end, octet by octet",
     {.answer = SAY(CHUNKED "1;"), .until = UNTIL_ANSWER, .then = THEN_FLOOD, .flood = SAY("a")},
     FOUND_POLICY_HTTP_INVALID,
     "more than 2003 TLS records in the HTTP body"},
    {"a body without a length, octet by octet",
     {.answer = SAY(OK("", "")), .until = UNTIL_ANSWER, .then = THEN_FLOOD, .flood = SAY("a")},
     FOUND_POLICY_HTTP_INVALID,
     NULL},
    {"trailers for ever",
     {.answer = SAY(CHUNKED "1\r\na\r\n0\r\n"),
      .until = UNTIL_ANSWER,
      .then = THEN_FLOOD,
      .flood = SAY("X: " HUNDRED "\r\n")},
     FOUND_POLICY_HTTP_INVALID,
     NULL},
    {"answers 103 for ever",
     {.answer = SAY("HTTP/1.1 103 Early\r\n\r\n"),
      .until = UNTIL_ANSWER,
      .then = THEN_FLOOD,
      .flood = SAY("HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 103 Early\r\n\r\n")},
     FOUND_POLICY_HTTP_INVALID,
     "the HTTP header is larger than 65536 bytes"},
    {"lines that fold for ever",
     {.answer = SAY("HTTP/1.1 200 OK\r\nX: a\r\n"),
      .until = UNTIL_ANSWER,
      .then = THEN_FLOOD,
      .flood = SAY(" a\r\n a\r\n a\r\n a\r\n a\r\n a\r\n a\r\n a\r\n a\r\n a\r\n a\r\n a\r\n")},
     FOUND_POLICY_HTTP_INVALID,
     NULL},
};

static int64_t cpu_ms(void) {
  struct rusage used;
  assert_int_equal(getrusage(RUSAGE_THREAD, &used), 0);
  return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
         (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
}

static void check_finding(const struct attack *attack, const struct run *run) {
  const struct finding *f = run->findings.first;
  if (!f && attack->code == FOUND_COUNT) return;
  if (!f || f->code != attack->code)
    fail_msg("%s: %s: %s", attack->what, f ? finding_info(f->code)->name : "nothing",
             f ? f->detail.ptr : "");
  if (attack->detail && !strstr(f->detail.ptr, attack->detail))
    fail_msg("%s: %s", attack->what, f->detail.ptr);
}

/* Beside a sound neighbour; the CPU it took, ms. */
static int64_t attack_once(const struct attack *attack,
                           const struct made_certificate *certificate) {
  static const struct script sound = {.answer = SAY(OK("Content-Length: 44\r\n", POLICY))};
  struct server servers[] = {{.script = &attack->script, .certificate = certificate},
                             {.script = &sound, .certificate = &stage.good}};
  struct run runs[2];
  server_start(&servers[0], "127.0.3.1", &stage.port);
  server_start(&servers[1], "127.0.3.2", &stage.port);
  int64_t before = cpu_ms();
  unsigned done = stage.done;
  start_fetch(&runs[0], "127.0.3.1");
  start_fetch(&runs[1], "127.0.3.2");
  run_until(done + 2);
  int64_t spent = cpu_ms() - before;
  server_end(&servers[0]);
  server_end(&servers[1]);
  check_finding(attack, &runs[0]);
  if (runs[0].fetch.result.attempts.count != 1) fail_msg("%s: attempts", attack->what);
  if (runs[1].findings.first || !span_equal(runs[1].fetch.body, SPAN(POLICY)))
    fail_msg("%s: the neighbour", attack->what);
  print_message("%s: %lld ms of CPU, %lld in all\n", attack->what, (long long)spent,
                (long long)runs[0].fetch.result.ms);
  arena_free(&runs[0].arena);
  arena_free(&runs[1].arena);
  return spent;
}

/* A busy machine only adds to the CPU that is counted: the least of a few tries is what counts. */
static void attack_with(const struct attack *attack, const struct made_certificate *certificate) {
  int64_t least = INT64_MAX;
  for (int i = 0; i < TRIES && least > CPU_MS_MAX; i++) {
    int64_t spent = attack_once(attack, certificate);
    if (spent < least) least = spent;
  }
  if (least > CPU_MS_MAX) fail_msg("%s: %lld ms of CPU", attack->what, (long long)least);
}

static void test_attacks(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++)
    attack_with(&attacks[i], &stage.good);
}

/* At the limit and over it. */
static void test_groups(void **state) {
  (void)state;
  static const struct attack groups[] = {
      {"a group of 4096 bits",
       {.answer = SAY(OK("Content-Length: 44\r\n", POLICY)),
        .tls_max = TLS1_2_VERSION,
        .dh_bits = 4096},
       FOUND_COUNT,
       NULL},
      {"a group of 4097 bits",
       {.tls_max = TLS1_2_VERSION, .dh_bits = 4097},
       FOUND_POLICY_TLS_PROTOCOL,
       "a Diffie-Hellman group of 4097 bits, where at most 4096 are accepted"},
      {"a group of 10000 bits",
       {.tls_max = TLS1_2_VERSION, .dh_bits = 10000},
       FOUND_POLICY_TLS_PROTOCOL,
       "of 10000 bits"},
  };
  struct made_certificate_wish wish = {.cn = "any", .san = "DNS:" HOST, .rsa_bits = RSA_BITS};
  struct made_certificate rsa = made_certificate_make(&wish, &stage.root);
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) attack_with(&groups[i], &rsa);
  made_certificate_free(&rsa);
}

/* Fewer octets than a chain may have, and more. */
static void test_long_chains(void **state) {
  (void)state;
  static const struct {
    unsigned names; /* of 24 octets */
    struct attack attack;
  } chains[] = {
      {3500,
       {"a chain of 90 kB",
        {.answer = SAY(OK("Content-Length: 44\r\n", POLICY))},
        FOUND_COUNT,
        NULL}},
      {4500,
       {"a chain of 115 kB",
        {.answer = SAY(OK("Content-Length: 44\r\n", POLICY))},
        FOUND_POLICY_TLS_CERT_INVALID,
        "the certificates are larger than 102400 bytes together"}},
  };
  static char san[200000];
  for (size_t i = 0; i < sizeof chains / sizeof *chains; i++) {
    size_t used = (size_t)snprintf(san, sizeof san, "DNS:" HOST);
    for (unsigned n = 0; n < chains[i].names; n++)
      used += (size_t)snprintf(san + used, sizeof san - used, ", DNS:name-%07u.example.org", n);
    struct made_certificate_wish wish = {.cn = "any", .san = san};
    struct made_certificate large = made_certificate_make(&wish, &stage.root);
    attack_with(&chains[i].attack, &large);
    made_certificate_free(&large);
  }
}

/* A group of 10,000 bits keeps the server busy for seconds on a slow machine. */
static int set_up_patient(void **state) {
  int failed = set_up(state);
  stage.config.connect_timeout_ms = stage.config.timeout_ms = PATIENCE_MS;
  return failed;
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fetcher, close_fetcher)
  signal(SIGPIPE, SIG_IGN);
  const struct CMUnitTest tests[] = {TEST(test_attacks), TEST(test_groups), TEST(test_long_chains)};
  return cmocka_run_group_tests(tests, set_up_patient, tear_down);
}
