#include "scanner/net/loop_clock.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint64_t skipped_ns;

static uint64_t source(void) {
  return uv_hrtime() + skipped_ns;
}

enum { STALL_MS = 2 * STOPWATCH_TURN_MS, TURNS_AFTER = 3 };

static const uint64_t ms = 1000000;

struct fixture {
  uv_loop_t loop;
  struct loop_clock *clock;
  uint64_t seen; /* before the stall */
  unsigned turns;
};

static void stand_still(uv_timer_t *timer) {
  struct fixture *fixture = timer->data;
  fixture->seen = loop_clock_now(fixture->clock);
  skipped_ns += STALL_MS * ms;
  assert_true(loop_clock_now(fixture->clock) == fixture->seen);
  assert_true(loop_clock_stood_still(fixture->clock));
  assert_true(loop_clock_lost(fixture->clock) >= STALL_MS * ms);
}

static void count_turns(uv_check_t *check) {
  struct fixture *fixture = check->data;
  if (fixture->seen && ++fixture->turns == TURNS_AFTER) uv_stop(&fixture->loop);
}

static void close_any(uv_handle_t *handle, void *data) {
  (void)data;
  if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static void test_a_callback_that_takes_long(void **state) {
  (void)state;
  struct fixture fixture = {.clock = NULL};
  uv_timer_t timer;
  uv_check_t check;
  uv_loop_init(&fixture.loop);
  assert_int_equal(loop_clock_new(&fixture.clock, &fixture.loop, source), ERR_NONE);
  uv_timer_init(&fixture.loop, &timer);
  uv_check_init(&fixture.loop, &check);
  timer.data = check.data = &fixture;
  uv_timer_start(&timer, stand_still, 10, 0);
  uv_check_start(&check, count_turns);
  uv_run(&fixture.loop, UV_RUN_DEFAULT);
  assert_false(loop_clock_stood_still(fixture.clock));
  assert_true(loop_clock_now(fixture.clock) >= fixture.seen + STOPWATCH_TURN_MS * ms);
  assert_true(loop_clock_lost(fixture.clock) >= (STALL_MS - STOPWATCH_TURN_MS) * ms);
  loop_clock_close(fixture.clock);
  uv_walk(&fixture.loop, close_any, NULL);
  uv_run(&fixture.loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&fixture.loop), 0);
}

/* It alone keeps no loop going. */
static void test_a_loop_without_work_ends(void **state) {
  (void)state;
  uv_loop_t loop;
  struct loop_clock *clock;
  uv_loop_init(&loop);
  assert_int_equal(loop_clock_new(&clock, &loop, uv_hrtime), ERR_NONE);
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
  loop_clock_close(clock);
  loop_clock_close(NULL);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_callback_that_takes_long),
      cmocka_unit_test(test_a_loop_without_work_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
