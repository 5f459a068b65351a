/* A watch over a name server on loopback that is silent, answers, says what cannot be read, or
 * reaches nobody. */
#include "scanner/run/outage_watch.h"
#include "scanner/sts/domain.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* So short that they can be waited out. */
enum { TIMEOUT_MS = 200, PAUSE_MS = 50, PATIENCE_MS = 300 };

enum { QUERY_MAX = 512, HEADER_SIZE = 12, RCODE_SERVFAIL = 2, RCODE_NXDOMAIN, RCODE_REFUSED = 5 };

enum speech { SPEECH_NONE, SPEECH_NXDOMAIN, SPEECH_REFUSED, SPEECH_MALFORMED, SPEECH_SERVFAIL };

static const unsigned char rcodes[] = {
    [SPEECH_NXDOMAIN] = RCODE_NXDOMAIN,
    [SPEECH_REFUSED] = RCODE_REFUSED,
    [SPEECH_SERVFAIL] = RCODE_SERVFAIL,
};

struct watch {
  uv_loop_t loop;
  uv_udp_t server;
  uv_timer_t timer;
  union address address;
  enum speech speech;
  unsigned queries, trials;
  const char *known[OUTAGE_WATCH_KNOWN_MAX];
  unsigned failing; /* of them, the first ones, with SERVFAIL */
  bool top_failing;
  struct outage_watch *outage;
  bool hopeless; /* it never becomes better */
  unsigned gone, gone_silent, back, back_from_gone, given_up;
};

static void server_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer) {
  static char bytes[65536];
  (void)handle;
  (void)wanted;
  *buffer = uv_buf_init(bytes, sizeof bytes);
}

/* The query's header and question, as a response; malformed: with an answer that is not there. */
static size_t server_reply(enum speech speech, const char *query, size_t size,
                           unsigned char reply[QUERY_MAX]) {
  size_t end = HEADER_SIZE;
  while (end < size && query[end]) end += (size_t)query[end] + 1;
  end += 5; /* the root, type and class */
  assert_true(end <= size && size <= QUERY_MAX);
  memcpy(reply, query, end);
  reply[2] = 0x81; /* QR, RD */
  reply[3] = rcodes[speech];
  memset(reply + 6, 0, 6);
  reply[7] = speech == SPEECH_MALFORMED;
  return end;
}

/* What is said of the name: "xLABEL.0.example" is below the first of the known, "xLABEL.example"
 * below the top. */
static enum speech server_speech(struct watch *watch, const char *query) {
  const char *name = query + HEADER_SIZE;
  if (name[0] == sizeof "localhost" - 1 && memcmp(name + 1, "localhost", (size_t)name[0]) == 0)
    return watch->speech;
  watch->trials++;
  const char *second = name + 1 + name[0];
  bool top = second[1] == 'e';
  bool failing = top ? watch->top_failing : (unsigned)(second[1] - '0') < watch->failing;
  return failing ? SPEECH_SERVFAIL : SPEECH_NXDOMAIN;
}

static void server_heard(uv_udp_t *server, ssize_t size, const uv_buf_t *buffer,
                         const struct sockaddr *from, unsigned flags) {
  struct watch *watch = server->data;
  unsigned char reply[QUERY_MAX];
  (void)flags;
  if (size <= 0 || !from) return;
  watch->queries++;
  if (watch->speech == SPEECH_NONE) return;
  enum speech speech = server_speech(watch, buffer->base);
  size_t len = server_reply(speech, buffer->base, (size_t)size, reply);
  uv_buf_t out = uv_buf_init((char *)reply, (unsigned)len);
  uv_udp_try_send(server, &out, 1, from);
}

static void watch_speak(uv_timer_t *timer) {
  struct watch *watch = timer->data;
  watch->speech = SPEECH_NXDOMAIN;
}

static void watch_mend(uv_timer_t *timer) {
  struct watch *watch = timer->data;
  watch->failing = 1;
}

/* It is as it was for a second round, and better in the third. */
static void watch_gone(void *data, bool silent) {
  struct watch *watch = data;
  watch->gone_silent += silent;
  if (watch->gone++ || watch->hopeless) return;
  assert_int_equal(0, watch->back);
  if (silent)
    uv_timer_start(&watch->timer, watch_speak, TIMEOUT_MS + TIMEOUT_MS / 4, 0);
  else
    uv_timer_start(&watch->timer, watch_mend, PAUSE_MS + PAUSE_MS / 2, 0);
}

