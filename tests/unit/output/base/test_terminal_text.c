/* Nothing that drives a terminal, or hides what stands around it, comes out. */
#include "output/base/terminal_text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
  const char *text, *shown;
} rows[] = {
    {"", ""},
    {"results.ndjson.gz", "results.ndjson.gz"},
    {"\x1b[31m", "\\x1b[31m"},
    {"a\nb\tc\x7f", "a\\x0ab\\x09c\\x7f"},
    {"\xc2\x9b"
     "31m",
     "\\u009b31m"},
    {"\xc2\x80\xc2\x9f\xc2\xa1", "\\u0080\\u009f\xc2\xa1"},
    {"\x9b", "\\x9b"},
    {"txt.\xe2\x80\xaegz", "txt.\\u202egz"},
    {"\xe2\x81\xa6x\xe2\x80\x8b", "\\u2066x\\u200b"},
    {"m\xc3\xbcller", "m\xc3\xbcller"},
    {"\xf3\xa0\x81\x81", "\\ue0041"},
    {"\xe2\x80", "\\xe2\\x80"},
};

static void test_rows(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char *printed = NULL, text[64];
    size_t size = 0;
    FILE *out = open_memstream(&printed, &size);
    terminal_text_print(out, span_of(rows[i].text));
    fclose(out);
    assert_string_equal(rows[i].shown, printed);
    free(printed);
    size_t len = terminal_text_escape(span_of(rows[i].text), text, sizeof text);
    assert_int_equal(strlen(rows[i].shown), len);
    assert_memory_equal(rows[i].shown, text, len);
  }
}

static void test_whole_characters_alone_are_cut(void **state) {
  (void)state;
  static const size_t kept[] = {0, 1, 1, 1, 1, 5, 5, 7, 7};
  char text[16];
  for (size_t size = 0; size < sizeof kept / sizeof *kept; size++)
    assert_int_equal(kept[size], terminal_text_escape(span_of("a\x1b\xc3\xbc"), text, size));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_whole_characters_alone_are_cut),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
