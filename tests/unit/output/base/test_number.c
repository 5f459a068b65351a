/* Numbers as people read them. */
#include "output/base/number.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void digits_stand_in_groups_of_three(void **state) {
  static const struct {
    uint64_t number;
    const char *text;
  } rows[] = {
      {0, "0"},
      {7, "7"},
      {999, "999"},
      {1000, "1,000"},
      {12345, "12,345"},
      {100000, "100,000"},
      {999999, "999,999"},
      {1234567, "1,234,567"},
      {UINT64_MAX, "18,446,744,073,709,551,615"},
  };
  char text[NUMBER_SIZE];
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_string_equal(number_text(rows[i].number, text), rows[i].text);
}

static void a_share_that_is_there_is_never_nothing(void **state) {
  static const struct {
    uint64_t part, whole;
    const char *text;
  } rows[] = {
      {0, 0, "-"},         {1, 0, "-"},          {0, 7, "0.0%"},       {1, 1, "100.0%"},
      {1, 8, "12.5%"},     {1, 100, "1.0%"},     {1, 101, "0.99%"},    {7, 10000, "0.07%"},
      {1, 19999, "0.01%"}, {1, 20001, "<0.01%"}, {999, 1000, "99.9%"}, {1, 1000000, "<0.01%"},
  };
  char text[NUMBER_SHARE_SIZE];
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_string_equal(number_share(rows[i].part, rows[i].whole, text), rows[i].text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(digits_stand_in_groups_of_three),
      cmocka_unit_test(a_share_that_is_there_is_never_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
