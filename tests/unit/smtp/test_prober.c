/* What the prober does with many hosts, with time, and with errors of our own. What it makes of one
 * server is told by tests/e2e/test_prober. */
#include "scanner/smtp/prober.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

enum { CLIENTS_MAX = 600, HOSTS_MAX = 600, STEP_MS = 100, MS_NS = 1000000 };

#define EHLO_ANSWER "250-mail\r\n250 SIZE\r\n"

/* A mail server without STARTTLS, on a thread, for any number of clients. */
struct mail {
  const char *greetings[2]; /* of the first connection, and of the others; NULL: none */
  bool deaf_to_quit;
  int fd, stop[2];
  pthread_t thread;
  atomic_uint connections, open, most, quits, ehlos;
};

static struct {
  uint16_t port;
  uv_loop_t loop;
  struct prober_config config;
  struct prober *prober;
  unsigned done;
  uint64_t turn_ns; /* that a turn of the loop takes by the tests' clock */
} stage;

static _Atomic uint64_t test_ns;

/* Of the tests that do not wait. */
static uint64_t test_now(void) {
  return atomic_load(&test_ns);
}

static void say(int fd, const char *text) {
  if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0) return;
}

/* False: it has gone. */
static bool mail_answer(struct mail *mail, int fd) {
  char line[512];
  ssize_t got = recv(fd, line, sizeof line - 1, 0);
  if (got <= 0) return false;
  line[got] = '\0';
  if (strncmp(line, "EHLO", 4) == 0) {
    mail->ehlos++;
    say(fd, EHLO_ANSWER);
  } else if (strncmp(line, "QUIT", 4) == 0) {
    mail->quits++;
    if (!mail->deaf_to_quit) say(fd, "221 bye\r\n");
  }
  return true;
}

static void mail_accept(struct mail *mail, struct pollfd *polls, nfds_t *count) {
  int fd = accept(mail->fd, NULL, NULL);
  if (fd < 0) return;
  const char *greeting = mail->greetings[mail->connections++ > 0];
  if (++mail->open > mail->most) mail->most = mail->open;
  polls[(*count)++] = (struct pollfd){fd, POLLIN, 0};
  if (greeting) say(fd, greeting);
}

static void *mail_main(void *data) {
  struct mail *mail = data;
  struct pollfd polls[CLIENTS_MAX + 2] = {{mail->stop[0], POLLIN, 0}, {mail->fd, POLLIN, 0}};
  nfds_t count = 2;
  while (poll(polls, count, -1) > 0 && !polls[0].revents) {
    for (nfds_t i = count - 1; i > 1; i--) {
      if (!polls[i].revents || mail_answer(mail, polls[i].fd)) continue;
      close(polls[i].fd);
      mail->open--;
      polls[i] = polls[--count];
    }
    if (polls[1].revents && count < CLIENTS_MAX + 2) mail_accept(mail, polls, &count);
  }
  while (count > 2) close(polls[--count].fd);
  return NULL;
}

static int listen_at(const char *ip, uint16_t *port) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(*port)};
  socklen_t size = sizeof at;
  static const int on = 1;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  inet_pton(AF_INET, ip, &at.sin_addr);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 1024) != 0) abort();
  getsockname(fd, (struct sockaddr *)&at, &size);
  *port = ntohs(at.sin_port);
  return fd;
}

static void mail_start(struct mail *mail, const char *ip) {
  mail->fd = listen_at(ip, &stage.port);
  if (pipe(mail->stop) != 0) abort();
  if (pthread_create(&mail->thread, NULL, mail_main, mail) != 0) abort();
}

static void mail_end(struct mail *mail) {
  if (write(mail->stop[1], "", 1) != 1) abort();
  pthread_join(mail->thread, NULL);
  close(mail->stop[0]);
  close(mail->stop[1]);
  close(mail->fd);
}

struct host {
  struct mx_probe probe;
  struct finding_list findings;
  struct arena arena;
  union address addresses[PROBER_ADDRESSES_MAX + 1];
  bool done;
};

