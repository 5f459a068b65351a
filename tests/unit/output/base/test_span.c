#include "output/base/span.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_number(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool is;
    uint64_t number;
  } rows[] = {
      {NULL, false, 0},
      {"", false, 0},
      {"0", true, 0},
      {"007", true, 7},
      {"18446744073709551614", true, UINT64_MAX - 1},
      {"18446744073709551615", true, UINT64_MAX},
      {"18446744073709551616", true, UINT64_MAX},
      {"99999999999999999999999", true, UINT64_MAX},
      {"+1", false, 0},
      {"-1", false, 0},
      {" 1", false, 0},
      {"1 ", false, 0},
      {"12/", false, 0},
      {"12:", false, 0},
  };
  uint64_t number = 1;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (span_number(span_of(rows[i].text), &number) != rows[i].is) fail_msg("row %zu", i);
    assert_int_equal(number, rows[i].number);
  }
  assert_false(span_number(SPAN("1\0"), &number));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_number),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
