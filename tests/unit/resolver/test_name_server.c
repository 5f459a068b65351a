/* The sockets of one name server, on a clock of the test's own. */
#include "scanner/resolver/name_server.h"
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { TIMEOUT_MS = 5000 };
static const uint64_t ms = 1000000;

/* a.test TXT */
static const char packet[] = "\0\7\1\0\0\1\0\0\0\0\0\0\1a\4test\0\0\20\0\1";

static unsigned done; /* queries that ended */

static void on_done(struct query *query, enum channel_end end, struct span answer) {
  (void)query, (void)end, (void)answer;
  done++;
}

static int silent_server(union address *address) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof at;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct timeval patience = {.tv_sec = 20};
  assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
  assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
  assert_int_equal(address_parse(SPAN("127.0.0.1"), ntohs(at.sin_port), address), ERR_NONE);
  return fd;
}

/* Sends a query at that time; the port that it comes from. */
static uint16_t ask(struct name_server *name_server, uv_loop_t *loop, int server, uint64_t now) {
  char received[512];
  struct sockaddr_in from;
  socklen_t len = sizeof from;
  struct query *query = name_server_query(name_server);
  assert_non_null(query);
  name_server_send(query, NAME_SERVER_PLAIN, (struct span){packet, sizeof packet - 1}, now);
  name_server_flush(name_server);
  uv_run(loop, UV_RUN_NOWAIT);
  assert_true(recvfrom(server, received, sizeof received, 0, (struct sockaddr *)&from, &len) > 0);
  return ntohs(from.sin_port);
}

/* A channel on whose port queries lie unanswered steps back after the timeout: the next query goes
 * from another port, and the old one is closed with what it waited for. */
static void test_channel_steps_back(void **state) {
  (void)state;
  uv_loop_t loop;
  union address address;
  struct name_server *name_server;
  struct name_server_sockets sockets = {0, 8};
  struct name_server_queries kept = {0, 3};
  struct retries retries;
  struct loop_clock *clock;
  int server = silent_server(&address);
  retries_init(&retries);
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(loop_clock_new(&clock, &loop, uv_hrtime), ERR_NONE);
  const struct name_server_config config = {.loop = &loop,
                                            .address = &address,
                                            .timeout_ms = TIMEOUT_MS,
                                            .ports = 1,
                                            .done = on_done,
                                            .clock = clock,
                                            .retries = &retries,
                                            .sockets = &sockets,
                                            .kept = &kept};
  assert_int_equal(name_server_new(&name_server, &config), ERR_NONE);
  uint64_t start = loop_clock_now(clock), timeout = TIMEOUT_MS * ms;
  uint16_t first = ask(name_server, &loop, server, start);
  name_server_tick(name_server, start + timeout);
  assert_int_equal(ask(name_server, &loop, server, start + timeout), first);
  assert_int_equal(sockets.open, 1);
  name_server_tick(name_server, start + timeout + 1);
  assert_int_not_equal(ask(name_server, &loop, server, start + timeout + 1), first);
  assert_int_equal(sockets.open, 2);
  assert_false(name_server_ready(name_server, start + timeout + 1)); /* all that may be kept are */
  assert_int_equal(name_server_room(name_server), 0);
  name_server_tick(name_server, start + 2 * timeout + 1);
  assert_int_equal(sockets.open, 2);
  name_server_tick(name_server, start + 2 * timeout + 2);
  assert_int_equal(sockets.open, 1);
  assert_int_equal(kept.kept, 1);
  assert_true(name_server_ready(name_server, start + 2 * timeout + 2));
  assert_true(name_server_room(name_server) > 0);
  name_server_close(name_server);
  loop_clock_close(clock);
  uv_run(&loop, UV_RUN_DEFAULT);
  name_server_free(name_server);
  assert_int_equal(uv_loop_close(&loop), 0);
  close(server);
}

/* ---- refusals ---- */

static uint64_t refusing_now;

static uint64_t refusing_clock(void) {
  return refusing_now;
}

/* Asks, and says REFUSED, after so long. */
static void refuse(struct name_server *name_server, uv_loop_t *loop, int server, uint64_t after) {
  char question[512];
  struct sockaddr_in from;
  socklen_t len = sizeof from;
  struct query *query = name_server_query(name_server);
  unsigned before = done;
  assert_non_null(query);
  refusing_now += after;
  name_server_send(query, NAME_SERVER_PLAIN, (struct span){packet, sizeof packet - 1},
                   refusing_now);
  name_server_flush(name_server);
  ssize_t size = recvfrom(server, question, sizeof question, 0, (struct sockaddr *)&from, &len);
  assert_true(size > 3);
  question[2] = (char)0x81;
  question[3] = 5;
  assert_int_equal(sendto(server, question, (size_t)size, 0, (struct sockaddr *)&from, len), size);
  while (done == before) uv_run(loop, UV_RUN_ONCE);
}

/* That many, so far apart: does it rest? */
static bool rests_after(unsigned refusals, uint64_t apart) {
  uv_loop_t loop;
  union address address;
  struct name_server *name_server;
  struct name_server_sockets sockets = {0, 8};
  struct name_server_queries kept = {0, 1000};
  struct retries retries;
  struct loop_clock *clock;
  int server = silent_server(&address);
  retries_init(&retries);
  refusing_now = 1000 * ms;
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(loop_clock_new(&clock, &loop, refusing_clock), ERR_NONE);
  const struct name_server_config config = {.loop = &loop,
                                            .address = &address,
                                            .timeout_ms = TIMEOUT_MS,
                                            .ports = 1,
                                            .done = on_done,
                                            .clock = clock,
                                            .retries = &retries,
                                            .sockets = &sockets,
                                            .kept = &kept};
  assert_int_equal(name_server_new(&name_server, &config), ERR_NONE);
  for (unsigned i = 0; i < refusals; i++) refuse(name_server, &loop, server, apart);
  bool rests = name_server_resting(name_server);
  name_server_close(name_server);
  loop_clock_close(clock);
  uv_run(&loop, UV_RUN_DEFAULT);
  name_server_free(name_server);
  assert_int_equal(uv_loop_close(&loop), 0);
  close(server);
  return rests;
}

/* One domain's questions, each with all its tries, are no proof; nor is a burst. */
static void test_refusals(void **state) {
  (void)state;
  uint64_t apart = NAME_SERVER_REST_MS * ms / (NAME_SERVER_REST_REFUSALS - 2);
  assert_int_equal(NAME_SERVER_REST_REFUSALS, 64);
  assert_false(rests_after(63, apart));
  assert_true(rests_after(64, apart));
  assert_false(rests_after(64, apart / 2));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_channel_steps_back),
                                     cmocka_unit_test(test_refusals)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
