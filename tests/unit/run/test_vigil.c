/* A watch over a name server on loopback that is silent, answers, or says what cannot be read. */
#include "scanner/run/vigil.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { QUERY_MAX = 512, HEADER_SIZE = 12, RCODE_REFUSED = 5 };

enum speech { SPEECH_NONE, SPEECH_NXDOMAIN, SPEECH_REFUSED, SPEECH_MALFORMED };

struct watch {
  uv_loop_t loop;
  uv_udp_t server;
  uv_timer_t timer;
  union address address;
  enum speech speech;
  unsigned queries;
  struct vigil *vigil;
  unsigned gone, back, back_from_gone;
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
  reply[3] = speech == SPEECH_NXDOMAIN ? 3 : speech == SPEECH_REFUSED ? RCODE_REFUSED : 0;
  memset(reply + 6, 0, 6);
  reply[7] = speech == SPEECH_MALFORMED;
  return end;
}

static void server_heard(uv_udp_t *server, ssize_t size, const uv_buf_t *buffer,
                         const struct sockaddr *from, unsigned flags) {
  struct watch *watch = server->data;
  unsigned char reply[QUERY_MAX];
  (void)flags;
  if (size <= 0 || !from) return;
  watch->queries++;
  if (watch->speech == SPEECH_NONE) return;
  size_t len = server_reply(watch->speech, buffer->base, (size_t)size, reply);
  uv_buf_t out = uv_buf_init((char *)reply, (unsigned)len);
  uv_udp_try_send(server, &out, 1, from);
}

static void watch_speak(uv_timer_t *timer) {
  struct watch *watch = timer->data;
  watch->speech = SPEECH_NXDOMAIN;
}

/* It stays silent for a second round, and speaks in the third. */
static void watch_gone(void *data) {
  struct watch *watch = data;
  if (watch->gone++) return;
  assert_int_equal(0, watch->back);
  uv_timer_start(&watch->timer, watch_speak, VIGIL_TIMEOUT_MS + VIGIL_TIMEOUT_MS / 4, 0);
}

static void watch_back(void *data, bool gone) {
  struct watch *watch = data;
  watch->back++;
  watch->back_from_gone += gone;
}

static int setup(void **state) {
  static struct watch watch;
  watch = (struct watch){.address.v4.sin_family = AF_INET};
  watch.address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int size = sizeof watch.address.v4;
  assert_int_equal(0, uv_loop_init(&watch.loop));
  assert_int_equal(0, uv_udp_init(&watch.loop, &watch.server));
  assert_int_equal(0, uv_timer_init(&watch.loop, &watch.timer));
  watch.server.data = watch.timer.data = &watch;
  assert_int_equal(0, uv_udp_bind(&watch.server, &watch.address.any, 0));
  assert_int_equal(0, uv_udp_getsockname(&watch.server, &watch.address.any, &size));
  assert_int_equal(0, uv_udp_recv_start(&watch.server, server_alloc, server_heard));
  struct vigil_config config = {
      .loop = &watch.loop,
      .servers = &watch.address,
      .server_count = 1,
      .gone = watch_gone,
      .back = watch_back,
      .data = &watch,
  };
  assert_int_equal(ERR_NONE, vigil_new(&watch.vigil, &config));
  *state = &watch;
  return 0;
}

/* Whatever is still to come has come when the loop is over. */
static void watch_end(struct watch *watch) {
  vigil_free(watch->vigil);
  watch->vigil = NULL;
  uv_close((uv_handle_t *)&watch->server, NULL);
  uv_close((uv_handle_t *)&watch->timer, NULL);
  uv_run(&watch->loop, UV_RUN_DEFAULT);
}

static int teardown(void **state) {
  struct watch *watch = *state;
  if (watch->vigil) watch_end(watch);
  return uv_loop_close(&watch->loop);
}

static void watch_until_back(struct watch *watch) {
  assert_int_equal(ERR_NONE, vigil_begin(watch->vigil));
  assert_int_equal(ERR_NONE, vigil_begin(watch->vigil)); /* it is under way */
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

static void test_freed_under_way_it_calls_nobody(void **state) {
  struct watch *watch = *state;
  assert_int_equal(ERR_NONE, vigil_begin(watch->vigil));
  while (watch->queries == 0) uv_run(&watch->loop, UV_RUN_ONCE);
  watch_end(watch);
  assert_int_equal(0, watch->gone + watch->back);
}

static void test_freed_before_it_has_asked(void **state) {
  struct watch *watch = *state;
  watch->speech = SPEECH_NXDOMAIN;
  assert_int_equal(ERR_NONE, vigil_begin(watch->vigil));
  watch_end(watch);
  assert_int_equal(0, watch->gone + watch->back);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_a_silent_server_is_gone_once),
      TEST(test_whatever_is_said_is_an_answer),
      TEST(test_freed_under_way_it_calls_nobody),
      TEST(test_freed_before_it_has_asked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
