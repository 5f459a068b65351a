#include "scanner/resolver/congestion.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { MS = 1000000, EPOCH_MS = 2 * WINDOW_RETRY_MAX_MS };

/* What one epoch is like: of 1,000 queries so many are answered and so many lost; the rest is never
 * heard of. */
struct weather {
  unsigned answered, lost;
  unsigned rtt_ms;
  bool wanted;
};

static uint64_t clock_ns;

static void epoch(struct window *window, struct weather weather) {
  enum { QUERIES = 1000 };
  for (unsigned i = 0; i < QUERIES; i++) {
    unsigned sent = window_sent(window, clock_ns);
    if (i < weather.answered)
      window_answered(window, sent, weather.rtt_ms * (uint64_t)MS);
    else if (i < weather.answered + weather.lost)
      window_lost(window, sent);
  }
  if (weather.wanted) window_wanted(window);
  clock_ns += EPOCH_MS * (uint64_t)MS;
}

static unsigned after(unsigned epochs, struct weather weather) {
  struct window window;
  clock_ns = 1;
  window_init(&window, clock_ns);
  for (unsigned i = 0; i < epochs; i++) epoch(&window, weather);
  return window_limit(&window);
}

static void test_growth(void **state) {
  (void)state;
  assert_int_equal(after(0, (struct weather){.answered = 0}), WINDOW_START);
  /* Epochs 0 and 1 tell nothing yet. */
  assert_int_equal(after(2, (struct weather){1000, 0, 20, true}), WINDOW_START);
  assert_int_equal(after(3, (struct weather){1000, 0, 20, true}), 2 * WINDOW_START);
  assert_int_equal(after(4, (struct weather){1000, 0, 20, true}), 4 * WINDOW_START);
  assert_int_equal(after(40, (struct weather){1000, 0, 20, true}), WINDOW_MAX);
  assert_int_equal(after(40, (struct weather){1000, 0, 20, false}), WINDOW_START);
}

/* The time of an answer that nobody was there to see come says nothing of the server. */
static void test_an_unknown_time(void **state) {
  (void)state;
  struct window window;
  window_init(&window, 1);
  window_answered(&window, window_sent(&window, 1), WINDOW_RTT_UNKNOWN);
  assert_int_equal(window_retry(&window), WINDOW_RETRY_START_MS * (uint64_t)MS);
  window_answered(&window, window_sent(&window, 1), 300 * (uint64_t)MS);
  uint64_t retry = window_retry(&window);
  window_answered(&window, window_sent(&window, 1), WINDOW_RTT_UNKNOWN);
  assert_int_equal(window_retry(&window), retry);
}

static void test_what_is_no_signal(void **state) {
  (void)state;
  /* nine of ten names are never answered */
  assert_int_equal(after(40, (struct weather){100, 0, 20, true}), WINDOW_MAX);
  /* a line that loses one in twenty */
  assert_int_equal(after(40, (struct weather){950, 50, 20, true}), WINDOW_MAX);
  /* both */
  assert_int_equal(after(40, (struct weather){95, 5, 20, true}), WINDOW_MAX);
}

static void test_loss_limit(void **state) {
  (void)state;
  assert_true(after(3, (struct weather){100, WINDOW_LOSS_PERCENT - 1, 20, true}) > WINDOW_START);
  assert_true(after(3, (struct weather){100, WINDOW_LOSS_PERCENT, 20, true}) > WINDOW_START);
  assert_true(after(3, (struct weather){100, WINDOW_LOSS_PERCENT + 1, 20, true}) < WINDOW_START);
  /* never by more than half, and by what was sent under the larger window only once */
  assert_int_equal(after(3, (struct weather){100, 900, 20, true}), WINDOW_START / 2);
  assert_int_equal(after(4, (struct weather){100, 900, 20, true}), WINDOW_START / 2);
  assert_int_equal(after(5, (struct weather){100, 900, 20, true}), WINDOW_START / 4);
  assert_int_equal(after(60, (struct weather){100, 900, 20, true}), 1);
}

static void test_recovery(void **state) {
  (void)state;
  struct window window;
  window_init(&window, clock_ns = 1);
  for (int i = 0; i < 60; i++) epoch(&window, (struct weather){100, 900, 1, true});
  uint64_t hold = window_hold(&window);
  assert_true(hold > WINDOW_HOLD_MIN_MS * (uint64_t)MS); /* below one, time stands in for size */
  for (int i = 0; i < 400; i++) epoch(&window, (struct weather){1000, 0, 1, true});
  assert_int_equal(window_limit(&window), WINDOW_MAX);
  assert_int_equal(window_hold(&window), WINDOW_HOLD_MIN_MS * MS);
}

