/* record.schema.json against the records and the tables: no member is missing there, and none
 * stands there that no record has.
 *
 * The validator knows the keywords that the schema uses and fails at any other. */
#include "output/record/record_write.h"
#include "output/record/value_name.h"
#include "tests/unit/output/record/sample_results.h"
#include <regex.h>
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

static const char schema_path[] = SOURCE_DIR "/output/record/record.schema.json";

static json_t *root;

/* Schemas of properties that some record had; the schemas themselves are the keys. */
static json_t *met;

static bool valid(json_t *schema, json_t *value);

static void meet(json_t *schema) {
  char key[32];
  snprintf(key, sizeof key, "%p", (void *)schema);
  json_object_set_new(met, key, json_true());
}

static bool was_met(json_t *schema) {
  char key[32];
  snprintf(key, sizeof key, "%p", (void *)schema);
  return json_object_get(met, key) != NULL;
}

static bool valid_type(json_t *type, json_t *value) {
  size_t i;
  json_t *each;
  json_array_foreach(type, i, each) if (valid_type(each, value)) return true;
  if (json_is_array(type)) return false;
  const char *name = json_string_value(type);
  return (strcmp(name, "object") == 0 && json_is_object(value)) ||
         (strcmp(name, "array") == 0 && json_is_array(value)) ||
         (strcmp(name, "string") == 0 && json_is_string(value)) ||
         (strcmp(name, "integer") == 0 && json_is_integer(value)) ||
         (strcmp(name, "boolean") == 0 && json_is_boolean(value));
}

static bool valid_enum(json_t *values, json_t *value) {
  size_t i;
  json_t *each;
  json_array_foreach(values, i, each) if (json_equal(each, value)) return true;
  return false;
}

static bool valid_pattern(const char *pattern, const char *text) {
  regex_t regex;
  assert_int_equal(0, regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB));
  bool match = regexec(&regex, text, 0, NULL, 0) == 0;
  regfree(&regex);
  return match;
}

static bool valid_properties(json_t *properties, json_t *value) {
  const char *name;
  json_t *schema;
  json_object_foreach(properties, name, schema) {
    json_t *member = json_object_get(value, name);
    if (!member) continue;
    meet(schema);
    if (!valid(schema, member)) return false;
  }
  return true;
}

/* Only with false. */
static bool valid_others(json_t *k, json_t *properties, json_t *value) {
  const char *name;
  json_t *member;
  json_object_foreach(value, name,
                      member) if (!json_object_get(properties, name) &&
                                  (!json_is_object(k) || !valid(k, member))) return false;
  return true;
}

static bool valid_required(json_t *names, json_t *value) {
  size_t i;
  json_t *name;
  json_array_foreach(names, i,
                     name) if (!json_object_get(value, json_string_value(name))) return false;
  return true;
}

static bool valid_dependent(json_t *dependent, json_t *value) {
  const char *name;
  json_t *names;
  json_object_foreach(dependent, name, names) if (json_object_get(value, name) &&
                                                  !valid_required(names, value)) return false;
  return true;
}

static bool valid_items(json_t *schema, json_t *value) {
  size_t i;
  json_t *item;
  json_array_foreach(value, i, item) if (!valid(schema, item)) return false;
  return true;
}

static bool valid_if(json_t *schema, json_t *value) {
  const char *branch = valid(json_object_get(schema, "if"), value) ? "then" : "else";
  return valid(json_object_get(schema, branch), value);
}

static json_t *definition(json_t *ref) {
  static const char prefix[] = "#/$defs/";
  const char *name = json_string_value(ref);
  assert_memory_equal(prefix, name, sizeof prefix - 1);
  json_t *found = json_object_get(json_object_get(root, "$defs"), name + sizeof prefix - 1);
  assert_non_null(found);
  return found;
}

static bool valid_keyword(json_t *schema, const char *keyword, json_t *k, json_t *value) {
  static const char *const silent[] = {"$schema",     "$comment",        "$defs", "title",
                                       "description", "contentEncoding", "then",  "else"};
  for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
    if (strcmp(keyword, silent[i]) == 0) return true;
#define IS(name) (strcmp(keyword, name) == 0)
  if (IS("type")) return valid_type(k, value);
  if (IS("enum")) return valid_enum(k, value);
  if (IS("const")) return json_equal(k, value);
  if (IS("minimum")) return json_integer_value(value) >= json_integer_value(k);
  if (IS("maximum")) return json_integer_value(value) <= json_integer_value(k);
  if (IS("maxLength")) return json_string_length(value) <= (size_t)json_integer_value(k);
  if (IS("minItems"))
    return !json_is_array(value) || json_array_size(value) >= (size_t)json_integer_value(k);
  if (IS("pattern")) return valid_pattern(json_string_value(k), json_string_value(value));
  if (IS("properties")) return valid_properties(k, value);
  if (IS("additionalProperties"))
    return valid_others(k, json_object_get(schema, "properties"), value);
  if (IS("required")) return valid_required(k, value);
  if (IS("dependentRequired")) return valid_dependent(k, value);
  if (IS("items")) return valid_items(k, value);
  if (IS("$ref")) return valid(definition(k), value);
  if (IS("if")) return valid_if(schema, value);
  if (IS("not")) return !valid(k, value);
#undef IS
  fail_msg("keyword %s", keyword);
  return false;
}

