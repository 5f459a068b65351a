/* What is one wish to end, and what are two. */
#include "scanner/run/signals.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void signals_close_together_are_one(void **state) {
  (void)state;
  static const struct {
    int64_t at[4];
    unsigned asked;
  } rows[] = {
      {{1}, 1},
      {{1, 1, 1, 1}, 1},
      {{50, 50 + SIGNALS_APART_MS - 1}, 1},
      {{50, 50 + SIGNALS_APART_MS}, 1},
      {{50, 50 + SIGNALS_APART_MS + 1}, 2},
      {{50, 500, 900, 50 + SIGNALS_APART_MS + 1}, 2}, /* from the first on: impatience counts */
      {{50, 5000, 5001}, 2},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    int64_t first = 0;
    unsigned asked = 0;
    for (size_t j = 0; j < 4 && rows[i].at[j]; j++)
      asked = signals_count(&first, asked, rows[i].at[j]);
    assert_int_equal(rows[i].asked, asked);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(signals_close_together_are_one)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
