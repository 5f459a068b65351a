#include "output/results/line_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct line_set *marks_made(void) {
  struct line_set *marks = NULL;
  assert_int_equal(ERR_NONE, line_set_new(&marks));
  return marks;
}

static void test_nothing_is_marked_at_first(void **state) {
  (void)state;
  struct line_set *marks = marks_made();
  assert_false(line_set_has(marks, 0));
  assert_false(line_set_has(marks, 1));
  assert_false(line_set_has(marks, UINT64_MAX));
  assert_int_equal(0, line_set_count(marks));
  line_set_free(marks);
}

static void test_no_set_is_an_empty_one(void **state) {
  (void)state;
  assert_false(line_set_has(NULL, 1));
  assert_int_equal(0, line_set_count(NULL));
  line_set_free(NULL);
}

static void test_limits_of_lines(void **state) {
  (void)state;
  struct line_set *marks = marks_made();
  assert_int_equal(ERR_LIMIT, line_set_set(marks, 0));
  assert_int_equal(ERR_NONE, line_set_set(marks, 1));
  assert_int_equal(ERR_NONE, line_set_set(marks, LINE_SET_LINE_MAX));
  assert_int_equal(ERR_LIMIT, line_set_set(marks, LINE_SET_LINE_MAX + 1));
  assert_true(line_set_has(marks, 1));
  assert_true(line_set_has(marks, LINE_SET_LINE_MAX));
  assert_false(line_set_has(marks, LINE_SET_LINE_MAX - 1));
  assert_false(line_set_has(marks, LINE_SET_LINE_MAX + 1));
  assert_int_equal(2, line_set_count(marks));
  line_set_free(marks);
}

/* Around the bounds of words and pages, neighbours stay as they were. */
static void test_neighbours(void **state) {
  (void)state;
  static const uint64_t lines[] = {1,
                                   63,
                                   64,
                                   65,
                                   127,
                                   128,
                                   LINE_SET_PAGE_LINES - 1,
                                   LINE_SET_PAGE_LINES,
                                   LINE_SET_PAGE_LINES + 1,
                                   5ull * LINE_SET_PAGE_LINES - 1,
                                   5ull * LINE_SET_PAGE_LINES};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    struct line_set *marks = marks_made();
    assert_int_equal(ERR_NONE, line_set_set(marks, lines[i]));
    assert_true(line_set_has(marks, lines[i]));
    assert_false(line_set_has(marks, lines[i] - 1));
    assert_false(line_set_has(marks, lines[i] + 1));
    line_set_free(marks);
  }
}

static void test_a_line_counts_once(void **state) {
  (void)state;
  struct line_set *marks = marks_made();
  for (uint64_t n = 1; n <= 3000; n++) assert_int_equal(ERR_NONE, line_set_set(marks, n));
  for (uint64_t n = 1; n <= 3000; n += 2) assert_int_equal(ERR_NONE, line_set_set(marks, n));
  assert_int_equal(3000, line_set_count(marks));
  line_set_clear(marks);
  assert_int_equal(0, line_set_count(marks));
  assert_false(line_set_has(marks, 3000));
  assert_int_equal(ERR_NONE, line_set_set(marks, 7));
  assert_int_equal(1, line_set_count(marks));
  line_set_free(marks);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nothing_is_marked_at_first),
      cmocka_unit_test(test_no_set_is_an_empty_one),
      cmocka_unit_test(test_limits_of_lines),
      cmocka_unit_test(test_neighbours),
      cmocka_unit_test(test_a_line_counts_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