static void on_done(struct mx_probe *probe) {
  struct host *host = probe->data;
  assert_false(host->done);
  host->done = true;
  stage.done++;
}

static void host_init(struct host *host, const char *ip) {
  *host = (struct host){.findings.arena = &host->arena};
  host->probe = (struct mx_probe){.host = SPAN("mx.example.test"),
                                  .addresses = host->addresses,
                                  .address_count = 1,
                                  .findings = &host->findings,
                                  .done = on_done,
                                  .data = host};
  assert_int_equal(address_parse(span_of(ip), 25, host->addresses), ERR_NONE);
}

static void host_start(struct host *host, const char *ip) {
  host_init(host, ip);
  assert_int_equal(prober_start(stage.prober, &host->probe), ERR_NONE);
  assert_false(host->done);
}

static void run_until(unsigned done) {
  while (stage.done < done) {
    uv_run(&stage.loop, UV_RUN_ONCE);
    test_ns += stage.turn_ns;
  }
}

static void open_prober(void) {
  stage.done = 0;
  assert_int_equal(uv_loop_init(&stage.loop), 0);
  assert_int_equal(prober_new(&stage.prober, &stage.loop, &stage.config), ERR_NONE);
}

static void close_loop(void) {
  uv_run(&stage.loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&stage.loop), 0);
}

static void close_prober(void) {
  prober_close(stage.prober);
  close_loop();
}

static int set_up(void **state) {
  (void)state;
  signal(SIGPIPE, SIG_IGN);
  close(listen_at("127.0.0.1", &stage.port));
  stage.config = (struct prober_config){.trust = X509_STORE_new(),
                                        .ehlo = "scan.test",
                                        .port = stage.port,
                                        .times = {.connect_ms = 60000,
                                                  .reply_ms = 60000,
                                                  .handshake_ms = 60000,
                                                  .total_ms = 60000,
                                                  .quit_ms = 60000},
                                        .pause_ms = PROBER_PAUSE_MS,
                                        .in_flight_max = PROBER_IN_FLIGHT_MAX,
                                        .filter = {.allow_private = true}};
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  X509_STORE_free(stage.config.trust);
  return 0;
}

#define HELLO "220 mail ESMTP\r\n"

/* Told before QUIT is answered; the connection stays in flight until it is closed. */
static void test_quit_holds_nobody_up(void **state) {
  (void)state;
  struct mail mail = {.greetings = {HELLO, HELLO}, .deaf_to_quit = true};
  struct host host;
  mail_start(&mail, "127.0.0.1");
  open_prober();
  host_start(&host, "127.0.0.1");
  run_until(1);
  assert_int_equal(host.probe.err, ERR_NONE);
  assert_int_equal(host.probe.result.verdict, VERDICT_REFUSED);
  assert_int_equal(host.probe.result.step, STEP_EHLO);
  assert_true(finding_codes_has(&host.probe.result.codes, FOUND_MX_TLS_NO_STARTTLS));
  assert_int_equal(prober_in_flight(stage.prober), 1);
  arena_free(&host.arena); /* the prober needs it no more */
  while (mail.quits == 0) uv_run(&stage.loop, UV_RUN_ONCE);
  close_prober();
  mail_end(&mail);
}

