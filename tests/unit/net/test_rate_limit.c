#include "scanner/net/rate_limit.h"
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SECONDS = 3, THREADS = 4 };

#define MS     UINT64_C(1000000)
#define SECOND (1000 * MS)
#define DAY    (86400 * SECOND)

static struct rate_limit *part_of(unsigned per_second, unsigned parts) {
  struct rate_limit *limit;
  assert_int_equal(ERR_NONE, rate_limit_new(&limit, per_second, parts));
  return limit;
}

static struct rate_limit *limit_of(unsigned per_second) {
  return part_of(per_second, 1);
}

static uint64_t burst_of(unsigned per_second) {
  return (uint64_t)per_second * RATE_LIMIT_BURST_NS / SECOND + 1;
}

static void test_zero_is_no_limit(void **state) {
  struct rate_limit *limit = limit_of(0);
  uint64_t wait = 1;
  (void)state;
  for (int i = 0; i < 3; i++)
    assert_int_equal(UINT_MAX, rate_limit_take(limit, UINT_MAX, 0, &wait));
  assert_int_equal(0, wait);
  rate_limit_free(limit);
  assert_int_equal(7, rate_limit_take(NULL, 7, 0, &wait));
  rate_limit_free(NULL);
}

static void test_wait_is_when_the_next_is_due(void **state) {
  static const unsigned rates[] = {1, 3, 99, 100, 101, 20000, 999999999, 1000000000, UINT_MAX};
  (void)state;
  for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
    struct rate_limit *limit = limit_of(rates[i]);
    uint64_t now = DAY, wait;
    for (int round = 0; round < 5; round++) {
      rate_limit_take(limit, UINT_MAX, now, &wait);
      assert_int_not_equal(0, wait);
      assert_true(wait <= 1 + (SECOND - 1) / rates[i]);
      uint64_t again;
      assert_int_equal(0, rate_limit_take(limit, 1, now + wait - 1, &again));
      assert_int_equal(1, again);
      now += wait;
      assert_int_equal(1, rate_limit_take(limit, 1, now, &again));
    }
    assert_int_equal(0, rate_limit_take(limit, 0, now, &wait));
    assert_int_equal(0, wait);
    rate_limit_free(limit);
  }
}

/* At 1000 a second, 10 tokens stand in RATE_LIMIT_BURST_NS, and one is due at its end. */
static void test_what_was_not_taken_is_lost_after_the_burst(void **state) {
  static const struct {
    uint64_t idle;
    unsigned had;
  } rows[] = {
      {RATE_LIMIT_BURST_NS - MS, 10}, {RATE_LIMIT_BURST_NS, 11}, {RATE_LIMIT_BURST_NS + 1, 11},
      {RATE_LIMIT_BURST_NS + MS, 11}, {2 * SECOND, 11},          {365 * DAY, 11},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct rate_limit *limit = limit_of(1000);
    uint64_t wait, now = DAY;
    assert_int_equal(11, rate_limit_take(limit, 1000, now, &wait));
    assert_int_equal(MS, wait);
    now += wait + rows[i].idle;
    assert_int_equal(rows[i].had, rate_limit_take(limit, 1000, now, &wait));
    assert_int_equal(0, rate_limit_take(limit, 1, now, &wait));
    rate_limit_free(limit);
  }
}

/* Greedy at every millisecond; checks each window of a second, and that little was left lying. */
static void greedy(unsigned per_second, uint64_t start) {
  static uint64_t before[1000 * SECONDS + 1]; /* tokens taken before that millisecond */
  struct rate_limit *limit = limit_of(per_second);
  uint64_t wait;
  for (size_t ms = 0; ms < 1000 * SECONDS; ms++)
    before[ms + 1] = before[ms] + rate_limit_take(limit, UINT_MAX, start + ms * MS, &wait);
  for (size_t ms = 0; ms + 1000 <= 1000 * SECONDS; ms++)
    assert_true(before[ms + 1000] - before[ms] <= per_second + burst_of(per_second));
  uint64_t due = (uint64_t)per_second * SECONDS;
  assert_true(before[1000 * SECONDS] >= due - due / 1000 - 1);
  rate_limit_free(limit);
}