static void test_found_is_not_lost(void **state) {
  (void)state;
  struct window window;
  window_init(&window, clock_ns = 1);
  for (int i = 0; i < 3; i++) {
    epoch(&window, (struct weather){500, 500, 20, true});
    for (int j = 0; j < 500; j++) window_found(&window, window.epoch);
  }
  assert_int_equal(window_limit(&window), 2 * WINDOW_START);
}

/* When the quickest answers take longer, the server's queue is full: no growth, then less. */
static void test_delay(void **state) {
  (void)state;
  struct window window;
  window_init(&window, clock_ns = 1);
  for (int i = 0; i < 6; i++) epoch(&window, (struct weather){1000, 0, 20, true});
  unsigned before = window_limit(&window);
  for (int i = 0; i < 2; i++) epoch(&window, (struct weather){1000, 0, 900, true});
  unsigned then = window_limit(&window);
  assert_true(then <= 2 * before);
  for (int i = 0; i < 4; i++) epoch(&window, (struct weather){1000, 0, 900, true});
  assert_true(window_limit(&window) < then);
  for (int i = 0; i < 400; i++) epoch(&window, (struct weather){1000, 0, 900, true});
  assert_true(window_limit(&window) >= WINDOW_START - WINDOW_START / 16);
}

static void test_retry_follows_round_trips(void **state) {
  (void)state;
  static const struct {
    unsigned rtt_ms, retry_ms;
  } rows[] = {
      {1, WINDOW_RETRY_MIN_MS},
      {WINDOW_RETRY_MIN_MS, WINDOW_RETRY_MIN_MS},
      {WINDOW_RETRY_MIN_MS + 50, WINDOW_RETRY_MIN_MS + 50},
      {WINDOW_RETRY_MAX_MS, WINDOW_RETRY_MAX_MS},
      {5 * WINDOW_RETRY_MAX_MS, WINDOW_RETRY_MAX_MS},
  };
  struct window window;
  window_init(&window, 1);
  assert_int_equal(window_retry(&window), WINDOW_RETRY_START_MS * MS);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    window_init(&window, clock_ns = 1);
    epoch(&window, (struct weather){1000, 0, rows[i].rtt_ms, false});
    assert_int_equal(window_retry(&window) / MS, rows[i].retry_ms);
    assert_true(window_hold(&window) <= window_retry(&window));
  }
}

static void test_loses(void **state) {
  (void)state;
  static const struct {
    struct weather weather;
    bool loses;
  } rows[] = {
      {{1000, 0, 20, true}, false},
      {{100, 0, 20, true}, false}, /* unanswered, but not lost */
      {{900, 100 * WINDOW_LOSES_PERCENT / 11, 20, true}, false},
      {{700, 100 * WINDOW_LOSES_PERCENT / 10, 20, true}, true},
      {{100, 900, 20, true}, true},
  };
  struct window window;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    window_init(&window, clock_ns = 1);
    assert_false(window_loses(&window));
    for (int j = 0; j < 40; j++) epoch(&window, rows[i].weather);
    assert_int_equal(window_loses(&window), rows[i].loses);
  }
  for (int j = 0; j < 40; j++) epoch(&window, rows[0].weather);
  assert_false(window_loses(&window));
}

static void test_late_max(void **state) {
  (void)state;
  struct window window;
  window_init(&window, clock_ns = 1);
  assert_int_equal(window_late_max(&window), 0);
  for (int i = 0; i < 100; i++) window_sent(&window, clock_ns);
  assert_int_equal(window_late_max(&window), WINDOW_LATE_PERCENT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_growth),
      cmocka_unit_test(test_an_unknown_time),
      cmocka_unit_test(test_what_is_no_signal),
      cmocka_unit_test(test_loss_limit),
      cmocka_unit_test(test_recovery),
      cmocka_unit_test(test_found_is_not_lost),
      cmocka_unit_test(test_delay),
      cmocka_unit_test(test_retry_follows_round_trips),
      cmocka_unit_test(test_loses),
      cmocka_unit_test(test_late_max),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
