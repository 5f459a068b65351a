/* What stands where a policy should: each kind, and what is just no longer of it. */
#include "scanner/sts/body.h"

#include "judged.h"

#define B16 "QUJDREVGR0hJSktM"

static enum reason kind_of(struct span text) {
  return body_kind(text).reason;
}

#define ROW(literal, reason)                                                                       \
  { {literal, sizeof(literal) - 1}, reason }
static const struct {
  struct span text;
  enum reason reason;
} rows[] = {
    ROW("version: STSv1\nmode: none\nmax_age: 1\n", REASON_NONE),
    ROW("\xef\xbb\xbfversion: STSv1\n", REASON_NONE),
    ROW("", REASON_NONE),
    ROW(" \r\n", REASON_NONE),
    /* each byte order of UTF-16 and UTF-32, with its mark and without */
    ROW("\xff\xfev\0", REASON_POLICY_SYNTAX_UTF16),
    ROW("\xfe\xff\0v", REASON_POLICY_SYNTAX_UTF16),
    ROW("v\0e\0", REASON_POLICY_SYNTAX_UTF16),
    ROW("\0v\0e", REASON_POLICY_SYNTAX_UTF16),
    ROW("\0\0\0v", REASON_POLICY_SYNTAX_UTF16),
    ROW("v\0\0\0", REASON_POLICY_SYNTAX_UTF16),
    ROW("v\0e", REASON_POLICY_SYNTAX_NO_FIELDS), /* too short to tell */
    ROW("ve\0r", REASON_POLICY_SYNTAX_NO_FIELDS),
    ROW("v\0er", REASON_POLICY_SYNTAX_NO_FIELDS),
    ROW("\x1f\x8b\x08", REASON_POLICY_SYNTAX_COMPRESSED),
    ROW("PK\x03\x04", REASON_POLICY_SYNTAX_COMPRESSED),
    ROW("\1\2\3\4", REASON_POLICY_SYNTAX_BINARY),
    ROW("\1\2\3", REASON_POLICY_SYNTAX_NO_FIELDS),
    ROW("\1\2\3\4aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        REASON_POLICY_SYNTAX_BINARY), /* 4 of 63 */
    ROW("\1\2\3\4aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        REASON_POLICY_SYNTAX_NO_FIELDS), /* 4 of 64 */
    ROW("<!DOCTYPE html>", REASON_POLICY_SYNTAX_HTML),
    ROW("<?xml version=\"1.0\"?><a/>", REASON_POLICY_SYNTAX_XML),
    ROW("<br />\nversion: STSv1\n", REASON_POLICY_SYNTAX_SCRIPT),
    ROW("{\\rtf1 a}", REASON_POLICY_SYNTAX_RTF),
    ROW("{\"version\": 1}", REASON_POLICY_SYNTAX_JSON),
    ROW("null", REASON_POLICY_SYNTAX_JSON),
    ROW("v=STSv1; id=1;", REASON_POLICY_SYNTAX_TXT),
    ROW("Warning: a() in b\nversion: STSv1\n", REASON_NONE), /* it could be a field */
    ROW("PHP Warning: a()\nversion: STSv1\n", REASON_POLICY_SYNTAX_SCRIPT),
    /* at least 64 characters, of whole groups of four, with digits and capitals */
    ROW(B16 B16 B16 "QUJDREVGR0hJSktM", REASON_POLICY_SYNTAX_BASE64),
    ROW(B16 B16 B16 "QUJDREVGR0hJSkt", REASON_POLICY_SYNTAX_NO_FIELDS),
    ROW(B16 B16 B16 "QUJDREVGR0hJSktMa", REASON_POLICY_SYNTAX_NO_FIELDS),
    ROW("dmVyc2lvbjogU1RTdjE=", REASON_POLICY_SYNTAX_BASE64),
    ROW("version%3A%20STSv1%0A", REASON_POLICY_SYNTAX_PERCENT),
    ROW("version: STSv1\\nmode: none", REASON_POLICY_SYNTAX_ESCAPED),
    ROW("version: STSv1\r\r\nmode: none\r\r\n", REASON_POLICY_SYNTAX_CRCRLF),
    ROW("version: STSv1 mode: none", REASON_POLICY_SYNTAX_ONE_LINE),
    ROW("version=STSv1\nmode=none\n", REASON_POLICY_SYNTAX_EQUALS),
    ROW("version=STSv1\n", REASON_POLICY_SYNTAX_NO_FIELDS), /* one alone is a slip */
    ROW("\"version: STSv1\nmode: none\"", REASON_POLICY_SYNTAX_QUOTED),
    ROW("hello", REASON_POLICY_SYNTAX_NO_FIELDS),
};
#undef ROW

static void names_what_stands_there(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(rows); i++) {
    if (kind_of(rows[i].text) != rows[i].reason)
      print_error("row %zu: %.*s\n", i, SPAN_ARG(rows[i].text));
    assert_int_equal(kind_of(rows[i].text), rows[i].reason);
  }
}

static void says_the_line(void **state) {
  (void)state;
  assert_int_equal(body_kind(SPAN("version: STSv1\nmode: none max_age: 1\n")).line, 2);
  assert_int_equal(body_kind(SPAN("version: STSv1\nmode: none\r\r\n")).line, 2);
  assert_true(body_kind(SPAN("<html>")).is_page);
  assert_false(body_kind(SPAN("<br />\nversion: STSv1\n")).is_page);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_what_stands_there),
      cmocka_unit_test(says_the_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
