/* Records read back: what record_write.c writes comes back as it was, and what it did not write is
 * told from it. */
#include "output/record/record_read.h"
#include "output/record/record_write.h"
#include "tests/unit/output/record/sample_results.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LINE_SIZE = 65536 };

static char line[LINE_SIZE], again[LINE_SIZE], scratch[LINE_SIZE];
static struct record_read *reading;

static int record_read_setup(void **state) {
  (void)state;
  return record_read_new(&reading) == ERR_NONE ? 0 : -1;
}

static int record_read_teardown(void **state) {
  (void)state;
  record_read_free(reading);
  return 0;
}

static enum err read_text(const char *text) {
  size_t len = strlen(text);
  assert_true(len < sizeof scratch);
  memcpy(scratch, text, len);
  return record_read_line(reading, scratch, len);
}

static size_t write_line(char *out, const struct result *result) {
  struct json_writer json = json_writer_into(out, LINE_SIZE);
  record_write(&json, result);
  assert_false(json_writer_overflow(&json));
  return json_writer_text(&json).len;
}

/* Written, read and written again, it must be the same line. */
static const struct result *assert_round_trip(const struct result *result) {
  size_t len = write_line(line, result);
  memcpy(scratch, line, len);
  assert_int_equal(ERR_NONE, record_read_line(reading, scratch, len - 1));
  assert_int_equal(len, write_line(again, record_read_result(reading)));
  assert_memory_equal(line, again, len);
  return record_read_result(reading);
}

static void test_an_absent_domain_comes_back(void **state) {
  struct finding absent = {.code = FOUND_RECORD_ABSENT};
  struct result result = {
      .n = 17,
      .domain = SPAN("example.com"),
      .has_rank = true,
      .rank = 17,
      .status = STATUS_ABSENT,
      .has_effect = true,
      .effect = EFFECT_NONE,
      .findings = &absent,
      .record = {.lookup = {.asked = true, .rcode = 3, .tries = 1, .ms = 12}},
      .at = 1795428000123,
      .ms = 12,
  };
  (void)state;
  const struct result *got = assert_round_trip(&result);
  assert_int_equal(17, got->n);
  assert_int_equal(STATUS_ABSENT, got->status);
  assert_int_equal(FOUND_RECORD_ABSENT, got->findings->code);
  assert_null(got->findings->next);
  assert_int_equal(3, got->record.lookup.rcode);
  assert_false(got->policy_host.lookup.asked);
  assert_int_equal(1795428000123, got->at);
}

static struct span names[] = {{"mta-sts.a.example", 17}, {"b\xff\0z", 4}, {"", 0}};

static void test_every_member_comes_back(void **state) {
  (void)state;
  for (size_t i = 0; i < SAMPLE_COUNT; i++) assert_round_trip(sample_results[i]);
  const struct result *got = assert_round_trip(&sample_broken);
  assert_int_equal(404, got->findings->next->http_status);
  assert_int_equal(-1, got->policy_host.lookup.rcode);
  assert_int_equal(-1, got->fetch.tls_ms);
  got = assert_round_trip(&sample_valid);
  assert_int_equal(FOUND_COUNT, got->fetch.attempts.at[1].code);
  got = assert_round_trip(&sample_bytes);
  assert_int_equal(2, got->record.txt.count);
  assert_memory_equal("a\xff", got->record.txt.at[1].ptr, 2);
}

/* What only a scan writes has no second form: what else stands there comes back readable, once. */
static void test_own_texts_that_are_not_utf8(void **state) {
  static const char *const lines[] = {
      "{\"v\":1,\"status\":\"valid\",\"policy_host\":{\"addresses\":[\"a\xff\"]}}",
      "{\"v\":1,\"status\":\"valid\",\"mx\":[{\"host\":\"a\",\"tls\":{\"verdict\":\"secure\","
      "\"addresses\":[\"\xff\"],\"tlsa\":{\"records\":[\"3 1 1 \xff\"]}}}]}",
  };
  (void)state;
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    assert_int_equal(ERR_NONE, read_text(lines[i]));
    size_t len = write_line(line, record_read_result(reading));
    assert_null(memmem(line, len, "_base64", 7));
    assert_round_trip(record_read_result(reading));
  }
}