static struct span watch_known(void *data, size_t i) {
  const struct watch *watch = data;
  return span_of(watch->known[i]);
}

static void watch_back(void *data, enum outage_watch_end end) {
  struct watch *watch = data;
  watch->back++;
  watch->back_from_gone += end == OUTAGE_WATCH_OVER;
  watch->given_up += end == OUTAGE_WATCH_GIVEN_UP;
}

static int setup(void **state) {
  static struct watch watch;
  watch = (struct watch){.address.v4.sin_family = AF_INET};
  watch.address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (size_t i = 0; i < OUTAGE_WATCH_KNOWN_MAX; i++) watch.known[i] = "";
  int size = sizeof watch.address.v4;
  assert_int_equal(0, uv_loop_init(&watch.loop));
  assert_int_equal(0, uv_udp_init(&watch.loop, &watch.server));
  assert_int_equal(0, uv_timer_init(&watch.loop, &watch.timer));
  watch.server.data = watch.timer.data = &watch;
  assert_int_equal(0, uv_udp_bind(&watch.server, &watch.address.any, 0));
  assert_int_equal(0, uv_udp_getsockname(&watch.server, &watch.address.any, &size));
  assert_int_equal(0, uv_udp_recv_start(&watch.server, server_alloc, server_heard));
  struct outage_watch_config config = {
      .loop = &watch.loop,
      .servers = &watch.address,
      .server_count = 1,
      .timeout_ms = TIMEOUT_MS,
      .pause_ms = PAUSE_MS,
      .patience_ms = PATIENCE_MS,
      .known = watch_known,
      .gone = watch_gone,
      .back = watch_back,
      .data = &watch,
  };
  assert_int_equal(ERR_NONE, outage_watch_new(&watch.outage, &config));
  *state = &watch;
  return 0;
}

/* Whatever is still to come has come when the loop is over. */
static void watch_end(struct watch *watch) {
  outage_watch_free(watch->outage);
  watch->outage = NULL;
  uv_close((uv_handle_t *)&watch->server, NULL);
  uv_close((uv_handle_t *)&watch->timer, NULL);
  uv_run(&watch->loop, UV_RUN_DEFAULT);
}

static int teardown(void **state) {
  struct watch *watch = *state;
  if (watch->outage) watch_end(watch);
  return uv_loop_close(&watch->loop);
}

static void watch_until_back(struct watch *watch) {
  assert_int_equal(ERR_NONE, outage_watch_begin(watch->outage));
  assert_int_equal(ERR_NONE, outage_watch_begin(watch->outage)); /* it is under way */
  for (unsigned before = watch->back; watch->back == before;) uv_run(&watch->loop, UV_RUN_ONCE);
}

static void test_a_silent_server_is_gone_once(void **state) {
  struct watch *watch = *state;
  watch_until_back(watch);
  assert_int_equal(1, watch->gone);
  assert_int_equal(1, watch->back_from_gone);
  watch_until_back(watch); /* another vigil: what was, is over */
  watch_end(watch);
  assert_int_equal(1, watch->gone);
  assert_int_equal(2, watch->back);
  assert_int_equal(1, watch->back_from_gone);
}

static void test_whatever_is_said_is_an_answer(void **state) {
  static const enum speech speeches[] = {SPEECH_NXDOMAIN, SPEECH_REFUSED, SPEECH_MALFORMED};
  struct watch *watch = *state;
  for (unsigned i = 0; i < sizeof speeches / sizeof *speeches; i++) {
    watch->speech = speeches[i];
    watch_until_back(watch);
    assert_int_equal(i + 1, watch->back);
  }
  watch_end(watch);
  assert_int_equal(sizeof speeches / sizeof *speeches, watch->back);
  assert_int_equal(0, watch->gone);
  assert_int_equal(0, watch->back_from_gone);
}

static const char *const domains[OUTAGE_WATCH_KNOWN_MAX] = {"0.example", "1.example", "2.example",
                                                            "3.example", "4.example", "5.example",
                                                            "6.example", "7.example"};

/* One suffices, below a known domain or the top. */
static void test_who_answers_reaches_somebody(void **state) {
  static const struct row {
    unsigned known, failing;
    bool top_failing;
  } rows[] = {{1, 0, true}, {2, 1, true}, {8, 0, true}, {8, 7, true}, {8, 8, false}, {1, 1, false}};
  struct watch *watch = *state;
  watch->speech = SPEECH_NXDOMAIN;
  for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
    watch->failing = rows[i].failing;
    watch->top_failing = rows[i].top_failing;
    memcpy(watch->known, domains, rows[i].known * sizeof *domains);
    watch_until_back(watch);
    assert_true(watch->trials >= i + 1);
  }
  assert_int_equal(0, watch->gone);
}

