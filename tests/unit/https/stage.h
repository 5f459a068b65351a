/* A fetcher on a loop, certificates, and fetches of one host, for the tests of this folder. */
#ifndef TESTS_UNIT_HTTPS_STAGE_H
#define TESTS_UNIT_HTTPS_STAGE_H

#include "scanner/https/fetcher.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/https/peer_server.h"

#define HOST "mta-sts.example.test"

enum { BODY_MAX = 2000, CONNECT_MS = 1000, TIMEOUT_MS = 4000, SKIP_NS = 20 * 1000 * 1000 };

#define OK(headers, body) "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" headers "\r\n" body
#define POLICY            "version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n"
#define POLICY_SIZE       44
#define SAY(literal)                                                                               \
  { literal, sizeof(literal) - 1 }
#define TEN      "0123456789"
#define HUNDRED  TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define THOUSAND HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED

/* Everything that the runs has in common. */
struct stage {
  struct made_certificate root, good, other, itself;
  char ca_file[32];
  uint16_t port;
  uv_loop_t loop;
  struct fetcher_config config;
  struct fetcher *fetcher;
  unsigned done;
  uint64_t skipped_ns; /* of time that nobody waited for */
};

static struct stage stage;

/* The fetcher's clock. */
static inline uint64_t stage_now(void) {
  return uv_hrtime() + stage.skipped_ns;
}

struct run {
  struct fetch fetch;
  struct finding_list findings;
  struct arena arena;
  union address addresses[2 * FETCHER_ADDRESS_MAX + 1];
  bool done;
};

static inline void on_done(struct fetch *fetch) {
  struct run *run = fetch->data;
  assert_false(run->done);
  run->done = true;
  stage.done++;
}

static inline void add_address(struct run *run, const char *ip) {
  size_t at = run->fetch.address_count++;
  assert_int_equal(address_parse(span_of(ip), 1, &run->addresses[at]), ERR_NONE);
}

static inline void run_init(struct run *run) {
  *run = (struct run){0};
  run->findings.arena = &run->arena;
  run->fetch = (struct fetch){.host = SPAN(HOST),
                              .addresses = run->addresses,
                              .findings = &run->findings,
                              .done = on_done,
                              .data = run};
}

/* One turn of the loop. Time is skipped when nothing but time is awaited: who is asked is silent.
 */
static inline void turn(void) {
  uv_run(&stage.loop, UV_RUN_ONCE);
  if (stage.fetcher && fetcher_in_flight(stage.fetcher) == server_silences)
    stage.skipped_ns += SKIP_NS;
}

static inline void run_until(unsigned done) {
  while (stage.done < done) turn();
}

static inline int set_up(void **state) {
  (void)state;
  struct made_certificate_wish ca = {.cn = "Root", .ca = true};
  struct made_certificate_wish good = {.cn = "any", .san = "DNS:" HOST};
  struct made_certificate_wish other = {.cn = "any", .san = "DNS:other.test"};
  stage.root = made_certificate_make(&ca, NULL);
  stage.good = made_certificate_make(&good, &stage.root);
  stage.other = made_certificate_make(&other, &stage.root);
  stage.itself = made_certificate_make(&good, NULL);
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
                                         .allow_private = true,
                                         .now = stage_now};
  return 0;
}

static inline int tear_down(void **state) {
  (void)state;
  unlink(stage.ca_file);
  made_certificate_free(&stage.root);
  made_certificate_free(&stage.good);
  made_certificate_free(&stage.other);
  made_certificate_free(&stage.itself);
  return 0;
}

static inline int open_fetcher(void **state) {
  (void)state;
  stage.done = 0;
  assert_int_equal(uv_loop_init(&stage.loop), 0);
  assert_int_equal(fetcher_new(&stage.fetcher, &stage.loop, &stage.config, NULL), ERR_NONE);
  return 0;
}

static inline void close_loop(void) {
  uv_run(&stage.loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&stage.loop), 0);
}

static inline int close_fetcher(void **state) {
  (void)state;
  if (stage.fetcher) fetcher_close(stage.fetcher);
  stage.fetcher = NULL;
  close_loop();
  return 0;
}

static inline void start_server(struct server *server, const struct script *script,
                                const char *ip) {
  *server = (struct server){.script = script, .certificate = &stage.good};
  server_start(server, ip, &stage.port);
}

static inline void start_fetch(struct run *run, const char *ip) {
  run_init(run);
  add_address(run, ip);
  assert_int_equal(fetcher_start(stage.fetcher, &run->fetch), ERR_NONE);
}

/* Connections to it get no answer: its queue is full. */
struct deaf {
  int fd, clients[4];
};

static inline void deaf_open(struct deaf *deaf, const char *ip) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(stage.port)};
  inet_pton(AF_INET, ip, &at.sin_addr);
  deaf->fd = server_bind(ip, &stage.port, 0);
  for (size_t i = 0; i < 4; i++) {
    deaf->clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    connect(deaf->clients[i], (struct sockaddr *)&at, sizeof at);
  }
}

static inline void deaf_close(struct deaf *deaf) {
  close(deaf->fd);
  for (size_t i = 0; i < 4; i++) close(deaf->clients[i]);
}

#endif
