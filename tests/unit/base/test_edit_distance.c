#include "scanner/base/edit_distance.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_edits_of_known_pairs(void **state) {
  static const struct {
    const char *a, *b;
    unsigned edits;
  } rows[] = {
      {"", "", 0},
      {"mx", "mx", 0},
      {"mx", "nmx", 1},
      {"", "abc", 3},
      {"abc", "", 3},
      {"kitten", "sitting", 3},
      {"max-age", "max_age", 1},
      {"MX-Null", "mx-null", 0},
      {"ab", "ba", 2},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(rows[i].edits, edit_distance(span_of(rows[i].a), span_of(rows[i].b)));
    assert_int_equal(rows[i].edits, edit_distance(span_of(rows[i].b), span_of(rows[i].a)));
  }
}

static void test_texts_over_the_limit_are_far(void **state) {
  char text[EDIT_DISTANCE_TEXT_MAX + 1];
  (void)state;
  memset(text, 'a', sizeof text);
  struct span over = {text, EDIT_DISTANCE_TEXT_MAX + 1};
  struct span at = {text, EDIT_DISTANCE_TEXT_MAX};
  struct span below = {text, EDIT_DISTANCE_TEXT_MAX - 1};
  assert_int_equal(1, edit_distance(at, below));
  assert_int_equal(0, edit_distance(at, at));
  assert_int_equal(EDIT_DISTANCE_TEXT_MAX, edit_distance(over, at));
  assert_int_equal(EDIT_DISTANCE_TEXT_MAX, edit_distance(at, over));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_edits_of_known_pairs),
      cmocka_unit_test(test_texts_over_the_limit_are_far),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
