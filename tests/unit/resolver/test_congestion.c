#include "scanner/resolver/congestion.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { MS = 1000000, EPOCH_MS = 2 * CONGESTION_RETRY_MAX_MS };

/* What one epoch is like: of 1,000 queries so many are answered and so many lost; the rest is never
 * heard of. */
struct weather {
  unsigned answered, lost;
  unsigned rtt_ms;
  bool wanted;
};

static uint64_t clock_ns;

static void epoch(struct congestion *congestion, struct weather weather) {
  enum { QUERIES = 1000 };
  for (unsigned i = 0; i < QUERIES; i++) {
    unsigned sent = congestion_sent(congestion, clock_ns);
    if (i < weather.answered)
      congestion_answered(congestion, sent, weather.rtt_ms * (uint64_t)MS);
    else if (i < weather.answered + weather.lost)
      congestion_lost(congestion, sent);
  }
  if (weather.wanted) congestion_wanted(congestion);
  clock_ns += EPOCH_MS * (uint64_t)MS;
}

static unsigned after(unsigned epochs, struct weather weather) {
  struct congestion congestion;
  clock_ns = 1;
  congestion_init(&congestion, clock_ns);
  for (unsigned i = 0; i < epochs; i++) epoch(&congestion, weather);
  return congestion_limit(&congestion);
}

static void test_growth(void **state) {
  (void)state;
  assert_int_equal(after(0, (struct weather){.answered = 0}), CONGESTION_START);
  /* Epochs 0 and 1 tell nothing yet. */
  assert_int_equal(after(2, (struct weather){1000, 0, 20, true}), CONGESTION_START);
  assert_int_equal(after(3, (struct weather){1000, 0, 20, true}), 2 * CONGESTION_START);
  assert_int_equal(after(4, (struct weather){1000, 0, 20, true}), 4 * CONGESTION_START);
  assert_int_equal(after(40, (struct weather){1000, 0, 20, true}), CONGESTION_MAX);
  assert_int_equal(after(40, (struct weather){1000, 0, 20, false}), CONGESTION_START);
}

/* The time of an answer that nobody was there to see come says nothing of the server. */
static void test_an_unknown_time(void **state) {
  (void)state;
  struct congestion congestion;
  congestion_init(&congestion, 1);
  congestion_answered(&congestion, congestion_sent(&congestion, 1), CONGESTION_RTT_UNKNOWN);
  assert_int_equal(congestion_retry(&congestion), CONGESTION_RETRY_START_MS * (uint64_t)MS);
  congestion_answered(&congestion, congestion_sent(&congestion, 1), 300 * (uint64_t)MS);
  uint64_t retry = congestion_retry(&congestion);
  congestion_answered(&congestion, congestion_sent(&congestion, 1), CONGESTION_RTT_UNKNOWN);
  assert_int_equal(congestion_retry(&congestion), retry);
}

static void test_what_is_no_signal(void **state) {
  (void)state;
  /* nine of ten names are never answered */
  assert_int_equal(after(40, (struct weather){100, 0, 20, true}), CONGESTION_MAX);
  /* a line that loses one in twenty */
  assert_int_equal(after(40, (struct weather){950, 50, 20, true}), CONGESTION_MAX);
  /* both */
  assert_int_equal(after(40, (struct weather){95, 5, 20, true}), CONGESTION_MAX);
}

static void test_loss_limit(void **state) {
  (void)state;
  assert_true(after(3, (struct weather){100, CONGESTION_LOSS_PERCENT - 1, 20, true}) >
              CONGESTION_START);
  assert_true(after(3, (struct weather){100, CONGESTION_LOSS_PERCENT, 20, true}) >
              CONGESTION_START);
  assert_true(after(3, (struct weather){100, CONGESTION_LOSS_PERCENT + 1, 20, true}) <
              CONGESTION_START);
  /* never by more than half, and by what was sent under the larger window only once */
  assert_int_equal(after(3, (struct weather){100, 900, 20, true}), CONGESTION_START / 2);
  assert_int_equal(after(4, (struct weather){100, 900, 20, true}), CONGESTION_START / 2);
  assert_int_equal(after(5, (struct weather){100, 900, 20, true}), CONGESTION_START / 4);
  assert_int_equal(after(60, (struct weather){100, 900, 20, true}), 1);
}

