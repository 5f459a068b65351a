#include "output/base/text_counts.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { MOST = 100 };

static struct text_counts_row *row_of(struct text_counts *map, const char *prefix, int number) {
  char text[32];
  int len = snprintf(text, sizeof text, "%s%d", prefix, number);
  struct text_counts_row *row = text_counts_within(map, (struct span){text, (size_t)len}, MOST);
  assert_non_null(row);
  return row;
}

static uint64_t count_of(const struct text_counts *map, struct span text) {
  const struct text_counts_row *row = text_counts_find(map, text);
  return row ? row->counts[0] : 0;
}

static void fill(struct text_counts *map, const char *prefix, int count) {
  for (int i = 0; i < count; i++) row_of(map, prefix, i)->counts[0]++;
}

static void test_rows_over_the_most_are_one(void **state) {
  (void)state;
  static const struct {
    int texts;
    size_t rows;
    uint64_t other;
  } cases[] = {{MOST - 1, MOST - 1, 0},
               {MOST, MOST, 0},
               {MOST + 1, MOST + 1, 1},
               {5 * MOST, MOST + 1, 4 * MOST}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct text_counts map = {0};
    fill(&map, "t", cases[i].texts);
    row_of(&map, "t", 0)->counts[0]++; /* one that has a row keeps it */
    assert_int_equal(map.count, cases[i].rows);
    assert_int_equal(count_of(&map, TEXT_COUNTS_OTHER), cases[i].other);
    assert_int_equal(count_of(&map, SPAN("t0")), 2);
    text_counts_free(&map);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows_over_the_most_are_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