static void test_a_line_leaves_nothing_to_the_next(void **state) {
  struct finding finding = {.code = FOUND_POLICY_EMPTY};
  struct result rich = {
      .domain = SPAN("a.example"),
      .status = STATUS_BROKEN,
      .findings = &finding,
      .policy = {.here = true, .mode = MODE_NONE},
      .record = {.lookup = {.asked = true}, .txt = {names, 3}},
  };
  (void)state;
  assert_round_trip(&rich);
  assert_int_equal(ERR_NONE, read_text("{\"v\":1,\"status\":\"unknown\"}"));
  const struct result *got = record_read_result(reading);
  assert_null(got->findings);
  assert_false(got->policy.here || got->record.lookup.asked || got->has_effect || got->has_rank);
  assert_int_equal(MODE_COUNT, got->policy.mode);
  assert_int_equal(0, got->record.txt.count);
  assert_null(got->domain.ptr);
}

static void test_what_later_versions_add_is_passed_over(void **state) {
  (void)state;
  assert_int_equal(ERR_NONE, read_text("{\"new\":{\"a\":[1,2.5,null]},\"status\":\"valid\",\"v\":2,"
                                       "\"findings\":[{\"code\":\"mx-new\",\"x\":[]},"
                                       "{\"severity\":\"info\",\"code\":\"tlsrpt-absent\"},{}],"
                                       "\"policy\":{\"mode\":\"strict\",\"max_age\":7,\"z\":1},"
                                       "\"domain\":\"a.example\",\"rank\":null,\"fetch\":null}"));
  assert_int_equal(2, record_read_version(reading));
  assert_int_equal(2, record_read_strange(reading));
  const struct result *got = record_read_result(reading);
  assert_int_equal(FOUND_TLSRPT_ABSENT, got->findings->code);
  assert_null(got->findings->next);
  assert_true(got->policy.here && got->policy.has_max_age);
  assert_int_equal(MODE_COUNT, got->policy.mode);
  assert_false(got->has_rank);
  assert_false(got->fetch.asked);
  assert_int_equal(9, got->domain.len);
}

