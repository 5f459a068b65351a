#include "scanner/sts/list_entry.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct vector {
  const char *line;
  enum list_entry_format format;
  bool first;
  const char *text; /* NULL: no entry */
  const char *name;
  uint64_t rank; /* 0: none */
};

static const struct vector vectors[] = {
    {"example.com\n", LIST_ENTRY_AUTO, false, "example.com", "example.com", 0},
    {"example.com\r\n", LIST_ENTRY_AUTO, false, "example.com", "example.com", 0},
    {"example.com", LIST_ENTRY_AUTO, false, "example.com", "example.com", 0},
    {" \texample.com \t\r\n", LIST_ENTRY_AUTO, false, "example.com", "example.com", 0},
    {"1,example.com\r\n", LIST_ENTRY_AUTO, false, "1,example.com", "example.com", 1},
    {"17, example.com ,more\n", LIST_ENTRY_AUTO, false, "17, example.com ,more", "example.com", 17},
    {"\"17\",\"example.com\"\n", LIST_ENTRY_CSV, false, "\"17\",\"example.com\"", "example.com",
     17},
    {"1,example.com\n", LIST_ENTRY_LINES, false, "1,example.com", "1,example.com", 0},
    {"rank,name\n", LIST_ENTRY_CSV, false, "rank,name", "rank,name", 0},
    {"example.com\n", LIST_ENTRY_CSV, false, "example.com", "example.com", 0},
    {"7,\n", LIST_ENTRY_CSV, false, "7,", "7,", 0},
    {",example.com\n", LIST_ENTRY_AUTO, false, ",example.com", ",example.com", 0},
    {"999999999999999999,a.example\n", LIST_ENTRY_AUTO, false, "999999999999999999,a.example",
     "a.example", 999999999999999999},
    {"1000000000000000000,a.example\n", LIST_ENTRY_AUTO, false, "1000000000000000000,a.example",
     "1000000000000000000,a.example", 0},
    {"\xef\xbb\xbf"
     "example.com\n",
     LIST_ENTRY_AUTO, true, "example.com", "example.com", 0},
    {"\xef\xbb\xbf"
     "example.com\n",
     LIST_ENTRY_AUTO, false,
     "\xef\xbb\xbf"
     "example.com",
     "\xef\xbb\xbf"
     "example.com",
     0},
    {"\"example.com\"\n", LIST_ENTRY_AUTO, false, "\"example.com\"", "example.com", 0},
    {"https://example.com/a\n", LIST_ENTRY_AUTO, false, "https://example.com/a", "example.com", 0},
    {"a@example.com\n", LIST_ENTRY_LINES, false, "a@example.com", "example.com", 0},
    {"\n", LIST_ENTRY_AUTO, false, NULL, NULL, 0},
    {"", LIST_ENTRY_AUTO, false, NULL, NULL, 0},
    {"  \t\r\n", LIST_ENTRY_AUTO, false, NULL, NULL, 0},
    {"# a comment\n", LIST_ENTRY_AUTO, false, NULL, NULL, 0},
    {"  # a comment\n", LIST_ENTRY_CSV, false, NULL, NULL, 0},
    {"\xef\xbb\xbf\n", LIST_ENTRY_AUTO, true, NULL, NULL, 0},
};

static void assert_span(struct span got, const char *expected) {
  assert_int_equal(got.len, strlen(expected));
  assert_memory_equal(got.ptr, expected, got.len);
}

static void reads_lines_of_lists(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    const struct vector *v = &vectors[i];
    struct list_entry entry;
    bool got = list_entry_parse(span_of(v->line), v->format, v->first, &entry);
    if (got != (v->text != NULL)) print_error("vector %zu\n", i);
    assert_int_equal(got, v->text != NULL);
    if (!got) continue;
    assert_span(entry.text, v->text);
    assert_span(entry.name, v->name);
    assert_int_equal(entry.has_rank, v->rank != 0);
    if (v->rank) assert_int_equal(entry.rank, v->rank);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(reads_lines_of_lists)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
