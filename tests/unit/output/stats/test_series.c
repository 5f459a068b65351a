/* What the points of a series are called, and in which order they stand. */
#include "output/stats/series.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void test_names(void **state) {
  (void)state;
  static const struct {
    const char *path, *name, *whole;
  } cases[] = {
      {"week-01.ndjson.gz", "week-01", "week-01"},
      {"/data/2026/week-01.ndjson", "week-01", "/data/2026/week-01"},
      {"scans/week-01/", "week-01", "scans/week-01"},
      {"a.jsonl.gz", "a", "a"},
      {"a.json", "a", "a"},
      {"a.b.gz", "a.b", "a.b"},
      {".gz", ".gz", ".gz"},
      {"x/.gz", ".gz", "x/.gz"},
      {"a.gz.gz", "a.gz", "a.gz"},
      {"-", "-", "-"},
      {"/", "/", "/"},
      {"2026-11-23", "2026-11-23", "2026-11-23"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char name[SERIES_NAME_MAX + 1];
    series_name(cases[i].path, false, name);
    assert_string_equal(cases[i].name, name);
    series_name(cases[i].path, true, name);
    assert_string_equal(cases[i].whole, name);
  }
}

/* Of a path that is too long the end is kept. */
static void test_name_has_a_limit(void **state) {
  (void)state;
  char path[SERIES_NAME_MAX + 2], name[SERIES_NAME_MAX + 1];
  memset(path, 'b', sizeof path);
  path[0] = 'a';
  path[SERIES_NAME_MAX] = 0;
  series_name(path, false, name);
  assert_string_equal(path, name);
  path[SERIES_NAME_MAX] = 'c';
  path[SERIES_NAME_MAX + 1] = 0;
  series_name(path, false, name);
  assert_string_equal(path + 1, name);
}

static enum err add(struct series *series, const char *name, int64_t first, int64_t last) {
  struct aggregate_file file = {.first = first, .last = last};
  struct aggregate aggregate = {.files = &file, .file_count = 1, .records = 1};
  struct statistics statistics = {0};
  return series_add(series, name, &aggregate, &statistics);
}

static void test_order(void **state) {
  (void)state;
  struct series series;
  unsigned one;
  assert_int_equal(ERR_NONE, series_make(&series, 3));
  assert_int_equal(ERR_NONE, add(&series, "late", 300, 400));
  assert_int_equal(ERR_END, add(&series, "no time", 0, 0));
  assert_int_equal(ERR_NONE, add(&series, "early", 100, 250));
  assert_int_equal(ERR_NONE, add(&series, "middle", 200, 350));
  assert_int_equal(ERR_LIMIT, add(&series, "too many", 500, 600));
  assert_int_equal(ERR_NONE, series_order(&series, &one));
  assert_string_equal("early", series.points[0].name);
  assert_string_equal("middle", series.points[1].name);
  assert_string_equal("late", series.points[2].name);
  series_free(&series);
}

static void test_one_scan_twice(void **state) {
  (void)state;
  struct series series;
  unsigned one;
  assert_int_equal(ERR_NONE, series_make(&series, 3));
  assert_int_equal(ERR_NONE, add(&series, "a", 300, 400));
  assert_int_equal(ERR_NONE, add(&series, "b", 100, 250));
  assert_int_equal(ERR_NONE, add(&series, "a again", 300, 400));
  assert_int_equal(ERR_REFUSED, series_order(&series, &one));
  assert_int_equal(1, one);
  series_free(&series);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_name_has_a_limit),
      cmocka_unit_test(test_order),
      cmocka_unit_test(test_one_scan_twice),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
