#include "scanner/resolver/cohort.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const uint64_t ms = 1000000;
static const uint64_t start = 1000 * UINT64_C(1000000);

/* Sent one a millisecond from `start` on; the first `answered` of them came back after `delay`. */
static struct cohort cohort_of(unsigned sent, unsigned answered, uint64_t delay) {
  struct cohort cohort = {.from = 0};
  for (unsigned i = 0; i < sent; i++) cohort_sent(&cohort, start + i * ms);
  cohort_close(&cohort, 10, start + sent * ms);
  for (unsigned i = 0; i < answered; i++) cohort_answered(&cohort, start + i * ms, delay);
  return cohort;
}

static void test_what_belongs_to_it(void **state) {
  (void)state;
  struct cohort cohort = {.from = 0};
  cohort_answered(&cohort, start, ms); /* nothing was sent */
  assert_int_equal(cohort.answers.count, 0);
  cohort_sent(&cohort, start);
  cohort_sent(&cohort, start + ms);
  assert_int_equal(cohort_age(&cohort, start + 10 * ms), 0); /* it is open */
  cohort_answered(&cohort, start - 1, ms);                   /* before it */
  assert_int_equal(cohort.answers.count, 0);
  cohort_close(&cohort, 7, start + 2 * ms);
  cohort_sent(&cohort, start + 2 * ms); /* with its end */
  cohort_sent(&cohort, start + 2 * ms + 1);
  assert_int_equal(cohort.sent, 3);
  assert_true(cohort.size > 6.9 && cohort.size < 7.1);
  cohort_answered(&cohort, start, ms);
  cohort_answered(&cohort, start + 2 * ms, ms);
  cohort_answered(&cohort, start + 2 * ms + 1, ms); /* after it */
  assert_int_equal(cohort.answers.count, 2);
  assert_int_equal(cohort_age(&cohort, start + 5 * ms + 1), 3 * ms);
}

static void test_expected(void **state) {
  (void)state;
  struct cohort none = {.from = 0}, before = cohort_of(100, 50, 10 * ms);
  struct cohort twice = cohort_of(200, 0, 0);
  assert_true(cohort_expected(&twice, &none, 1000 * ms) < 0.5);
  assert_true(cohort_expected(&twice, &before, 5 * ms) < 0.5); /* too early */
  double expected = cohort_expected(&twice, &before, 20 * ms);
  assert_true(expected > 99.9 && expected < 100.1);
}

/* Dead names are as many in each; a window that is too full shows. */
static void test_part(void **state) {
  (void)state;
  struct cohort before = cohort_of(400, 200, 10 * ms);
  struct cohort same = cohort_of(800, 400, 10 * ms), dropped = cohort_of(800, 200, 10 * ms);
  struct cohort late = cohort_of(800, 400, 100 * ms), chance = cohort_of(800, 370, 10 * ms);
  assert_true(cohort_part(&same, &before, 20 * ms) > 0.99);
  assert_true(cohort_part(&chance, &before, 20 * ms) > 0.99);
  double part = cohort_part(&dropped, &before, 20 * ms);
  assert_true(part > 0.49 && part < 0.51);
  assert_true(cohort_part(&late, &before, 20 * ms) < 0.01);
  assert_true(cohort_part(&late, &before, 200 * ms) > 0.99); /* it was late, and no more */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_belongs_to_it),
      cmocka_unit_test(test_expected),
      cmocka_unit_test(test_part),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