static void test_recovery(void **state) {
  (void)state;
  struct congestion congestion;
  congestion_init(&congestion, clock_ns = 1);
  for (int i = 0; i < 60; i++) epoch(&congestion, (struct weather){100, 900, 1, true});
  uint64_t hold = congestion_hold(&congestion);
  assert_true(hold >
              CONGESTION_HOLD_MIN_MS * (uint64_t)MS); /* below one, time stands in for size */
  for (int i = 0; i < 400; i++) epoch(&congestion, (struct weather){1000, 0, 1, true});
  assert_int_equal(congestion_limit(&congestion), CONGESTION_MAX);
  assert_int_equal(congestion_hold(&congestion), CONGESTION_HOLD_MIN_MS * MS);
}

static void test_found_is_not_lost(void **state) {
  (void)state;
  struct congestion congestion;
  congestion_init(&congestion, clock_ns = 1);
  for (int i = 0; i < 3; i++) {
    epoch(&congestion, (struct weather){500, 500, 20, true});
    for (int j = 0; j < 500; j++) congestion_found(&congestion, congestion.epoch);
  }
  assert_int_equal(congestion_limit(&congestion), 2 * CONGESTION_START);
}

/* When the quickest answers take longer, the server's queue is full: no growth, then less. */
static void test_delay(void **state) {
  (void)state;
  struct congestion congestion;
  congestion_init(&congestion, clock_ns = 1);
  for (int i = 0; i < 6; i++) epoch(&congestion, (struct weather){1000, 0, 20, true});
  unsigned before = congestion_limit(&congestion);
  for (int i = 0; i < 2; i++) epoch(&congestion, (struct weather){1000, 0, 900, true});
  unsigned then = congestion_limit(&congestion);
  assert_true(then <= 2 * before);
  for (int i = 0; i < 4; i++) epoch(&congestion, (struct weather){1000, 0, 900, true});
  assert_true(congestion_limit(&congestion) < then);
  for (int i = 0; i < 400; i++) epoch(&congestion, (struct weather){1000, 0, 900, true});
  assert_true(congestion_limit(&congestion) >= CONGESTION_START - CONGESTION_START / 16);
}

static void test_retry_follows_round_trips(void **state) {
  (void)state;
  static const struct {
    unsigned rtt_ms, retry_ms;
  } rows[] = {
      {1, CONGESTION_RETRY_MIN_MS},
      {CONGESTION_RETRY_MIN_MS, CONGESTION_RETRY_MIN_MS},
      {CONGESTION_RETRY_MIN_MS + 50, CONGESTION_RETRY_MIN_MS + 50},
      {CONGESTION_RETRY_MAX_MS, CONGESTION_RETRY_MAX_MS},
      {5 * CONGESTION_RETRY_MAX_MS, CONGESTION_RETRY_MAX_MS},
  };
  struct congestion congestion;
  congestion_init(&congestion, 1);
  assert_int_equal(congestion_retry(&congestion), CONGESTION_RETRY_START_MS * MS);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    congestion_init(&congestion, clock_ns = 1);
    epoch(&congestion, (struct weather){1000, 0, rows[i].rtt_ms, false});
    assert_int_equal(congestion_retry(&congestion) / MS, rows[i].retry_ms);
    assert_true(congestion_hold(&congestion) <= congestion_retry(&congestion));
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
      {{900, 100 * CONGESTION_LOSES_PERCENT / 11, 20, true}, false},
      {{700, 100 * CONGESTION_LOSES_PERCENT / 10, 20, true}, true},
      {{100, 900, 20, true}, true},
  };
  struct congestion congestion;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    congestion_init(&congestion, clock_ns = 1);
    assert_false(congestion_loses(&congestion));
    for (int j = 0; j < 40; j++) epoch(&congestion, rows[i].weather);
    assert_int_equal(congestion_loses(&congestion), rows[i].loses);
  }
  for (int j = 0; j < 40; j++) epoch(&congestion, rows[0].weather);
  assert_false(congestion_loses(&congestion));
}

static void test_late_max(void **state) {
  (void)state;
  struct congestion congestion;
  congestion_init(&congestion, clock_ns = 1);
  assert_int_equal(congestion_late_max(&congestion), 0);
  for (int i = 0; i < 100; i++) congestion_sent(&congestion, clock_ns);
  assert_int_equal(congestion_late_max(&congestion), CONGESTION_LATE_PERCENT);
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
