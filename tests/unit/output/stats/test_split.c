/* Domains by the values of a label: what is counted, merged, and what over the limits is "other".
 */
#include "output/stats/split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void count(struct split *split, const char *value, enum result_status status) {
  struct result_label labels[] = {{.name = SPAN("other"), .value = SPAN("x")},
                                  {.name = SPAN("customer"), .value = span_of(value)}};
  struct finding finding = {.code = FOUND_MX_MISMATCH};
  struct result result = {.domain = SPAN("a.example"),
                          .labels = {labels, value ? 2 : 1},
                          .status = status,
                          .has_effect = true,
                          .effect = EFFECT_AT_RISK,
                          .findings = status == STATUS_BROKEN ? &finding : NULL};
  struct domain_facts facts = domain_facts_of(&result);
  uint32_t row;
  assert_int_equal(ERR_NONE, split_row(split, &result, &row));
  assert_int_equal(ERR_NONE, split_count(split, row, &facts));
}

static void check_line(const struct split_line *line, const char *value, uint64_t valid,
                       uint64_t broken) {
  assert_string_equal(value, line->value.ptr);
  assert_int_equal(valid + broken, line->counts.domains);
  assert_int_equal(valid, line->counts.status[STATUS_VALID]);
  assert_int_equal(broken, line->counts.status[STATUS_BROKEN]);
  assert_int_equal(valid + broken, line->counts.effect[EFFECT_AT_RISK]);
  assert_int_equal(broken, line->codes[FOUND_MX_MISMATCH]);
}

static void test_values(void **state) {
  (void)state;
  struct split one = {.label = SPAN("customer")}, two = one, both = one;
  struct split_line *lines;
  size_t told;
  count(&one, "acme", STATUS_BROKEN);
  count(&one, "acme", STATUS_VALID);
  count(&one, NULL, STATUS_VALID);
  count(&two, "beta", STATUS_VALID);
  count(&two, "acme", STATUS_BROKEN);
  count(&two, "other", STATUS_VALID);
  assert_int_equal(ERR_NONE, split_merge(&both, &one));
  assert_int_equal(ERR_NONE, split_merge(&both, &two));
  assert_int_equal(ERR_NONE, split_lines(&both, &lines, &told));
  assert_int_equal(4, told);
  check_line(&lines[0], "acme", 1, 2);
  check_line(&lines[1], "", 1, 0); /* without the label */
  check_line(&lines[2], "beta", 1, 0);
  check_line(&lines[3], "other", 1, 0);
  free(lines);
  split_free(&one);
  split_free(&two);
  split_free(&both);
}

/* Every value twice, the first thrice. */
static void check_limit(size_t values, size_t expected, uint64_t other) {
  struct split split = {.label = SPAN("customer")};
  struct split_line *lines;
  size_t told;
  char value[32];
  for (size_t i = 0; i < 2 * values; i++) {
    snprintf(value, sizeof value, "c%zu", i % values);
    count(&split, value, STATUS_VALID);
  }
  count(&split, "c0", STATUS_BROKEN);
  assert_int_equal(ERR_NONE, split_lines(&split, &lines, &told));
  assert_int_equal(expected, told);
  check_line(&lines[0], "c0", 2, 1);
  if (other) check_line(&lines[told - 1], "other", other, 0);
  free(lines);
  split_free(&split);
}

static void test_limits(void **state) {
  (void)state;
  check_limit(SPLIT_TOLD_MAX - 1, SPLIT_TOLD_MAX - 1, 0);
  check_limit(SPLIT_TOLD_MAX, SPLIT_TOLD_MAX, 0);
  check_limit(SPLIT_TOLD_MAX + 1, SPLIT_TOLD_MAX + 1, 2);
  check_limit(SPLIT_VALUES_MAX, SPLIT_TOLD_MAX + 1, 2 * (SPLIT_VALUES_MAX - SPLIT_TOLD_MAX));
  check_limit(SPLIT_VALUES_MAX + 5, SPLIT_TOLD_MAX + 1,
              2 * (SPLIT_VALUES_MAX + 5 - SPLIT_TOLD_MAX));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_limits)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
