#include "scanner/https/retry_after.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110 section 5.6.7. */
#define EXAMPLE (784111777 * INT64_C(1000))

struct row {
  struct span value;
  int64_t now;
  bool known;
  unsigned seconds;
};

static const struct row rows[] = {
    {{"120", 3}, 0, true, 120},
    {{"  7\t", 4}, 0, true, 7},
    {{"0", 1}, 0, true, 0},
    {{"007", 3}, 0, true, 7},
    /* Below the limit, at it, over it, and over what an int holds. */
    {{"86399", 5}, 0, true, RETRY_AFTER_MAX - 1},
    {{"86400", 5}, 0, true, RETRY_AFTER_MAX},
    {{"86401", 5}, 0, true, RETRY_AFTER_MAX},
    {{"99999999999999999999", 20}, 0, true, RETRY_AFTER_MAX},
    {{"20261124", 8}, 0, true, RETRY_AFTER_MAX}, /* no date */
    {{"Sun, 06 Nov 1994 08:49:37 GMT", 29}, EXAMPLE - 5000, true, 5},
    {{"Sunday, 06-Nov-94 08:49:37 GMT", 30}, EXAMPLE - 5000, true, 5},
    {{"Sun Nov  6 08:49:37 1994", 24}, EXAMPLE - 5000, true, 5},
    {{"Sun, 06 Nov 1994 08:49:37 GMT", 29}, EXAMPLE - 4001, true, 5},
    {{"Sun, 06 Nov 1994 08:49:37 GMT", 29}, EXAMPLE - 1, true, 1},
    {{"Sun, 06 Nov 1994 08:49:37 GMT", 29}, EXAMPLE, true, 0},
    {{"Sun, 06 Nov 1994 08:49:37 GMT", 29}, EXAMPLE + 1, true, 0},
    {{"Sun, 06 Nov 1994 08:49:37 GMT", 29}, EXAMPLE + 1000000, true, 0},
    {{"Sun, 06 Nov 1994 08:49:37 GMT", 29}, EXAMPLE - 86399000, true, RETRY_AFTER_MAX - 1},
    {{"Sun, 06 Nov 1994 08:49:37 GMT", 29}, EXAMPLE - 86400000, true, RETRY_AFTER_MAX},
    {{"Sun, 06 Nov 1994 08:49:37 GMT", 29}, EXAMPLE - 86401000, true, RETRY_AFTER_MAX},
    {{"Sun, 06 Nov 1994 08:49:37 GMT", 29}, 0, true, RETRY_AFTER_MAX},
    {{"", 0}, 0, false, 0},
    {{" ", 1}, 0, false, 0},
    {{NULL, 0}, 0, false, 0},
    {{"-5", 2}, 0, false, 0},
    {{"1.5", 3}, 0, false, 0},
    {{"5 s", 3}, 0, false, 0},
    {{"soon", 4}, 0, false, 0},
    {{"Sun, 06 Nov 1994 08:49:37 GMT                                    x", 66}, 0, false, 0},
};

static void test_rows(void **state) {
  (void)state;
  unsigned wrong = 0;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct row *row = &rows[i];
    unsigned seconds = 99;
    bool known = retry_after_parse(row->value, row->now, &seconds);
    if (known == row->known && seconds == row->seconds) continue;
    printf("row %zu: \"%.*s\" is %d, %u\n", i, SPAN_ARG(row->value), known, seconds);
    wrong++;
  }
  assert_int_equal(wrong, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
