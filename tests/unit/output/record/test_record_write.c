/* Records, member by member: golden lines, and what stands in them for bytes that are not UTF-8. */
#include "output/record/record_write.h"
#include "tests/unit/output/record/sample_results.h"
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

enum { LINE_SIZE = 8192 };

static const char golden_path[] = SOURCE_DIR "/tests/unit/output/record/records.ndjson";

static const char *line_of(const struct result *result) {
  static char line[LINE_SIZE + 1];
  struct json_writer json = json_writer_into(line, LINE_SIZE);
  record_write(&json, result);
  assert_false(json_writer_overflow(&json));
  line[json_writer_text(&json).len] = 0;
  return line;
}

static json_t *parsed_of(const struct result *result) {
  json_error_t error;
  json_t *parsed = json_loads(line_of(result), JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
  if (!parsed) fail_msg("%s", error.text);
  return parsed;
}

static void test_golden_lines(void **state) {
  (void)state;
  char expected[LINE_SIZE];
  FILE *golden = fopen(golden_path, "r");
  assert_non_null(golden);
  for (size_t i = 0; i < SAMPLE_COUNT; i++) {
    assert_non_null(fgets(expected, sizeof expected, golden));
    assert_string_equal(expected, line_of(sample_results[i]));
  }
  assert_null(fgets(expected, sizeof expected, golden));
  fclose(golden);
}

static void test_each_line_is_one_object(void **state) {
  (void)state;
  for (size_t i = 0; i < SAMPLE_COUNT; i++) {
    const char *line = line_of(sample_results[i]);
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    json_t *parsed = parsed_of(sample_results[i]);
    assert_true(json_is_object(parsed));
    json_decref(parsed);
  }
}

/* A record that does not fit is the same once it does. */
static void test_need_is_what_is_needed(void **state) {
  (void)state;
  for (size_t i = 0; i < SAMPLE_COUNT; i++) {
    char *small = malloc(1), *exact;
    assert_non_null(small);
    struct json_writer json = json_writer_into(small, 1);
    record_write(&json, sample_results[i]);
    assert_true(json_writer_overflow(&json));
    exact = malloc(json.need);
    assert_non_null(exact);
    json = json_writer_into(exact, json.need);
    record_write(&json, sample_results[i]);
    assert_false(json_writer_overflow(&json));
    const char *line = line_of(sample_results[i]);
    assert_int_equal(strlen(line), json_writer_text(&json).len);
    assert_memory_equal(line, exact, json.need);
    free(small);
    free(exact);
  }
}

static void test_controls_come_back_as_they_were(void **state) {
  (void)state;
  char bytes[0x80];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)i;
  struct result result = sample_absent;
  result.record.id = (struct span){bytes, sizeof bytes};
  json_t *parsed = parsed_of(&result);
  json_t *record = json_object_get(parsed, "record"), *id = json_object_get(record, "id");
  assert_int_equal(sizeof bytes, json_string_length(id));
  assert_memory_equal(bytes, json_string_value(id), sizeof bytes);
  assert_null(json_object_get(record, "id_base64"));
  json_decref(parsed);
}

static void test_rcodes(void **state) {
  static const struct {
    int rcode;
    const char *expected;
  } rows[] = {
      {-1, NULL},      {0, "NOERROR"},  {1, "FORMERR"},      {2, "SERVFAIL"},
      {3, "NXDOMAIN"}, {4, "NOTIMP"},   {5, "REFUSED"},      {9, "NOTAUTH"},
      {15, "RCODE15"}, {17, "RCODE17"}, {4095, "RCODE4095"}, {INT32_MAX, "RCODE2147483647"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct result result = sample_absent;
    result.record.lookup.rcode = rows[i].rcode;
    json_t *parsed = parsed_of(&result), *record = json_object_get(parsed, "record");
    const char *rcode = json_string_value(json_object_get(record, "rcode"));
    if (rows[i].expected)
      assert_string_equal(rows[i].expected, rcode);
    else
      assert_null(rcode);
    assert_int_equal(rows[i].rcode >= 0, json_object_get(record, "ad") != NULL);
    json_decref(parsed);
  }
}

/* A span that is there but empty was found: it is told. */
static void test_an_empty_text_is_not_a_missing_one(void **state) {
  (void)state;
  struct span empty[] = {TEXT("")};
  struct result result = sample_absent;
  result.record.id = SPAN("");
  result.record.txt = (struct spans){empty, 1};
  json_t *parsed = parsed_of(&result), *record = json_object_get(parsed, "record");
  assert_string_equal("", json_string_value(json_object_get(record, "id")));
  assert_int_equal(1, json_array_size(json_object_get(record, "txt")));
  json_decref(parsed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_golden_lines),
      cmocka_unit_test(test_each_line_is_one_object),
      cmocka_unit_test(test_need_is_what_is_needed),
      cmocka_unit_test(test_controls_come_back_as_they_were),
      cmocka_unit_test(test_rcodes),
      cmocka_unit_test(test_an_empty_text_is_not_a_missing_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
