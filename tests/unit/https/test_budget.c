#include "scanner/https/budget.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_limits_grow_with_the_policy(void **state) {
  (void)state;
  struct budget none = budget_for(0), usual = budget_for(65536), most = budget_for(1048576);
  assert_true(none.limit[BUDGET_OCTETS] == BUDGET_OCTETS_BASE);
  assert_true(usual.limit[BUDGET_OCTETS] == BUDGET_OCTETS_BASE + 2 * 65536);
  assert_true(none.limit[BUDGET_RECORDS] == BUDGET_RECORDS_BASE);
  assert_true(usual.limit[BUDGET_RECORDS] == BUDGET_RECORDS_BASE + 128);
  assert_true(most.limit[BUDGET_RECORDS] == BUDGET_RECORDS_BASE + 2048);
  /* Each record takes two reads. */
  for (const struct budget *b = &most; b; b = b == &most ? &usual : NULL)
    assert_true(b->limit[BUDGET_READS] >= 2 * b->limit[BUDGET_RECORDS]);
}

/* Below the limit, at it, over it. */
static void test_each_kind(void **state) {
  (void)state;
  for (unsigned kind = 0; kind < BUDGET_COUNT; kind++) {
    struct budget budget = budget_for(1000);
    uint64_t limit = budget.limit[kind];
    assert_true(budget_spend(&budget, kind, limit - 1));
    assert_int_equal(budget_over(&budget), BUDGET_COUNT);
    assert_true(budget_spend(&budget, kind, 1));
    assert_int_equal(budget_over(&budget), BUDGET_COUNT);
    assert_false(budget_spend(&budget, kind, 1));
    assert_int_equal(budget_over(&budget), kind);
    assert_string_not_equal(budget_kind_text(kind), "");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_limits_grow_with_the_policy),
      cmocka_unit_test(test_each_kind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