static void test_no_second_sees_more(void **state) {
  static const unsigned rates[] = {1, 2, 7, 99, 100, 101, 300, 1000, 12345, 300000, 1000000};
  static const uint64_t starts[] = {0, 1, RATE_LIMIT_BURST_NS, 30 * DAY, 36500 * DAY};
  (void)state;
  for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
    for (size_t j = 0; j < sizeof starts / sizeof *starts; j++) greedy(rates[i], starts[j]);
}

/* One token at a time, each as soon as it is due: the n-th is never early, and never late. */
static void test_no_drift_over_days(void **state) {
  struct rate_limit *limit = limit_of(3);
  uint64_t start = DAY, now = start, wait;
  const uint64_t interval = (SECOND + 2) / 3, tokens = 3 * 86400 * 3;
  (void)state;
  assert_int_equal(1, rate_limit_take(limit, 1, now, &wait));
  assert_int_equal(0, rate_limit_take(limit, 1, now, &wait));
  start = now + wait;
  for (uint64_t i = 0; i < tokens; i++) {
    now += wait;
    assert_int_equal(start + i * interval, now);
    assert_int_equal(1, rate_limit_take(limit, 1, now, &wait));
    assert_int_equal(0, rate_limit_take(limit, 1, now, &wait));
  }
  rate_limit_free(limit);
}

static void test_a_thread_whose_time_lags_waits(void **state) {
  struct rate_limit *limit = limit_of(10);
  uint64_t wait;
  (void)state;
  assert_int_equal(1, rate_limit_take(limit, 9, DAY, &wait));
  assert_int_equal(0, rate_limit_take(limit, 9, DAY - SECOND, &wait));
  assert_int_equal(0, rate_limit_take(limit, 1, DAY - SECOND + wait - 1, &wait));
  assert_int_equal(1, wait);
  rate_limit_free(limit);
}

struct taker {
  struct rate_limit *limit;
  uint64_t had;
};

static void *take_for_a_second(void *data) {
  struct taker *taker = data;
  uint64_t wait;
  for (uint64_t now = DAY; now < DAY + SECOND; now += 20000)
    taker->had += rate_limit_take(taker->limit, 2, now, &wait);
  return NULL;
}

static void test_threads_share_one_ceiling(void **state) {
  const unsigned per_second = 20000;
  struct rate_limit *limit = limit_of(per_second);
  struct taker takers[THREADS];
  pthread_t threads[THREADS];
  uint64_t had = 0;
  (void)state;
  for (size_t i = 0; i < THREADS; i++) {
    takers[i] = (struct taker){.limit = limit};
    assert_int_equal(0, pthread_create(&threads[i], NULL, take_for_a_second, &takers[i]));
  }
  for (size_t i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    had += takers[i].had;
  }
  assert_true(had <= per_second + burst_of(per_second));
  assert_true(had >= per_second);
  rate_limit_free(limit);
}

/* Of a limit for 64 processes each has a 64th: 20 a second are one in 3.2 s. */
static void test_a_part_is_a_fraction(void **state) {
  static const struct {
    unsigned per_second, parts;
    uint64_t interval;
  } rows[] = {
      {20, 1, 50 * MS}, {20, 64, 3200 * MS}, {3, 2, 666666667}, {1, 1000000, 1000000 * SECOND}};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct rate_limit *limit = part_of(rows[i].per_second, rows[i].parts);
    uint64_t now = 100 * DAY, wait, again;
    rate_limit_take(limit, UINT_MAX, now, &wait);
    now += wait;
    assert_int_equal(1, rate_limit_take(limit, 1, now, &wait));
    assert_int_equal(0, rate_limit_take(limit, 1, now, &wait));
    assert_int_equal(rows[i].interval, wait);
    assert_int_equal(0, rate_limit_take(limit, 1, now + wait - 1, &again));
    assert_int_equal(1, rate_limit_take(limit, 1, now + wait, &again));
    rate_limit_free(limit);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_zero_is_no_limit),
      cmocka_unit_test(test_wait_is_when_the_next_is_due),
      cmocka_unit_test(test_what_was_not_taken_is_lost_after_the_burst),
      cmocka_unit_test(test_no_second_sees_more),
      cmocka_unit_test(test_no_drift_over_days),
      cmocka_unit_test(test_a_thread_whose_time_lags_waits),
      cmocka_unit_test(test_threads_share_one_ceiling),
      cmocka_unit_test(test_a_part_is_a_fraction),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
