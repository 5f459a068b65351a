/* JSON read in place: what is well formed, what is not, and what each type takes. */
#include "output/base/json_reader.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TEXT_SIZE = 4096 };

static char text[TEXT_SIZE];

static struct json_reader over(const char *json) {
  size_t len = strlen(json);
  assert_true(len < sizeof text);
  memcpy(text, json, len);
  return json_reader_of(text, len);
}

static void assert_text(const char *expected, size_t len, struct span got) {
  assert_int_equal(len, got.len);
  assert_memory_equal(expected, got.ptr, len);
}

static void test_strings_are_unescaped_in_place(void **state) {
  static const struct {
    const char *json, *expected;
    size_t len;
  } rows[] = {
      {"\"\"", "", 0},
      {"\"abc\"", "abc", 3},
      {" \"a\\n\\t\\r\\b\\f\\/\\\\\\\"z\"", "a\n\t\r\b\f/\\\"z", 10},
      {"\"\\u0041\\u00e9\\u20ac\"", "A\xc3\xa9\xe2\x82\xac", 6},
      {"\"\\u0000\"", "\0", 1},
      {"\"\\u007f\\u0080\\u07ff\\u0800\"", "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80", 8},
      {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80", 4},
      {"\"\\ud83d\"", "\xef\xbf\xbd", 3},
      {"\"\\ude00x\"", "\xef\xbf\xbdx", 4},
      {"\"\\ud83d\\u0041\"",
       "\xef\xbf\xbd"
       "A",
       4},
      {"\"\xff\xc3\xa9\"", "\xff\xc3\xa9", 3},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct json_reader reader = over(rows[i].json);
    assert_text(rows[i].expected, rows[i].len, json_reader_string(&reader));
    assert_true(json_reader_done(&reader));
  }
}

static void test_strings_that_are_none(void **state) {
  static const char *const rows[] = {
      "",
      "\"",
      "\"abc",
      "\"a\nb\"",
      "\"\x01\"",
      "\"\\x\"",
      "\"\\u12\"",
      "\"\\u12g4\"",
      "\"\\",
      "\"\\u",
      "abc",
      "'a'",
      "\"\\ud83d\\u12\"",
      "1",
      "\"a\\u0041\x1f\"",
      "null",
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct json_reader reader = over(rows[i]);
    assert_int_equal(0, json_reader_string(&reader).len);
    assert_true(reader.bad);
    assert_false(json_reader_done(&reader));
  }
}

static void test_a_nul_in_the_text_ends_nothing_well(void **state) {
  (void)state;
  memcpy(text, "\"a\0b\"", 6);
  struct json_reader reader = json_reader_of(text, 5);
  json_reader_string(&reader);
  assert_true(reader.bad);
}

static void test_whole_numbers(void **state) {
  static const struct {
    const char *json;
    bool good;
    uint64_t value;
  } rows[] = {
      {"0", true, 0},
      {" 17", true, 17},
      {"18446744073709551615", true, UINT64_MAX},
      {"18446744073709551616", false, 0},
      {"99999999999999999999", false, 0},
      {"-1", false, 0},
      {"01", false, 0},
      {"1.5", false, 0},
      {"1e3", false, 0},
      {"\"1\"", false, 0},
      {"", false, 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct json_reader reader = over(rows[i].json);
    assert_int_equal(rows[i].value, json_reader_uint(&reader));
    assert_int_equal(rows[i].good, json_reader_done(&reader));
  }
}

static void test_signed_numbers(void **state) {
  static const struct {
    const char *json;
    bool good;
    int64_t value;
  } rows[] = {
      {"-1", true, -1},
      {"0", true, 0},
      {"9223372036854775807", true, INT64_MAX},
      {"-9223372036854775807", true, -INT64_MAX},
      {"9223372036854775808", false, 0},
      {"-", false, 0},
      {"- 1", false, 0},
      {"--1", false, 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct json_reader reader = over(rows[i].json);
    assert_int_equal(rows[i].value, json_reader_int(&reader));
    assert_int_equal(rows[i].good, json_reader_done(&reader));
  }
}

static void test_base64(void **state) {
  static const struct {
    const char *json;
    bool good;
    const char *bytes;
    size_t len;
  } rows[] = {
      {"\"\"", true, "", 0},
      {"\"AA==\"", true, "\0", 1},
      {"\"/+8=\"", true, "\xff\xef", 2},
      {"\"aGVs\"", true, "hel", 3},
      {"\"aGVsbG8h\"", true, "hello!", 6},
      {"\"aGVs\\u0062G8h\"", true, "hello!", 6},
      {"\"A\"", false, "", 0},
      {"\"A===\"", false, "", 0},
      {"\"AA=A\"", false, "", 0},
      {"\"AA==AAAA\"", false, "", 0},
      {"\"A-==\"", false, "", 0},
      {"7", false, "", 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct json_reader reader = over(rows[i].json);
    assert_text(rows[i].bytes, rows[i].len, json_reader_base64(&reader));
    assert_int_equal(rows[i].good, json_reader_done(&reader));
  }
}

static void test_times(void **state) {
  static const struct {
    const char *json;
    bool good;
    int64_t ms;
  } rows[] = {
      {"\"1970-01-01T00:00:00.000Z\"", true, 0},
      {"\"1969-12-31T23:59:59.999Z\"", true, -1},
      {"\"2026-11-23T10:00:00.123Z\"", true, 1795428000123},
      {"\"2026-11-23T10:00:00Z\"", true, 1795428000000},
      {"\"2024-02-29T00:00:00.5Z\"", true, 1709164800500},
      {"\"2026-11-23T10:00:00.123456Z\"", true, 1795428000123},
      {"\"0000-01-01T00:00:00.000Z\"", true, -62167219200000},
      {"\"9999-12-31T23:59:59.999Z\"", true, 253402300799999},
      {"\"2026-11-23T10:00:00\"", false, 0},
      {"\"2026-11-23T10:00:00+01:00\"", false, 0},
      {"\"2026-13-23T10:00:00Z\"", false, 0},
      {"\"2026-00-23T10:00:00Z\"", false, 0},
      {"\"2026-11-23 10:00:00Z\"", false, 0},
      {"\"2026-11-23T24:00:00Z\"", false, 0},
      {"\"2026-11-23T10:00:00Zx\"", false, 0},
      {"\"2026-11-23T10:00:00.12\"", false, 0},
      {"\"2026\"", false, 0},
      {"\"\"", false, 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct json_reader reader = over(rows[i].json);
    assert_int_equal(rows[i].ms, json_reader_time(&reader));
    assert_int_equal(rows[i].good, json_reader_done(&reader));
  }
}

static void test_objects_and_arrays_are_walked(void **state) {
  struct span key;
  (void)state;
  struct json_reader reader = over(" { \"a\" : [ 1 , 2 ] , \"b\":{},\"c\":[], \"\\u0064\":true } ");
  assert_true(json_reader_open(&reader, '{'));
  assert_true(json_reader_member(&reader, &key));
  assert_text("a", 1, key);
  assert_true(json_reader_open(&reader, '['));
  assert_true(json_reader_element(&reader));
  assert_int_equal(1, json_reader_uint(&reader));
  assert_true(json_reader_element(&reader));
  assert_int_equal(2, json_reader_uint(&reader));
  assert_false(json_reader_element(&reader));
  assert_true(json_reader_member(&reader, &key));
  json_reader_skip(&reader);
  assert_true(json_reader_member(&reader, &key));
  assert_true(json_reader_open(&reader, '['));
  assert_false(json_reader_element(&reader));
  assert_true(json_reader_member(&reader, &key));
  assert_text("d", 1, key);
  assert_true(json_reader_bool(&reader));
  assert_false(json_reader_member(&reader, &key));
  assert_true(json_reader_done(&reader));
}

static void test_what_is_skipped_must_be_json(void **state) {
  static const struct {
    const char *json;
    bool good;
  } rows[] = {
      {"null", true},
      {"true", true},
      {"false", true},
      {"-0.5e+10", true},
      {"0", true},
      {"1E9", true},
      {"\"a\\n\"", true},
      {"{\"a\":{\"b\":[1,{\"c\":null}]}}", true},
      {"[[],[[]],{}]", true},
      {"nul", false},
      {"nulll", false},
      {"tru", false},
      {"01", false},
      {"1.", false},
      {".5", false},
      {"1e", false},
      {"+1", false},
      {"-", false},
      {"[1,]", false},
      {"[,1]", false},
      {"[1 2]", false},
      {"[1", false},
      {"[", false},
      {"]", false},
      {"{\"a\"}", false},
      {"{\"a\":}", false},
      {"{\"a\":1,}", false},
      {"{a:1}", false},
      {"{\"a\":1", false},
      {"[1}", false},
      {"{} {}", false},
      {"", false},
      {"NaN", false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct json_reader reader = over(rows[i].json);
    json_reader_skip(&reader);
    assert_int_equal(rows[i].good, json_reader_done(&reader));
  }
}

static bool skips_depth(size_t depth) {
  char json[2 * JSON_READER_DEPTH_MAX + 8];
  memset(json, '[', depth);
  memset(json + depth, ']', depth);
  json[2 * depth] = 0;
  struct json_reader reader = over(json);
  json_reader_skip(&reader);
  return json_reader_done(&reader);
}

static void test_depth_has_a_limit(void **state) {
  (void)state;
  assert_true(skips_depth(JSON_READER_DEPTH_MAX - 1));
  assert_true(skips_depth(JSON_READER_DEPTH_MAX));
  assert_false(skips_depth(JSON_READER_DEPTH_MAX + 1));
}

static void test_bad_stays_bad(void **state) {
  struct span key;
  (void)state;
  struct json_reader reader = over("{\"a\":x,\"b\":1}");
  json_reader_open(&reader, '{');
  json_reader_member(&reader, &key);
  json_reader_uint(&reader);
  assert_true(reader.bad);
  assert_false(json_reader_member(&reader, &key));
  assert_false(json_reader_element(&reader));
  assert_false(json_reader_open(&reader, '{'));
  assert_int_equal(0, json_reader_uint(&reader));
  assert_false(json_reader_bool(&reader));
  assert_false(json_reader_done(&reader));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_strings_are_unescaped_in_place),
      cmocka_unit_test(test_strings_that_are_none),
      cmocka_unit_test(test_a_nul_in_the_text_ends_nothing_well),
      cmocka_unit_test(test_whole_numbers),
      cmocka_unit_test(test_signed_numbers),
      cmocka_unit_test(test_base64),
      cmocka_unit_test(test_times),
      cmocka_unit_test(test_objects_and_arrays_are_walked),
      cmocka_unit_test(test_what_is_skipped_must_be_json),
      cmocka_unit_test(test_depth_has_a_limit),
      cmocka_unit_test(test_bad_stays_bad),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
