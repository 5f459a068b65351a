/* The JSON writer: escapes, UTF-8, overflow, numbers, times. */
#include "output/base/json_writer.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
/* jansson has a function of the name of ours, which is not needed here. */
#define json_writer_string jansson_string
#include <jansson.h>
#undef json_writer_string

enum { TEXT_SIZE = 4096 };

static char text[TEXT_SIZE + 1];

static struct json_writer json_start(void) {
  return json_writer_into(text, TEXT_SIZE);
}

/* What was written, with a NUL. */
static const char *json_end(const struct json_writer *json) {
  assert_false(json_writer_overflow(json));
  text[json_writer_text(json).len] = 0;
  return text;
}

static const char *string_of(struct span value) {
  struct json_writer json = json_start();
  json_writer_string(&json, NULL, value);
  return json_end(&json);
}

static void expected_ascii(int byte, char out[16]) {
  static const char named[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
  const char *at = memchr(named, byte, sizeof named - 1);
  if (at)
    snprintf(out, 16, "\"\\%c\"", letters[at - named]);
  else if (byte < 0x20 || byte == 0x7f)
    snprintf(out, 16, "\"\\u%04x\"", (unsigned)byte);
  else
    snprintf(out, 16, "\"%c\"", byte);
}

static void test_each_ascii_byte_stands_or_is_escaped(void **state) {
  (void)state;
  for (int byte = 0; byte < 0x80; byte++) {
    char raw = (char)byte, expected[16];
    expected_ascii(byte, expected);
    assert_string_equal(expected, string_of((struct span){&raw, 1}));
  }
}

static size_t utf8_encode(uint32_t c, char out[4]) {
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  for (size_t i = len - 1; i > 0; i--, c >>= 6) out[i] = (char)(0x80 | (c & 0x3f));
  out[0] = (char)(0xf00 >> len | c);
  return len;
}

/* A parser that is not ours gives every character back as it was. */
static void test_each_character_comes_back(void **state) {
  (void)state;
  for (uint32_t c = 0; c < 0x110000; c += c < 0x1000 ? 1 : 97) {
    if (c >= 0xd800 && c < 0xe000) continue;
    char raw[4];
    size_t len = utf8_encode(c, raw);
    json_t *parsed =
        json_loads(string_of((struct span){raw, len}), JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    assert_non_null(parsed);
    assert_int_equal(len, json_string_length(parsed));
    assert_memory_equal(raw, json_string_value(parsed), len);
    json_decref(parsed);
  }
}

static void test_c1_controls_are_escaped(void **state) {
  (void)state;
  assert_string_equal("\"\\u0080\"", string_of(SPAN("\xc2\x80")));
  assert_string_equal("\"\\u009b\"", string_of(SPAN("\xc2\x9b")));
  assert_string_equal("\"\\u009f\"", string_of(SPAN("\xc2\x9f")));
  assert_string_equal("\"\xc2\xa0\"", string_of(SPAN("\xc2\xa0")));
}

#define FFFD "\xef\xbf\xbd"

static void test_utf8_is_kept_and_the_rest_replaced(void **state) {
  const struct {
    struct span raw;
    const char *written;
    bool utf8;
  } rows[] = {
      {SPAN(""), "", true},
      {SPAN("\xc2\xa9"), "\xc2\xa9", true},
      {SPAN("\xdf\xbf"), "\xdf\xbf", true},
      {SPAN("\xe0\xa0\x80"), "\xe0\xa0\x80", true},
      {SPAN("\xed\x9f\xbf"), "\xed\x9f\xbf", true},
      {SPAN("\xee\x80\x80"), "\xee\x80\x80", true},
      {SPAN("\xef\xbf\xbd"), "\xef\xbf\xbd", true},
      {SPAN("\xef\xbf\xbf"), "\xef\xbf\xbf", true},
      {SPAN("\xf0\x90\x80\x80"), "\xf0\x90\x80\x80", true},
      {SPAN("\xf4\x8f\xbf\xbf"), "\xf4\x8f\xbf\xbf", true},
      {SPAN("a\x80z"), "a" FFFD "z", false}, /* a continuation alone */
      {SPAN("\xbf"), FFFD, false},
      {SPAN("\xc0\x80"), FFFD FFFD, false}, /* overlong NUL */
      {SPAN("\xc1\xbf"), FFFD FFFD, false},
      {SPAN("\xc2"), FFFD, false}, /* cut short */
      {SPAN("\xc2z"), FFFD "z", false},
      {SPAN("\xc2\xc2\xa9"), FFFD "\xc2\xa9", false},
      {SPAN("\xe0\x9f\xbf"), FFFD FFFD FFFD, false}, /* overlong */
      {SPAN("\xe2\x82"), FFFD FFFD, false},
      {SPAN("\xe2\x82z"), FFFD FFFD "z", false},
      {SPAN("\xed\xa0\x80"), FFFD FFFD FFFD, false}, /* a surrogate */
      {SPAN("\xed\xbf\xbf"), FFFD FFFD FFFD, false},
      {SPAN("\xf0\x8f\xbf\xbf"), FFFD FFFD FFFD FFFD, false}, /* overlong */
      {SPAN("\xf0\x9f\x92"), FFFD FFFD FFFD, false},
      {SPAN("\xf4\x90\x80\x80"), FFFD FFFD FFFD FFFD, false}, /* beyond U+10FFFF */
      {SPAN("\xf5\x80\x80\x80"), FFFD FFFD FFFD FFFD, false},
      {SPAN("\xfe\xff"), FFFD FFFD, false},
      {SPAN("\xff\"\xc3"), FFFD "\\\"" FFFD, false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char expected[64];
    snprintf(expected, sizeof expected, "\"%s\"", rows[i].written);
    assert_string_equal(expected, string_of(rows[i].raw));
    assert_int_equal(rows[i].utf8, json_writer_utf8(rows[i].raw));
  }
}

/* The end of the span is the end, whatever lies behind it. */
static void test_nothing_behind_the_span_is_read(void **state) {
  (void)state;
  char *cut = malloc(1);
  assert_non_null(cut);
  cut[0] = '\xe2';
  assert_string_equal("\"" FFFD "\"", string_of((struct span){cut, 1}));
  assert_false(json_writer_utf8((struct span){cut, 1}));
  free(cut);
  assert_string_equal("\"" FFFD "\"", string_of(span_first(SPAN("\xc2\xa9"), 1)));
}

static void write_document(struct json_writer *json) {
  json_writer_open(json, NULL, '{');
  json_writer_string(json, "text", SPAN("a\n\"\x01\xff\xc2\xa9\xc2\x85z"));
  json_writer_uint(json, "uint", UINT64_MAX);
  json_writer_int(json, "int", INT64_MIN);
  json_writer_open(json, "list", '[');
  json_writer_bool(json, NULL, true);
  json_writer_bool(json, NULL, false);
  json_writer_fixed(json, NULL, 0.125, 2);
  json_writer_close(json, ']');
  json_writer_open(json, "empty", '{');
  json_writer_close(json, '}');
  json_writer_base64(json, "base64", SPAN("\xff\x00\x80"));
  json_writer_time(json, "time", 0);
  json_writer_key(json, SPAN("k\"ey"));
  json_writer_uint(json, NULL, 0);
  json_writer_close(json, '}');
  json_writer_raw(json, SPAN("\n"));
}

static const char document[] =
    "{\"text\":\"a\\n\\\"\\u0001" FFFD "\xc2\xa9\\u0085z\",\"uint\":18446744073709551615,"
    "\"int\":-9223372036854775808,\"list\":[true,false,0.12],\"empty\":{},\"base64\":\"/wCA\","
    "\"time\":\"1970-01-01T00:00:00.000Z\",\"k\\\"ey\":0}\n";

static void test_commas_and_nesting(void **state) {
  (void)state;
  struct json_writer json = json_start();
  write_document(&json);
  assert_string_equal(document, json_end(&json));
}

/* At every size too small: no byte past it, what was written is the document's beginning, and need
 * is the whole. */
static void test_overflow_is_sticky_at_each_size(void **state) {
  (void)state;
  size_t whole = sizeof document - 1;
  for (size_t size = 0; size <= whole; size++) {
    char *out = malloc(size + 1); /* exact, so that a sanitizer sees a byte too many */
    assert_non_null(out);
    memset(out, '#', size + 1);
    struct json_writer json = json_writer_into(out, size);
    write_document(&json);
    assert_int_equal(whole, json.need);
    assert_int_equal(size < whole, json_writer_overflow(&json));
    assert_int_equal(size < whole ? 0 : whole, json_writer_text(&json).len);
    size_t written = strcspn(out, "#");
    assert_memory_equal(document, out, written < size ? written : size);
    for (size_t i = written; i <= size; i++) assert_int_equal('#', out[i]);
    free(out);
  }
}

static void test_no_memory_at_all_counts_too(void **state) {
  (void)state;
  struct json_writer json = json_writer_into(NULL, 0);
  assert_false(json_writer_overflow(&json));
  json_writer_raw(&json, (struct span){NULL, 0});
  assert_false(json_writer_overflow(&json));
  write_document(&json);
  assert_true(json_writer_overflow(&json));
  assert_int_equal(sizeof document - 1, json.need);
}

static void test_spans_without_bytes(void **state) {
  (void)state;
  struct json_writer json = json_start();
  json_writer_open(&json, NULL, '[');
  json_writer_string(&json, NULL, (struct span){NULL, 0});
  json_writer_base64(&json, NULL, (struct span){NULL, 0});
  json_writer_close(&json, ']');
  json_writer_raw(&json, (struct span){NULL, 0});
  assert_string_equal("[\"\",\"\"]", json_end(&json));
  assert_true(json_writer_utf8((struct span){NULL, 0}));
}

static void test_integers(void **state) {
  static const struct {
    int64_t value;
    const char *expected;
  } rows[] = {
      {0, "0"},
      {9, "9"},
      {10, "10"},
      {-1, "-1"},
      {1234567890, "1234567890"},
      {INT64_MAX, "9223372036854775807"},
      {INT64_MIN, "-9223372036854775808"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct json_writer json = json_start();
    json_writer_int(&json, NULL, rows[i].value);
    assert_string_equal(rows[i].expected, json_end(&json));
  }
}

static void test_fixed_numbers(void **state) {
  static const struct {
    double value;
    int places;
    const char *expected;
  } rows[] = {
      {0, 0, "0"},
      {1.5, 1, "1.5"},
      {-2.25, 2, "-2.25"},
      {2.0 / 3, 6, "0.666667"},
      {1e300 * 1e10, 1, "0.0"},
      {0.0 / 1, 3, "0.000"},
      {123456.789, 0, "123457"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct json_writer json = json_start();
    json_writer_fixed(&json, NULL, rows[i].value, rows[i].places);
    assert_string_equal(rows[i].expected, json_end(&json));
  }
  struct json_writer json = json_start();
  json_writer_fixed(&json, NULL, -1.7976931348623157e308, 6);
  assert_int_equal(1 + 309 + 1 + 6, strlen(json_end(&json)));
}

static void test_base64(void **state) { /* RFC 4648 section 10, and the two last digits */
  const struct {
    struct span raw;
    const char *expected;
  } rows[] = {
      {SPAN(""), "\"\""},
      {SPAN("f"), "\"Zg==\""},
      {SPAN("fo"), "\"Zm8=\""},
      {SPAN("foo"), "\"Zm9v\""},
      {SPAN("foob"), "\"Zm9vYg==\""},
      {SPAN("fooba"), "\"Zm9vYmE=\""},
      {SPAN("foobar"), "\"Zm9vYmFy\""},
      {SPAN("\xfb\xef\xbe\xff\xff\xff"), "\"++++////\""},
      {SPAN("\0\0\0"), "\"AAAA\""},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct json_writer json = json_start();
    json_writer_base64(&json, NULL, rows[i].raw);
    assert_string_equal(rows[i].expected, json_end(&json));
  }
}

static void test_times(void **state) {
  static const struct {
    int64_t unix_ms;
    const char *expected;
  } rows[] = {
      {0, "1970-01-01T00:00:00.000Z"},
      {-1, "1969-12-31T23:59:59.999Z"},
      {1, "1970-01-01T00:00:00.001Z"},
      {951782399999, "2000-02-28T23:59:59.999Z"},
      {951782400000, "2000-02-29T00:00:00.000Z"},
      {951868800000, "2000-03-01T00:00:00.000Z"},
      {4107542400000, "2100-03-01T00:00:00.000Z"},
      {1795428000123, "2026-11-23T10:00:00.123Z"},
      {-62135596800000, "0001-01-01T00:00:00.000Z"},
      {JSON_WRITER_TIME_MIN, "0000-01-01T00:00:00.000Z"},
      {JSON_WRITER_TIME_MIN - 1, "0000-01-01T00:00:00.000Z"},
      {INT64_MIN, "0000-01-01T00:00:00.000Z"},
      {JSON_WRITER_TIME_MAX, "9999-12-31T23:59:59.999Z"},
      {JSON_WRITER_TIME_MAX + 1, "9999-12-31T23:59:59.999Z"},
      {INT64_MAX, "9999-12-31T23:59:59.999Z"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char out[JSON_WRITER_TIME_SIZE];
    assert_int_equal(JSON_WRITER_TIME_SIZE - 1, json_writer_time_text(rows[i].unix_ms, out));
    assert_string_equal(rows[i].expected, out);
  }
}

/* Every day of the years that RFC 3339 has, counted up by hand. */
static void test_each_day_follows_the_one_before(void **state) {
  static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  (void)state;
  int64_t at = JSON_WRITER_TIME_MIN;
  for (int year = 0; year <= 9999; year++) {
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    for (int month = 1; month <= 12; month++) {
      int days = lengths[month - 1] + (leap && month == 2);
      for (int day = 1; day <= days; day++, at += 86400000) {
        char expected[64], out[JSON_WRITER_TIME_SIZE];
        snprintf(expected, sizeof expected, "%04d-%02d-%02dT00:00:00.000Z", year, month, day);
        json_writer_time_text(at, out);
        assert_string_equal(expected, out);
      }
    }
  }
  assert_int_equal(JSON_WRITER_TIME_MAX + 1, at);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_ascii_byte_stands_or_is_escaped),
      cmocka_unit_test(test_each_character_comes_back),
      cmocka_unit_test(test_c1_controls_are_escaped),
      cmocka_unit_test(test_utf8_is_kept_and_the_rest_replaced),
      cmocka_unit_test(test_nothing_behind_the_span_is_read),
      cmocka_unit_test(test_commas_and_nesting),
      cmocka_unit_test(test_overflow_is_sticky_at_each_size),
      cmocka_unit_test(test_no_memory_at_all_counts_too),
      cmocka_unit_test(test_spans_without_bytes),
      cmocka_unit_test(test_integers),
      cmocka_unit_test(test_fixed_numbers),
      cmocka_unit_test(test_base64),
      cmocka_unit_test(test_times),
      cmocka_unit_test(test_each_day_follows_the_one_before),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