static void test_what_is_not_a_record(void **state) {
  static const char *const rows[] = {
      "",
      "example.com",
      "1,example.com",
      "[]",
      "{}",
      "{\"v\":1}",
      "{\"status\":\"absent\"}",
      "{\"v\":0,\"status\":\"absent\"}",
      "{\"v\":\"1\",\"status\":\"absent\"}",
      "{\"v\":1,\"status\":\"lost\"}",
      "{\"v\":1,\"status\":\"absent\",\"effect\":\"lost\"}",
      "{\"v\":1,\"status\":\"absent\"",
      "{\"v\":1,\"status\":\"absent\"}}",
      "{\"v\":1,\"status\":\"absent\"}{\"v\":1,\"status\":\"absent\"}",
      "{\"v\":1,\"status\":\"absent\",\"domain\":7}",
      "{\"v\":1,\"status\":\"absent\",\"rank\":-1}",
      "{\"v\":1,\"status\":\"absent\",\"findings\":{}}",
      "{\"v\":1,\"status\":\"absent\",\"findings\":[{\"kind\":\"x\"}]}",
      "{\"v\":1,\"status\":\"absent\",\"record\":{\"rcode\":\"WHAT\"}}",
      "{\"v\":1,\"status\":\"absent\",\"record\":{\"rcode\":\"RCODE\"}}",
      "{\"v\":1,\"status\":\"absent\",\"record\":{\"rcode\":\"RCODE1x\"}}",
      "{\"v\":1,\"status\":\"absent\",\"record\":{\"ttl\":4294967296}}",
      "{\"v\":1,\"status\":\"absent\",\"mx\":[{\"preference\":1}]}",
      "{\"v\":1,\"status\":\"absent\",\"fetch\":{\"attempts\":[{}]}}",
      "{\"v\":1,\"status\":\"absent\",\"at\":\"yesterday\"}",
      "{\"v\":1,\"status\":\"absent\",\"record\":{\"txt_base64\":[\"x\"]}}",
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(ERR_SYNTAX, read_text(rows[i]));
  assert_int_equal(ERR_NONE, read_text("{\"v\":1,\"status\":\"absent\"}"));
}

static enum err read_repeated(const char *head, const char *element, size_t count,
                              const char *tail) {
  size_t len = strlen(head) + count * strlen(element) + strlen(tail);
  char *text = malloc(len + 1), *at = text;
  assert_non_null(text);
  at = stpcpy(at, head);
  for (size_t i = 0; i < count; i++) at = stpcpy(at, element);
  stpcpy(at, tail);
  enum err err = record_read_line(reading, text, len);
  free(text);
  return err;
}

/* The shortest elements there can be: the room that follows from the line's length is enough. */
static void test_the_densest_arrays_fit(void **state) {
  (void)state;
  for (size_t count = 1; count < 20000; count = count * 3 + 1) {
    assert_int_equal(ERR_NONE,
                     read_repeated("{\"v\":1,\"status\":\"valid\",\"record\":{\"txt\":[\"\"",
                                   ",\"\"", count, "]}}"));
    assert_int_equal(count + 1, record_read_result(reading)->record.txt.count);
    assert_int_equal(ERR_NONE,
                     read_repeated("{\"v\":1,\"status\":\"valid\",\"mx\":[{\"host\":\"\"}",
                                   ",{\"host\":\"\"}", count, "]}"));
    assert_int_equal(count + 1, record_read_result(reading)->mx.count);
    assert_int_equal(
        ERR_NONE,
        read_repeated("{\"v\":1,\"status\":\"valid\",\"fetch\":{\"attempts\":[{\"address\":\"\"}",
                      ",{\"address\":\"\"}", count, "]}}"));
    assert_int_equal(count + 1, record_read_result(reading)->fetch.attempts.count);
  }
}

static enum err read_findings(size_t count) {
  return read_repeated("{\"v\":1,\"status\":\"valid\",\"findings\":[{\"code\":\"mx-null\"}",
                       ",{\"code\":\"mx-null\"}", count - 1, "]}");
}

static void test_no_more_findings_than_codes(void **state) {
  (void)state;
  assert_int_equal(ERR_NONE, read_findings(FOUND_COUNT - 1));
  assert_int_equal(ERR_NONE, read_findings(FOUND_COUNT));
  assert_int_equal(ERR_SYNTAX, read_findings(FOUND_COUNT + 1));
}

/* Names that a terminal or a reader of lines would take for something else. */
static void test_only_what_a_scan_writes_is_a_domain(void **state) {
  (void)state;
  static const struct {
    const char *domain;
    enum err err;
  } rows[] = {
      {"a.example", ERR_NONE},
      {"com", ERR_NONE},
      {"xn--mnchen-3ya._x-1.example", ERR_NONE},
      {"", ERR_SYNTAX},
      {".", ERR_SYNTAX},
      {"a.example.", ERR_SYNTAX},
      {".a.example", ERR_SYNTAX},
      {"a..example", ERR_SYNTAX},
      {"A.example", ERR_SYNTAX},
      {"a b.example", ERR_SYNTAX},
      {"m\xc3\xbcller.example", ERR_SYNTAX},
      {"\\u001b]0;PWNED\\u0007.com", ERR_SYNTAX},
      {"line1.com\\nforged.example", ERR_SYNTAX},
      {"\\u202ea.example", ERR_SYNTAX},
      {"a\\u0000.example", ERR_SYNTAX},
  };
  char text[128];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    snprintf(text, sizeof text, "{\"v\":1,\"status\":\"absent\",\"domain\":\"%s\"}",
             rows[i].domain);
    assert_int_equal(rows[i].err, read_text(text));
  }
}

