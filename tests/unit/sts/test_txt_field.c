#include "scanner/sts/txt_field.h"

#include "judged.h"

/* All fields as "name>value" with "|" between, and "!" or "~" where there is a fault. */
static void fields_of(const char *text, char *out, size_t size) {
  struct span rest = span_of(text);
  struct txt_field field = {0};
  enum txt_field_fault fault;
  size_t len = 0;
  out[0] = 0;
  while (txt_field_next(&rest, &field, &fault)) {
    len += (size_t)snprintf(out + len, size - len, "%s%.*s%s%.*s", len ? "|" : "",
                            SPAN_ARG(field.name), span_here(field.value) ? ">" : "",
                            SPAN_ARG(field.value));
    if (fault == TXT_FIELD_EMPTY) len += (size_t)snprintf(out + len, size - len, "!");
    if (fault == TXT_FIELD_TRAILING_BLANK) len += (size_t)snprintf(out + len, size - len, "~");
  }
  if (fault == TXT_FIELD_TRAILING_BLANK) snprintf(out + len, size - len, "~");
}

static void takes_fields_apart(void **state) {
  static const struct {
    const char *text, *fields;
  } vectors[] = {
      {"", ""},
      {";", ""},
      {" ; ", ""},
      {" ", "~"},
      {";a=b", "a>b"},
      {"; \ta=b \t; c=d", "a>b|c>d"},
      {";a=b;", "a>b"},
      {";a=b ; ", "a>b"},
      {";a=b ", "a>b~"},
      {";a=b;;", "a>b|!"},
      {";;a=b", "!|a>b"},
      {"; ; a=b", "!|a>b"},
      {";;;", "!|!"},
      {";a", "a"},
      {";a=", "a>"},
      {";=b", ">b"},
      {";a=b=c", "a>b=c"},
      {";a b=c d", "a b>c d"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    char fields[256];
    fields_of(vectors[i].text, fields, sizeof fields);
    assert_string_equal(fields, vectors[i].fields);
  }
}

static void knows_names_and_values(void **state) {
  (void)state;
  assert_true(txt_field_is_extension_name(SPAN("a")));
  assert_true(txt_field_is_extension_name(SPAN("1")));
  assert_true(txt_field_is_extension_name(SPAN("a_-.9Z")));
  assert_true(txt_field_is_extension_name(SPAN(A32)));
  assert_false(txt_field_is_extension_name(SPAN(A33)));
  assert_false(txt_field_is_extension_name(SPAN("")));
  assert_false(txt_field_is_extension_name(SPAN("_a")));
  assert_false(txt_field_is_extension_name(SPAN("a b")));
  assert_false(txt_field_is_extension_name(SPAN("a\0")));
  assert_false(txt_field_is_extension_name(SPAN("a\xc3\xa9")));
  assert_false(txt_field_is_extension_value(SPAN("")));
  for (int byte = 0; byte < 256; byte++) {
    char value[] = {'a', (char)byte};
    bool visible = byte > 0x20 && byte < 0x7f && byte != ';' && byte != '=';
    assert_int_equal(visible, txt_field_is_extension_value((struct span){value, 2}));
  }
}

static void remembers_so_many_names(void **state) {
  static char texts[TXT_FIELD_NAMES_MAX + 1][4];
  struct txt_field_names names = {0};
  (void)state;
  for (size_t i = 0; i <= TXT_FIELD_NAMES_MAX; i++) {
    snprintf(texts[i], sizeof texts[i], "%zu", i);
    assert_false(txt_field_names_met(&names, span_of(texts[i])));
  }
  assert_int_equal(names.count, TXT_FIELD_NAMES_MAX);
  assert_true(txt_field_names_met(&names, SPAN("0")));
  assert_true(txt_field_names_met(&names, span_of(texts[TXT_FIELD_NAMES_MAX - 1])));
  assert_false(txt_field_names_met(&names, span_of(texts[TXT_FIELD_NAMES_MAX])));
  assert_false(txt_field_names_met(&(struct txt_field_names){0}, SPAN("A")));
}

static void knows_versions_and_attempts(void **state) {
  static const struct {
    const char *text;
    bool version, tries;
  } vectors[] = {
      {"v=STSv1", true, true},    {"v=STSv1;", true, true},    {"v=STSv1 \t;", true, true},
      {"v=STSv1 ", true, true},   {"v=STSv1 a", false, true},  {"v=STSv12", false, true},
      {"v=STS", false, true},     {"V = s T\ts", false, true}, {"x; v=sts", false, true},
      {"vv=sts", false, true},    {"v=v=sts", false, true},    {"v=st", false, false},
      {"v=spf1 s", false, false}, {"v-STSv1", false, false},   {"", false, false},
      {"   ", false, false},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    struct span text = span_of(vectors[i].text);
    if (txt_field_tries(text, SPAN("v=sts")) != vectors[i].tries)
      print_error("%s\n", vectors[i].text);
    assert_int_equal(txt_field_version_is(text, SPAN("v=STSv1")), vectors[i].version);
    assert_int_equal(txt_field_tries(text, SPAN("v=sts")), vectors[i].tries);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(takes_fields_apart),
      cmocka_unit_test(knows_names_and_values),
      cmocka_unit_test(remembers_so_many_names),
      cmocka_unit_test(knows_versions_and_attempts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
