/* Each status has a phrase of its own. */
#include "output/base/err.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const enum err errs[] = {
#define X(name, text) ERR_##name,
    ERR_MAP(X)
#undef X
};

enum { ERR_COUNT = sizeof errs / sizeof *errs };

static void test_none_is_zero(void **state) {
  (void)state;
  assert_int_equal(0, ERR_NONE);
  assert_string_equal("no error", err_text(ERR_NONE));
}

static void test_phrases_differ(void **state) {
  (void)state;
  for (size_t i = 0; i < ERR_COUNT; i++) {
    assert_true(strlen(err_text(errs[i])) > 0);
    for (size_t j = 0; j < i; j++) assert_string_not_equal(err_text(errs[i]), err_text(errs[j]));
  }
}

static void test_no_other_value_is_mistaken(void **state) {
  (void)state;
  const char *unknown = err_text((enum err)ERR_COUNT);
  assert_non_null(unknown);
  for (size_t i = 0; i < ERR_COUNT; i++) assert_string_not_equal(unknown, err_text(errs[i]));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_none_is_zero),
      cmocka_unit_test(test_phrases_differ),
      cmocka_unit_test(test_no_other_value_is_mistaken),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
