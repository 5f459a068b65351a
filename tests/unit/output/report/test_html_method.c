/* Intervals of shares, against values that statistics packages give. */
#include "output/report/html_method.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_intervals(void **state) {
  (void)state;
  static const struct {
    uint64_t part, whole;
    double low, high;
  } cases[] = {
      {10, 100, 0.05523, 0.17437}, {0, 10, 0, 0.27753},           {10, 10, 0.72247, 1},
      {1, 1, 0.20654, 1},          {500, 1000, 0.46907, 0.53093}, {29, 100, 0.21014, 0.38543},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    double low, high;
    html_method_interval(cases[i].part, cases[i].whole, &low, &high);
    assert_true(low > cases[i].low - 1e-4 && low < cases[i].low + 1e-4);
    assert_true(high > cases[i].high - 1e-4 && high < cases[i].high + 1e-4);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_intervals)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
