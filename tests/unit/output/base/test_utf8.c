/* The ends of each range of RFC 3629 section 4, and one beyond. */
#include "output/base/utf8.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void characters_are_well_formed_or_none(void **state) {
  static const struct {
    const char *bytes;
    size_t len; /* 0: none */
    unsigned character;
  } rows[] = {
      {"a", 1, 'a'},
      {"\x7f", 1, 0x7f},
      {"\x80", 0, 0},
      {"\xc1\xbf", 0, 0}, /* overlong */
      {"\xc2\x80", 2, 0x80},
      {"\xdf\xbf", 2, 0x7ff},
      {"\xc2", 0, 0}, /* cut off */
      {"\xc2\x7f", 0, 0},
      {"\xc2\xc0", 0, 0},
      {"\xe0\x9f\xbf", 0, 0}, /* overlong */
      {"\xe0\xa0\x80", 3, 0x800},
      {"\xed\x9f\xbf", 3, 0xd7ff},
      {"\xed\xa0\x80", 0, 0}, /* a surrogate */
      {"\xee\x80\x80", 3, 0xe000},
      {"\xef\xbf\xbf", 3, 0xffff},
      {"\xef\xbf", 0, 0},
      {"\xf0\x8f\xbf\xbf", 0, 0}, /* overlong */
      {"\xf0\x90\x80\x80", 4, 0x10000},
      {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
      {"\xf4\x90\x80\x80", 0, 0}, /* beyond U+10FFFF */
      {"\xf5\x80\x80\x80", 0, 0},
      {"\xf0\x90\x80\x7f", 0, 0},
      {"\xff", 0, 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    unsigned character = 0;
    assert_int_equal(utf8_next(span_of(rows[i].bytes), &character), rows[i].len);
    if (rows[i].len) assert_int_equal(character, rows[i].character);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(characters_are_well_formed_or_none)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