static bool valid(json_t *schema, json_t *value) {
  const char *keyword;
  json_t *k;
  json_object_foreach(schema, keyword,
                      k) if (!valid_keyword(schema, keyword, k, value)) return false;
  return true;
}

static json_t *parsed_of(const struct result *result) {
  char line[LINE_SIZE];
  struct json_writer json = json_writer_into(line, sizeof line);
  record_write(&json, result);
  assert_false(json_writer_overflow(&json));
  json_t *parsed = json_loadb(line, json_writer_text(&json).len, JSON_ALLOW_NUL, NULL);
  assert_non_null(parsed);
  return parsed;
}

static bool result_valid(const struct result *result) {
  json_t *parsed = parsed_of(result);
  bool is_valid = valid(root, parsed);
  json_decref(parsed);
  return is_valid;
}

static void test_records_are_valid(void **state) {
  (void)state;
  for (size_t i = 0; i < SAMPLE_COUNT; i++)
    if (!result_valid(sample_results[i])) fail_msg("line %zu of records.ndjson", i + 1);
}

/* Each change makes a sound record one that the schema refuses. */
static void test_what_is_no_record_is_refused(void **state) {
  static const struct {
    const char *key, *value;
  } rows[] = {
      {"surprise", "1"},
      {"v", "2"},
      {"n", "0"},
      {"n", "\"1\""},
      {"status", "\"x\""},
      {"effect", "\"\""},
      {"at", "\"yesterday\""},
      {"ms", "-1"},
      {"ms", "1.5"},
      {"findings", "[{}]"},
      {"mx", "[]"},
      {"record", "{\"rcode\":\"no\"}"},
      {"record", "[]"},
      {"reason", "\"hyphen\""},
      {"labels", "{\"a\":1}"},
      {"policy", "{\"text_base64\":\"\"}"},
      {"status", "\"invalid\""},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    json_t *record = parsed_of(&sample_absent);
    json_object_set_new(record, rows[i].key, json_loads(rows[i].value, JSON_DECODE_ANY, NULL));
    if (valid(root, record)) fail_msg("%s: %s is taken", rows[i].key, rows[i].value);
    json_object_del(record, rows[i].key);
    json_decref(record);
  }
}

static void each_property_was_met(json_t *schema, const char *where) {
  const char *name;
  json_t *property, *items = json_object_get(schema, "items");
  json_object_foreach(json_object_get(schema, "properties"), name, property) {
    char below[128];
    snprintf(below, sizeof below, "%.100s.%.20s", where, name);
    if (!was_met(property)) fail_msg("no record has %s", below);
    each_property_was_met(property, below);
  }
  if (items) each_property_was_met(items, where);
}

static void test_each_property_is_in_a_record(void **state) {
  (void)state;
  json_object_clear(met);
  for (size_t i = 0; i < SAMPLE_COUNT; i++) result_valid(sample_results[i]);
  each_property_was_met(root, "record");
  const char *name;
  json_t *each;
  json_object_foreach(json_object_get(root, "$defs"), name, each) each_property_was_met(each, name);
}

static const char *severity_of(int value) {
  return finding_severity_text((enum finding_severity)value);
}

/* The enum that stands in the schema at a path of keys. */
static json_t *enum_at(const char *const *path) {
  json_t *at = root;
  for (; *path; path++) at = json_object_get(at, *path);
  at = json_object_get(at, "enum");
  assert_non_null(at);
  return at;
}

static void test_enums_are_the_tables(void **state) {
  static const struct {
    const char *path[8];
    value_name *text_of;
    int count;
  } rows[] = {
      {{"properties", "status"}, value_name_status, STATUS_COUNT},
      {{"properties", "effect"}, value_name_effect, EFFECT_COUNT},
      {{"properties", "policy", "properties", "mode"}, value_name_mode, MODE_COUNT},
      {{"$defs", "finding", "properties", "kind"}, value_name_kind, KIND_COUNT},
      {{"$defs", "finding", "properties", "severity"}, severity_of, FINDING_SEVERITY_COUNT},
      {{"$defs", "finding", "properties", "stage"}, value_name_stage, STAGE_COUNT},
      {{"$defs", "code"}, value_name_code, FOUND_COUNT},
      {{"properties", "mx", "items", "properties", "tls", "properties", "verdict"},
       value_name_verdict,
       VERDICT_COUNT},
      {{"properties", "mx", "items", "properties", "tls", "properties", "step"},
       value_name_step,
       STEP_COUNT},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    json_t *values = enum_at(rows[i].path);
    assert_int_equal(rows[i].count, json_array_size(values));
    for (int v = 0; v < rows[i].count; v++)
      assert_string_equal(rows[i].text_of(v), json_string_value(json_array_get(values, (size_t)v)));
  }
}

static int setup(void **state) {
  (void)state;
  json_error_t error;
  root = json_load_file(schema_path, JSON_REJECT_DUPLICATES, &error);
  if (!root) print_error("%s:%d: %s\n", schema_path, error.line, error.text);
  met = json_object();
  return root && met ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  json_decref(root);
  json_decref(met);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_records_are_valid),
      cmocka_unit_test(test_what_is_no_record_is_refused),
      cmocka_unit_test(test_each_property_is_in_a_record),
      cmocka_unit_test(test_enums_are_the_tables),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
