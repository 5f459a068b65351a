#include "scanner/resolver/latency.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const uint64_t ms = 1000000;

static void test_empty(void **state) {
  (void)state;
  struct latency latency = {{0}, 0};
  assert_int_equal(latency_within(&latency, UINT64_MAX), 0);
  latency_fade(&latency);
  assert_int_equal(latency.count, 0);
}

/* What takes longer than the last bucket's edge counts there. */
static void test_edges(void **state) {
  (void)state;
  struct latency latency = {{0}, 0};
  latency_add(&latency, 0);
  latency_add(&latency, LATENCY_FIRST_NS);
  assert_int_equal(latency.buckets[0], 2);
  latency_add(&latency, LATENCY_FIRST_NS + 1);
  assert_int_equal(latency.buckets[1], 1);
  latency_add(&latency, UINT64_MAX);
  assert_int_equal(latency.buckets[LATENCY_BUCKETS - 1], 1);
  assert_int_equal(latency_within(&latency, LATENCY_FIRST_NS - 1), 0);
  assert_int_equal(latency_within(&latency, LATENCY_FIRST_NS), 2);
  assert_int_equal(latency_within(&latency, UINT64_MAX), 4);
}

static void test_quantiles(void **state) {
  (void)state;
  struct latency latency = {{0}, 0};
  for (unsigned i = 0; i < 90; i++) latency_add(&latency, 10 * ms);
  for (unsigned i = 0; i < 10; i++) latency_add(&latency, 1000 * ms);
  uint64_t half = latency_quantile(&latency, 50), late = latency_quantile(&latency, 95);
  assert_true(half >= 10 * ms && half < 15 * ms);
  assert_true(late >= 1000 * ms && late < 1500 * ms);
  assert_true(latency_quantile(&latency, 89) == half);
  assert_true(latency_quantile(&latency, 90) == late);
}

static void test_fade(void **state) {
  (void)state;
  struct latency latency = {{0}, 0};
  for (unsigned i = 0; i < 5; i++) latency_add(&latency, ms);
  latency_add(&latency, 100 * ms);
  latency_fade(&latency);
  assert_int_equal(latency.count, 2);
  assert_int_equal(latency_within(&latency, UINT64_MAX), 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_empty),
      cmocka_unit_test(test_edges),
      cmocka_unit_test(test_quantiles),
      cmocka_unit_test(test_fade),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
