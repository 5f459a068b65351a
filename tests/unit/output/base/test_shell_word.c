/* Words as a shell takes them: in the form of each kind; hexadecimal digits beside them. */
#include "output/base/hex.h"
#include "output/base/shell_word.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
  struct span word;
  const char *shown;
} rows[] = {
    {{"a.gz", 4}, "a.gz"},
    {{"", 0}, "''"},
    {{"a b", 3}, "'a b'"},
    {{"it's", 4}, "'it'\\''s'"},
    {{"$(x)`\\", 6}, "'$(x)`\\'"},
    {{"%s%n", 4}, "%s%n"},
    {{"a\x1b[1m\n", 6}, "$'a\\x1b[1m\\x0a'"},
    {{"\xc3\xa4'\\", 4}, "$'\\xc3\\xa4\\'\\\\'"},
    {{"a\0b", 3}, "$'a\\x00b'"},
};

static void test_rows(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    shell_word_print(out, rows[i].word);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, rows[i].shown);
    free(text);
  }
}

static void test_hex(void **state) {
  (void)state;
  char digits[9] = "........";
  hex_put(digits, (const unsigned char *)"\x00\x9a\xff", 3);
  assert_string_equal(digits, "009aff..");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_hex)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
