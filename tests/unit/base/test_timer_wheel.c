#include "scanner/base/timer_wheel.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const uint64_t tick = TIMER_WHEEL_TICK_MS * UINT64_C(1000000);

static unsigned turn(struct timer_wheel *wheel, uint64_t now) {
  struct ring due;
  unsigned count = 0;
  ring_init(&due);
  timer_wheel_turn(wheel, now, &due);
  for (; !ring_empty(&due); count++) ring_remove(due.next);
  return count;
}

static void test_fires_when_due(void **state) {
  (void)state;
  static const uint64_t rows[] = {/* ticks */ 1,         2,
                                  TIMER_WHEEL_SLOTS - 1, TIMER_WHEEL_SLOTS,
                                  TIMER_WHEEL_SLOTS + 1, 3 * TIMER_WHEEL_SLOTS};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct timer_wheel wheel;
    struct timer_wheel_timer timer;
    timer_wheel_init(&wheel, 7 * tick);
    timer_wheel_timer_init(&timer);
    timer_wheel_set(&wheel, &timer, (7 + rows[i]) * tick - 1);
    for (uint64_t at = 1; at < rows[i]; at++) assert_int_equal(turn(&wheel, (7 + at) * tick), 0);
    assert_int_equal(turn(&wheel, (7 + rows[i]) * tick), 1);
    assert_int_equal(turn(&wheel, (7 + 4 * rows[i]) * tick), 0);
  }
}

static void test_late_turn_fires_all(void **state) {
  (void)state;
  struct timer_wheel wheel;
  struct timer_wheel_timer timers[3 * TIMER_WHEEL_SLOTS];
  timer_wheel_init(&wheel, 0);
  for (uint64_t i = 0; i < 3 * TIMER_WHEEL_SLOTS; i++) {
    timer_wheel_timer_init(&timers[i]);
    timer_wheel_set(&wheel, &timers[i], i * tick);
  }
  assert_int_equal(turn(&wheel, (2 * TIMER_WHEEL_SLOTS) * tick), 2 * TIMER_WHEEL_SLOTS + 1);
  assert_int_equal(turn(&wheel, UINT64_MAX), TIMER_WHEEL_SLOTS - 1);
}

static void test_set_again_and_stop(void **state) {
  (void)state;
  struct timer_wheel wheel;
  struct timer_wheel_timer first, second;
  timer_wheel_init(&wheel, 0);
  timer_wheel_timer_init(&first);
  timer_wheel_timer_init(&second);
  timer_wheel_set(&wheel, &first, 2 * tick);
  timer_wheel_set(&wheel, &first, 4 * tick);
  timer_wheel_set(&wheel, &second, 4 * tick);
  timer_wheel_stop(&second);
  timer_wheel_stop(&second);
  assert_int_equal(turn(&wheel, 3 * tick), 0);
  assert_int_equal(turn(&wheel, 4 * tick), 1);
}

/* What is due already fires with the next turn, not in the past. */
static void test_set_in_the_past(void **state) {
  (void)state;
  struct timer_wheel wheel;
  struct timer_wheel_timer timer;
  timer_wheel_init(&wheel, 100 * tick);
  timer_wheel_timer_init(&timer);
  timer_wheel_set(&wheel, &timer, 5 * tick);
  assert_int_equal(turn(&wheel, 100 * tick), 0);
  assert_int_equal(turn(&wheel, 101 * tick), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fires_when_due),
      cmocka_unit_test(test_late_turn_fires_all),
      cmocka_unit_test(test_set_again_and_stop),
      cmocka_unit_test(test_set_in_the_past),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