static void test_who_reaches_nobody_is_gone_once(void **state) {
  struct watch *watch = *state;
  watch->speech = SPEECH_NXDOMAIN;
  watch->failing = OUTAGE_WATCH_KNOWN_MAX;
  watch->top_failing = true;
  memcpy(watch->known, domains, sizeof domains);
  watch_until_back(watch);
  watch_end(watch);
  assert_int_equal(1, watch->gone);
  assert_int_equal(0, watch->gone_silent);
  assert_int_equal(1, watch->back_from_gone);
}

static void watch_despair(struct watch *watch, unsigned known) {
  watch->speech = SPEECH_NXDOMAIN;
  watch->failing = OUTAGE_WATCH_KNOWN_MAX;
  watch->top_failing = watch->hopeless = true;
  memcpy(watch->known, domains, known * sizeof *domains);
}

static void test_one_domain_that_fails_for_good_is_given_up(void **state) {
  struct watch *watch = *state;
  watch_despair(watch, 1);
  watch_until_back(watch);
  watch_end(watch);
  assert_int_equal(1, watch->gone);
  assert_int_equal(1, watch->given_up);
  assert_int_equal(0, watch->back_from_gone);
}

static void watch_stop(uv_timer_t *timer) {
  uv_stop(timer->loop);
}

static void test_two_domains_are_waited_for(void **state) {
  struct watch *watch = *state;
  watch_despair(watch, 2);
  assert_int_equal(ERR_NONE, outage_watch_begin(watch->outage));
  uv_timer_start(&watch->timer, watch_stop, 4 * PATIENCE_MS, 0);
  uv_run(&watch->loop, UV_RUN_DEFAULT);
  assert_int_equal(1, watch->gone);
  assert_int_equal(0, watch->back);
}

static void test_a_name_without_room_for_a_label_is_not_tried(void **state) {
  static char longest[DOMAIN_LENGTH_MAX + 1], longer[DOMAIN_LENGTH_MAX + 2];
  struct watch *watch = *state;
  watch->speech = SPEECH_NXDOMAIN;
  for (size_t i = 0; i < DOMAIN_LENGTH_MAX; i++) longest[i] = longer[i] = i % 60 == 59 ? '.' : 'a';
  longer[DOMAIN_LENGTH_MAX] = 'a';
  watch->known[0] = longer;
  watch_until_back(watch);
  assert_int_equal(1, watch->trials); /* below its top */
  watch->known[0] = longest;
  watch_until_back(watch);
  assert_in_range(watch->trials, 2, 3); /* and what is below the two tops, one of which suffices */
}

static void test_freed_in_a_pause(void **state) {
  struct watch *watch = *state;
  watch->speech = SPEECH_NXDOMAIN;
  watch->failing = 1;
  watch->top_failing = true;
  watch->known[0] = domains[0];
  assert_int_equal(ERR_NONE, outage_watch_begin(watch->outage));
  while (watch->gone == 0) uv_run(&watch->loop, UV_RUN_ONCE);
  watch_end(watch);
  assert_int_equal(0, watch->back);
}

static void test_freed_under_way_it_calls_nobody(void **state) {
  struct watch *watch = *state;
  assert_int_equal(ERR_NONE, outage_watch_begin(watch->outage));
  while (watch->queries == 0) uv_run(&watch->loop, UV_RUN_ONCE);
  watch_end(watch);
  assert_int_equal(0, watch->gone + watch->back);
}

static void test_freed_before_it_has_asked(void **state) {
  struct watch *watch = *state;
  watch->speech = SPEECH_NXDOMAIN;
  assert_int_equal(ERR_NONE, outage_watch_begin(watch->outage));
  watch_end(watch);
  assert_int_equal(0, watch->gone + watch->back);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_a_silent_server_is_gone_once),
      TEST(test_whatever_is_said_is_an_answer),
      TEST(test_who_answers_reaches_somebody),
      TEST(test_who_reaches_nobody_is_gone_once),
      TEST(test_one_domain_that_fails_for_good_is_given_up),
      TEST(test_two_domains_are_waited_for),
      TEST(test_a_name_without_room_for_a_label_is_not_tried),
      TEST(test_freed_in_a_pause),
      TEST(test_freed_under_way_it_calls_nobody),
      TEST(test_freed_before_it_has_asked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
