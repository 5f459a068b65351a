#include "scanner/cli/nearest.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *word_of(const void *data, size_t i) {
  (void)data;
  static const char *const words[] = {"scan", "check", "stats", "dns-timeout", "dns-tries", NULL};
  return words[i];
}

static void test_the_nearest_word(void **state) {
  static const struct {
    const char *word, *nearest;
  } rows[] = {
      {"scan", "scan"},
      {"scna", "scan"},
      {"scam", "scan"},
      {"scann", "scan"},
      {"chekc", "check"},
      {"cheque", "check"},
      {"stat", "stats"},
      {"SCAN", "scan"},
      {"dns-timout", "dns-timeout"},
      {"dns-try", "dns-tries"},
      {"timeout", NULL},
      {"", NULL},
      {"x", NULL},
      {"entirely", NULL},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *nearest = nearest_find(rows[i].word, word_of, NULL);
    if (rows[i].nearest)
      assert_string_equal(rows[i].nearest, nearest ? nearest : "(none)");
    else
      assert_null(nearest);
  }
}

static const char *long_word(const void *data, size_t i) {
  return i == 0 ? data : NULL;
}

static void test_a_word_has_a_limit(void **state) {
  char word[NEAREST_WORD_MAX + 2];
  (void)state;
  for (size_t len = NEAREST_WORD_MAX - 1; len <= NEAREST_WORD_MAX + 1; len++) {
    memset(word, 'a', len);
    word[len] = 0;
    const char *found = nearest_find(word, long_word, word);
    assert_true(found == (len <= NEAREST_WORD_MAX ? word : NULL));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_nearest_word),
      cmocka_unit_test(test_a_word_has_a_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
