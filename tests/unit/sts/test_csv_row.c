#include "scanner/sts/csv_row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct vector {
  const char *row;
  char separator;
  const char *fields; /* with | between */
  bool open;
};

static const struct vector vectors[] = {
    {"", ',', "", false},
    {"a", ',', "a", false},
    {"a,b,c", ',', "a|b|c", false},
    {"a,b,c", ';', "a,b,c", false},
    {"a;b", ';', "a|b", false},
    {"a\tb", '\t', "a|b", false},
    {"a,b", 0, "a,b", false},
    {",", ',', "|", false},
    {"a,", ',', "a|", false},
    {" a , b ", ',', "a|b", false},
    {"\t a\tb", '\t', "|a|b", false},
    {"\"a\",\"b\"", ',', "a|b", false},
    {"\"a,b\",c", ',', "a,b|c", false},
    {"\"a\nb\",c", ',', "a\nb|c", false},
    {"\"say \"\"a\"\"\",c", ',', "say \"a\"|c", false},
    {"\"\",c", ',', "|c", false},
    {"\"\"\"\",c", ',', "\"|c", false},
    {" \"a\" ,b", ',', "a|b", false},
    {"5\" disk,b", ',', "5\" disk|b", false},
    {"\"a\"b,c", ',', "\"a\"b|c", false},
    {"\"a", ',', "a", true},
    {"a,\"b,c", ',', "a|b,c", true},
    {"\"", ',', "", true},
    {"\"a\"\"", ',', "a\"", true},
};

static void cuts_rows(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    const struct vector *v = &vectors[i];
    char got[256];
    size_t len = 0;
    struct csv_row row = csv_row_of(span_of(v->row), v->separator);
    struct csv_field field;
    unsigned count = 0;
    while (csv_row_next(&row, &field)) {
      if (count++) got[len++] = '|';
      len += csv_row_unquote(&field, got + len, sizeof got - len - 1);
    }
    got[len] = 0;
    assert_string_equal(got, v->fields);
    assert_int_equal(row.open, v->open);
    assert_int_equal(csv_row_is_open(span_of(v->row), v->separator), v->open);
    assert_int_equal(csv_row_count(span_of(v->row), v->separator), count);
  }
}

static void counts_up_to_the_limit(void **state) {
  (void)state;
  static const unsigned counts[] = {CSV_ROW_FIELDS_MAX - 1, CSV_ROW_FIELDS_MAX,
                                    CSV_ROW_FIELDS_MAX + 1};
  for (size_t i = 0; i < 3; i++) {
    char text[CSV_ROW_FIELDS_MAX + 2];
    memset(text, ',', sizeof text);
    unsigned expected = counts[i] < CSV_ROW_FIELDS_MAX ? counts[i] : CSV_ROW_FIELDS_MAX;
    assert_int_equal(csv_row_count((struct span){text, counts[i] - 1}, ','), expected);
  }
}

static void unquotes_what_fits(void **state) {
  (void)state;
  struct csv_field field = {SPAN("a\"\"b"), true};
  char out[4];
  assert_int_equal(csv_row_unquote(&field, out, 2), 2);
  assert_memory_equal(out, "a\"", 2);
  assert_int_equal(csv_row_unquote(&field, out, sizeof out), 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cuts_rows),
      cmocka_unit_test(counts_up_to_the_limit),
      cmocka_unit_test(unquotes_what_fits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