/* An address that put us off rests; once it has talked to us its next rest is the first again. */
static void test_rest_and_relief(void **state) {
  (void)state;
  struct mail mail = {.greetings = {"421 busy\r\n", HELLO}};
  struct host hosts[2];
  uint64_t wait_ns = 0;
  const uint64_t second = (uint64_t)ADDRESS_LIMITS_REST_FIRST_S * 1000 * MS_NS;
  stage.config.now = test_now;
  assert_int_equal(address_limits_new(&stage.config.limits, 8, 0, 1), ERR_NONE);
  struct address_limits *limits = stage.config.limits;
  mail_start(&mail, "127.0.0.1");
  open_prober();
  host_init(&hosts[0], "127.0.0.1");
  hosts[0].probe.once = true;
  assert_int_equal(prober_start(stage.prober, &hosts[0].probe), ERR_NONE);
  run_until(1);
  const union address *address = &hosts[0].addresses[0];
  assert_int_equal(address_limits_enter(limits, address, test_now(), &wait_ns), ERR_REFUSED);
  assert_int_equal(wait_ns, second);
  test_ns += second;
  host_start(&hosts[1], "127.0.0.1");
  run_until(2);
  assert_int_equal(hosts[1].probe.result.step, STEP_EHLO);
  address_limits_rest(limits, address, 0, test_now());
  assert_int_equal(address_limits_enter(limits, address, test_now(), &wait_ns), ERR_REFUSED);
  assert_int_equal(wait_ns, second); /* else it were twice as long */
  close_prober();
  mail_end(&mail);
  for (int i = 0; i < 2; i++) arena_free(&hosts[i].arena);
  address_limits_free(limits);
  stage.config.limits = NULL;
  stage.config.now = NULL;
}

/* The pause of a minute and the second round, in a moment. */
static void test_second_round(void **state) {
  (void)state;
  struct mail mail = {.greetings = {"421 busy\r\n", HELLO}};
  struct host host;
  stage.config.now = test_now;
  mail_start(&mail, "127.0.0.1");
  open_prober();
  uint64_t began = test_now();
  host_start(&host, "127.0.0.1");
  while (prober_pausing(stage.prober) == 0) uv_run(&stage.loop, UV_RUN_ONCE);
  test_ns = began + (uint64_t)PROBER_PAUSE_MS * MS_NS - 1;
  for (unsigned i = 0; i < 5; i++) uv_run(&stage.loop, UV_RUN_ONCE);
  assert_int_equal(prober_pausing(stage.prober), 1);
  test_ns++;
  run_until(1);
  assert_true(host.probe.again);
  assert_int_equal(host.probe.connections, 2);
  assert_int_equal(mail.connections, 2);
  assert_int_equal(host.probe.result.attempts.count, 2);
  assert_int_equal(host.probe.result.attempts.at[0].code, FOUND_MX_SMTP_LATER);
  assert_int_equal(host.probe.result.attempts.at[1].code, FOUND_MX_TLS_NO_STARTTLS);
  arena_free(&host.arena);
  host_init(&host, "127.0.0.1");
  host.probe.once = true;
  mail.connections = 0;
  assert_int_equal(prober_start(stage.prober, &host.probe), ERR_NONE);
  run_until(2);
  assert_false(host.probe.again);
  assert_true(finding_codes_has(&host.probe.result.codes, FOUND_MX_SMTP_LATER));
  close_prober();
  arena_free(&host.arena);
  mail_end(&mail);
  stage.config.now = NULL;
}

/* No more at a time than there may be, and all of them in the end. */
static void many(struct host *hosts, size_t count, struct mail *mail) {
  mail_start(mail, "127.0.0.1");
  open_prober();
  for (size_t i = 0; i < count; i++) host_start(&hosts[i], "127.0.0.1");
  run_until((unsigned)count);
  for (size_t i = 0; i < count; i++) {
    assert_true(finding_codes_has(&hosts[i].probe.result.codes, FOUND_MX_TLS_NO_STARTTLS));
    arena_free(&hosts[i].arena);
  }
  close_prober();
  mail_end(mail);
}

static void test_in_flight_limit(void **state) {
  (void)state;
  struct host *hosts = calloc(HOSTS_MAX, sizeof *hosts);
  struct mail below = {.greetings = {HELLO, HELLO}}, at = {.greetings = {HELLO, HELLO}};
  stage.config.in_flight_max = 4;
  many(hosts, 3, &below);
  assert_in_range(below.most, 1, 3);
  many(hosts, 60, &at);
  assert_in_range(at.most, 1, 4);
  stage.config.in_flight_max = PROBER_IN_FLIGHT_MAX;
  free(hosts);
}