static enum err read_domain(size_t label, size_t last) {
  char text[512], domain[300];
  for (size_t i = 0; i < 4; i++) memset(domain + i * (label + 1), 'a', label);
  for (size_t i = 1; i < 4; i++) domain[i * (label + 1) - 1] = '.';
  domain[3 * (label + 1) + last] = 0;
  snprintf(text, sizeof text, "{\"v\":1,\"status\":\"absent\",\"domain\":\"%s\"}", domain);
  return read_text(text);
}

static void test_a_domain_has_limits(void **state) {
  (void)state;
  assert_int_equal(ERR_NONE, read_domain(63, 60));
  assert_int_equal(ERR_NONE, read_domain(63, 61)); /* 253 octets */
  assert_int_equal(ERR_SYNTAX, read_domain(63, 62));
  assert_int_equal(ERR_NONE, read_domain(62, 62));
  assert_int_equal(ERR_SYNTAX, read_domain(64, 1));
}

static enum err read_length(size_t len) {
  static const char head[] = "{\"v\":1,\"status\":\"invalid\",\"line\":\"", tail[] = "\"}";
  return read_repeated(head, "a", len - strlen(head) - strlen(tail), tail);
}

static void test_a_line_has_a_limit(void **state) {
  (void)state;
  assert_int_equal(ERR_NONE, read_length(RECORD_READ_LINE_MAX - 1));
  assert_int_equal(ERR_NONE, read_length(RECORD_READ_LINE_MAX));
  assert_int_equal(ERR_LIMIT, read_length(RECORD_READ_LINE_MAX + 1));
}

/* Whatever a policy of the largest size holds, its record is none too long to be read back. */
static void test_the_largest_policy_can_be_read(void **state) {
  (void)state;
  static const char fills[] = {'\x01', '\xff', '"', 'a'};
  char *text = malloc(RESULT_POLICY_SIZE_MAX), *room = malloc(RECORD_READ_LINE_MAX + 1);
  assert_true(text && room);
  for (size_t i = 0; i < sizeof fills; i++) {
    struct result result = {.n = 1, .domain = SPAN("a.example"), .status = STATUS_BROKEN};
    memset(text, fills[i], RESULT_POLICY_SIZE_MAX);
    text[0] = '\xff'; /* so that base64 stands beside it */
    result.policy = (struct result_policy){
        .here = true, .mode = MODE_COUNT, .text = {text, RESULT_POLICY_SIZE_MAX}};
    struct json_writer json = json_writer_into(room, RECORD_READ_LINE_MAX - RECORD_READ_REST_MAX);
    record_write(&json, &result);
    assert_false(json_writer_overflow(&json));
    assert_int_equal(ERR_NONE, record_read_line(reading, room, json_writer_text(&json).len - 1));
    assert_true(span_equal(record_read_result(reading)->policy.text, result.policy.text));
  }
  free(text);
  free(room);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_an_absent_domain_comes_back),
      cmocka_unit_test(test_every_member_comes_back),
      cmocka_unit_test(test_own_texts_that_are_not_utf8),
      cmocka_unit_test(test_a_line_leaves_nothing_to_the_next),
      cmocka_unit_test(test_what_later_versions_add_is_passed_over),
      cmocka_unit_test(test_what_is_not_a_record),
      cmocka_unit_test(test_the_densest_arrays_fit),
      cmocka_unit_test(test_no_more_findings_than_codes),
      cmocka_unit_test(test_only_what_a_scan_writes_is_a_domain),
      cmocka_unit_test(test_a_domain_has_limits),
      cmocka_unit_test(test_a_line_has_a_limit),
      cmocka_unit_test(test_the_largest_policy_can_be_read),
  };
  return cmocka_run_group_tests(tests, record_read_setup, record_read_teardown);
}
