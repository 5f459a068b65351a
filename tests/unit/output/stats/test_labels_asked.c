/* Labels asked for, told apart; and as many as there is room for. */
#include "output/stats/labels_asked.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void test_names(void **state) {
  (void)state;
  struct labels_asked asked = {0};
  struct result_label at[] = {
      {SPAN("b"), SPAN("1")}, {SPAN("A"), SPAN("2")}, {SPAN("c"), SPAN("")}};
  labels_asked_add(&asked, SPAN("a"));
  labels_asked_add(&asked, SPAN("b"));
  labels_asked_add(&asked, SPAN("a"));
  labels_asked_add(&asked, SPAN(""));
  labels_asked_add(&asked, SPAN("c"));
  assert_int_equal(asked.count, 3);
  assert_int_equal(labels_asked_among(&asked, &(struct result_labels){at, 0}), 0);
  assert_int_equal(labels_asked_among(&asked, &(struct result_labels){at, 2}), 2);
  assert_int_equal(labels_asked_among(&asked, &(struct result_labels){at, 3}), 6);
}

static void test_most(void **state) {
  (void)state;
  struct labels_asked asked = {0};
  char names[LABELS_ASKED_MAX + 1][8];
  for (unsigned i = 0; i <= LABELS_ASKED_MAX; i++) {
    snprintf(names[i], sizeof names[i], "l%u", i);
    labels_asked_add(&asked, span_of(names[i]));
    assert_int_equal(asked.count, i < LABELS_ASKED_MAX ? i + 1 : LABELS_ASKED_MAX);
  }
  struct result_label last = {span_of(names[LABELS_ASKED_MAX - 1]), SPAN("x")};
  assert_true(labels_asked_among(&asked, &(struct result_labels){&last, 1}) ==
              (uint64_t)1 << (LABELS_ASKED_MAX - 1));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_most),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