/* An address has one connection at a time, and those that wait for QUIT's answer count. */
static void test_address_limit(void **state) {
  (void)state;
  struct host *hosts = calloc(HOSTS_MAX, sizeof *hosts);
  struct mail mail = {.greetings = {HELLO, HELLO}};
  assert_int_equal(address_limits_new(&stage.config.limits, 1, 0, 1), ERR_NONE);
  many(hosts, 20, &mail);
  assert_int_equal(mail.most, 1);
  assert_int_equal(mail.quits, 20);
  address_limits_free(stage.config.limits);
  stage.config.limits = NULL;
  free(hosts);
}

static void test_not_public(void **state) {
  (void)state;
  struct host host;
  stage.config.filter.allow_private = false;
  open_prober();
  host_init(&host, "127.0.0.1");
  assert_int_equal(address_parse(SPAN("10.0.0.1"), 25, &host.addresses[1]), ERR_NONE);
  host.probe.address_count = 2;
  assert_int_equal(prober_start(stage.prober, &host.probe), ERR_NONE);
  run_until(1);
  assert_int_equal(host.probe.result.verdict, VERDICT_UNKNOWN);
  assert_int_equal(host.probe.result.step, STEP_DNS);
  assert_int_equal(host.probe.connections, 0);
  assert_true(finding_codes_has(&host.probe.result.codes, FOUND_MX_HOST_NOT_PUBLIC));
  assert_true(span_equal(host.findings.first->detail,
                         SPAN("127.0.0.1 is not public, 10.0.0.1 is not public")));
  close_prober();
  arena_free(&host.arena);
  stage.config.filter.allow_private = true;
}

static void test_limits(void **state) {
  (void)state;
  struct host host;
  char name[PROBE_HOST_MAX + 1];
  memset(name, 'a', sizeof name);
  open_prober();
  host_init(&host, "127.0.0.1");
  host.probe.address_count = 0;
  assert_int_equal(prober_start(stage.prober, &host.probe), ERR_LIMIT);
  host.probe.address_count = PROBER_ADDRESSES_MAX + 1;
  assert_int_equal(prober_start(stage.prober, &host.probe), ERR_LIMIT);
  host.probe.address_count = 1;
  host.probe.host = (struct span){name, PROBE_HOST_MAX + 1};
  assert_int_equal(prober_start(stage.prober, &host.probe), ERR_LIMIT);
  host.probe.host.len = PROBE_HOST_MAX;
  for (size_t i = 1; i < PROBER_ADDRESSES_MAX; i++) host.addresses[i] = host.addresses[0];
  host.probe.address_count = PROBER_ADDRESSES_MAX;
  assert_int_equal(prober_start(stage.prober, &host.probe), ERR_NONE);
  run_until(1);
  assert_true(finding_codes_has(&host.probe.result.codes, FOUND_MX_SMTP_UNREACHABLE));
  assert_int_equal(host.probe.connections, 0);
  assert_false(host.probe.no_route);
  close_prober();
  arena_free(&host.arena);
}

/* A lack of descriptors says nothing of the host: it is tried again when there are some. */
static void test_no_descriptors(void **state) {
  (void)state;
  struct mail mail = {.greetings = {HELLO, HELLO}};
  struct host host;
  struct rlimit files, none;
  mail_start(&mail, "127.0.0.1");
  open_prober();
  uv_run(&stage.loop, UV_RUN_NOWAIT);
  getrlimit(RLIMIT_NOFILE, &files);
  none = files;
  int next = dup(0);
  close(next);
  none.rlim_cur = (rlim_t)next;
  host_start(&host, "127.0.0.1");
  setrlimit(RLIMIT_NOFILE, &none);
  for (unsigned i = 0; i < 5; i++) uv_run(&stage.loop, UV_RUN_ONCE);
  assert_false(host.done);
  setrlimit(RLIMIT_NOFILE, &files);
  run_until(1);
  assert_int_equal(host.probe.err, ERR_NONE);
  assert_true(finding_codes_has(&host.probe.result.codes, FOUND_MX_TLS_NO_STARTTLS));
  close_prober();
  arena_free(&host.arena);
  mail_end(&mail);
}

