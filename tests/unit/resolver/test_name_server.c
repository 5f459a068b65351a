/* The sockets of one name server, its rests and pings, on a clock of the test's own. */
#include "scanner/dns/message.h"
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

/* A name server of the test's own, on a clock that it sets. */
struct fixture {
  uv_loop_t loop;
  struct name_server *name_server;
  struct name_server_sockets sockets;
  struct name_server_queries kept;
  struct retries retries;
  struct loop_clock *clock;
  int server;
};

static uint64_t clock_ns;

static uint64_t clock_now(void) {
  return clock_ns;
}

static void fixture_open(struct fixture *fixture, unsigned kept_max) {
  union address address;
  *fixture = (struct fixture){.sockets = {0, 8}, .kept = {0, kept_max}};
  clock_ns = 1000 * ms;
  fixture->server = silent_server(&address);
  retries_init(&fixture->retries);
  assert_int_equal(uv_loop_init(&fixture->loop), 0);
  assert_int_equal(loop_clock_new(&fixture->clock, &fixture->loop, clock_now), ERR_NONE);
  const struct name_server_config config = {.loop = &fixture->loop,
                                            .address = &address,
                                            .timeout_ms = TIMEOUT_MS,
                                            .ports = 1,
                                            .done = on_done,
                                            .clock = fixture->clock,
                                            .retries = &fixture->retries,
                                            .sockets = &fixture->sockets,
                                            .kept = &fixture->kept};
  assert_int_equal(name_server_new(&fixture->name_server, &config), ERR_NONE);
}

static void fixture_close(struct fixture *fixture) {
  name_server_close(fixture->name_server);
  loop_clock_close(fixture->clock);
  uv_run(&fixture->loop, UV_RUN_DEFAULT);
  name_server_free(fixture->name_server);
  assert_int_equal(uv_loop_close(&fixture->loop), 0);
  close(fixture->server);
}

/* The next query that the server has. */
static struct question {
  char bytes[512];
  size_t size;
  struct sockaddr_in from;
} take(const struct fixture *fixture) {
  struct question question;
  socklen_t len = sizeof question.from;
  ssize_t size = recvfrom(fixture->server, question.bytes, sizeof question.bytes, 0,
                          (struct sockaddr *)&question.from, &len);
  assert_true(size > 3);
  question.size = (size_t)size;
  return question;
}

static void say(const struct fixture *fixture, struct question *question, int rcode) {
  question->bytes[2] = (char)0x81;
  question->bytes[3] = (char)rcode;
  assert_int_equal(sendto(fixture->server, question->bytes, question->size, 0,
                          (struct sockaddr *)&question->from, sizeof question->from),
                   question->size);
}

/* Sends a query at that time. */
static struct question ask(struct fixture *fixture, uint64_t now) {
  struct query *query = name_server_query(fixture->name_server);
  assert_non_null(query);
  name_server_send(query, NAME_SERVER_PLAIN, (struct span){packet, sizeof packet - 1}, now);
  name_server_flush(fixture->name_server);
  uv_run(&fixture->loop, UV_RUN_NOWAIT);
  return take(fixture);
}

static uint16_t port_asked(struct fixture *fixture, uint64_t now) {
  return ntohs(ask(fixture, now).from.sin_port);
}

/* A channel on whose port queries lie unanswered steps back after the timeout: the next query goes
 * from another port, and the old one is closed with what it waited for. */
static void test_channel_steps_back(void **state) {
  (void)state;
  struct fixture fixture;
  fixture_open(&fixture, 3);
  struct name_server *name_server = fixture.name_server;
  uint64_t start = loop_clock_now(fixture.clock), timeout = TIMEOUT_MS * ms;
  uint16_t first = port_asked(&fixture, start);
  name_server_tick(name_server, start + timeout);
  assert_int_equal(port_asked(&fixture, start + timeout), first);
  assert_int_equal(fixture.sockets.open, 1);
  name_server_tick(name_server, start + timeout + 1);
  assert_int_not_equal(port_asked(&fixture, start + timeout + 1), first);
  assert_int_equal(fixture.sockets.open, 2);
  assert_false(name_server_ready(name_server, start + timeout + 1)); /* all that may be kept are */
  assert_int_equal(name_server_room(name_server), 0);
  name_server_tick(name_server, start + 2 * timeout + 1);
  assert_int_equal(fixture.sockets.open, 2);
  name_server_tick(name_server, start + 2 * timeout + 2);
  assert_int_equal(fixture.sockets.open, 1);
  assert_int_equal(fixture.kept.kept, 1);
  assert_true(name_server_ready(name_server, start + 2 * timeout + 2));
  assert_true(name_server_room(name_server) > 0);
  fixture_close(&fixture);
}

/* That many refusals, so far apart: does it rest? */
static bool rests_after(unsigned refusals, uint64_t apart) {
  struct fixture fixture;
  fixture_open(&fixture, 1000);
  for (unsigned i = 0; i < refusals; i++) {
    unsigned before = done;
    clock_ns += apart;
    struct question question = ask(&fixture, clock_ns);
    say(&fixture, &question, DNS_REFUSED);
    while (done == before) uv_run(&fixture.loop, UV_RUN_ONCE);
  }
  bool rests = name_server_resting(fixture.name_server);
  fixture_close(&fixture);
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

/* A server that does not answer a ping in the time of a retry either is mute, until it says
 * something, whatever that is. A ping is sent when told to, and once. */
static void test_ping(void **state) {
  (void)state;
  struct fixture fixture;
  fixture_open(&fixture, 1000);
  struct name_server *name_server = fixture.name_server;
  const uint64_t since = clock_ns;
  ask(&fixture, since);
  assert_true(name_server_wants_ping(name_server, since));
  assert_false(name_server_is_mute(name_server, since, since + TIMEOUT_MS * ms));
  assert_true(name_server_wants_ping(name_server, since)); /* to look has sent none */
  clock_ns += ms;
  name_server_ping(name_server, clock_ns);
  name_server_flush(name_server);
  struct question ping = take(&fixture);
  assert_memory_equal(ping.bytes + 12, "\11localhost", 11);
  assert_false(name_server_wants_ping(name_server, since));
  const uint64_t late = clock_ns + CONGESTION_RETRY_START_MS * ms;
  assert_false(name_server_is_mute(name_server, since, late - 1));
  assert_true(name_server_is_mute(name_server, since, late));
  say(&fixture, &ping, DNS_REFUSED);
  for (unsigned before = done; done == before;) uv_run(&fixture.loop, UV_RUN_ONCE);
  assert_false(name_server_is_mute(name_server, since, late));
  assert_false(name_server_wants_ping(name_server, since));
  fixture_close(&fixture);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_channel_steps_back),
                                     cmocka_unit_test(test_refusals), cmocka_unit_test(test_ping)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