/* A lack that lasts ends as our error. */
static void test_no_descriptors_at_all(void **state) {
  (void)state;
  struct host host;
  struct rlimit files, none;
  stage.config.now = test_now;
  open_prober();
  getrlimit(RLIMIT_NOFILE, &files);
  none = files;
  int next = dup(0);
  close(next);
  none.rlim_cur = (rlim_t)next;
  host_start(&host, "127.0.0.1");
  setrlimit(RLIMIT_NOFILE, &none);
  stage.turn_ns = (uint64_t)STEP_MS * MS_NS;
  run_until(1);
  stage.turn_ns = 0;
  setrlimit(RLIMIT_NOFILE, &files);
  assert_int_equal(host.probe.err, ERR_DESCRIPTORS);
  assert_null(host.findings.first);
  close_prober();
  arena_free(&host.arena);
  stage.config.now = NULL;
}

/* In every place that a host can be in; nobody is called back. */
static void test_close(void **state) {
  (void)state;
  struct mail silent = {.greetings = {NULL, NULL}}, busy = {.greetings = {"421 busy\r\n", HELLO}};
  struct host talks, pauses, waits;
  stage.config.in_flight_max = 1;
  mail_start(&busy, "127.0.0.1");
  mail_start(&silent, "127.0.0.2");
  open_prober();
  host_start(&pauses, "127.0.0.1");
  while (prober_pausing(stage.prober) == 0) uv_run(&stage.loop, UV_RUN_ONCE);
  host_start(&talks, "127.0.0.2");
  while (silent.connections == 0) uv_run(&stage.loop, UV_RUN_ONCE);
  host_start(&waits, "127.0.0.2");
  uv_run(&stage.loop, UV_RUN_NOWAIT);
  assert_int_equal(prober_in_flight(stage.prober), 1);
  assert_int_equal(prober_waiting(stage.prober), 1);
  prober_close(stage.prober);
  arena_free(&talks.arena);
  arena_free(&pauses.arena);
  arena_free(&waits.arena);
  close_loop();
  assert_int_equal(stage.done, 0);
  mail_end(&busy);
  mail_end(&silent);
  stage.config.in_flight_max = PROBER_IN_FLIGHT_MAX;
}

/* Time in which we did not look does not count as the server's silence. */
static void test_standstill(void **state) {
  (void)state;
  struct mail silent = {.greetings = {NULL, NULL}};
  struct host host;
  stage.config.now = test_now;
  stage.config.times.reply_ms = 5000;
  mail_start(&silent, "127.0.0.1");
  open_prober();
  host_start(&host, "127.0.0.1");
  while (silent.connections == 0) uv_run(&stage.loop, UV_RUN_ONCE);
  for (unsigned i = 0; i < 5; i++) {
    test_ns += (uint64_t)60000 * MS_NS;
    uv_run(&stage.loop, UV_RUN_ONCE);
  }
  assert_int_equal(prober_pausing(stage.prober), 0);
  while (prober_pausing(stage.prober) == 0) {
    uv_run(&stage.loop, UV_RUN_ONCE);
    test_ns += (uint64_t)STEP_MS * MS_NS;
  }
  close_prober();
  arena_free(&host.arena);
  mail_end(&silent);
  stage.config.now = NULL;
  stage.config.times.reply_ms = 60000;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_quit_holds_nobody_up),
      cmocka_unit_test(test_rest_and_relief),
      cmocka_unit_test(test_second_round),
      cmocka_unit_test(test_in_flight_limit),
      cmocka_unit_test(test_address_limit),
      cmocka_unit_test(test_not_public),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_no_descriptors),
      cmocka_unit_test(test_no_descriptors_at_all),
      cmocka_unit_test(test_close),
      cmocka_unit_test(test_standstill),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
