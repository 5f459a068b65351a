/* Which shards are there, and what is said of the others. */
#include "output/stats/completeness.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { FILES_MAX = COMPLETENESS_SETS_MAX + 1 };

static struct scan_mark marks[FILES_MAX];
static struct aggregate_file files[FILES_MAX];
static char notes[8192];

static void on_note(void *context, const char *path, const char *note) {
  (void)context;
  assert_null(path);
  size_t used = strlen(notes);
  snprintf(notes + used, sizeof notes - used, "%s\n", note);
}

static struct aggregate aggregate_of(const struct scan_mark *from, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    marks[i] = from[i];
    files[i] = (struct aggregate_file){.marks = {.at = &marks[i], .count = 1}};
  }
  return (struct aggregate){.files = files, .file_count = count};
}

static void assert_notes(const struct completeness *made, const char *expected) {
  notes[0] = 0;
  completeness_notes(made, on_note, NULL);
  assert_string_equal(notes, expected);
}

static void all_shards_that_ended_are_whole(void **state) {
  static const struct scan_mark from[] = {
      {.lists = 1, .shard = 0, .shards = 2, .ended = true},
      {.lists = 1, .shard = 1, .shards = 2, .ended = true},
  };
  struct completeness made;
  struct aggregate aggregate = aggregate_of(from, 2);
  (void)state;
  assert_int_equal(completeness_make(&made, &aggregate), ERR_NONE);
  assert_true(completeness_is_whole(&made));
  assert_notes(&made, "");
  completeness_free(&made);
}

static void what_is_missing_is_said(void **state) {
  static const struct scan_mark from[] = {
      {.lists = 1, .shard = 1, .shards = 9, .ended = true},
      {.lists = 1, .shard = 6, .shards = 9},
      {.lists = 1, .shard = 7, .shards = 9, .ended = true},
      {.lists = 2, .shard = 0, .shards = 2, .ended = true},
      {.lists = 3, .shard = 0, .shards = 1},
  };
  struct completeness made;
  struct aggregate aggregate = aggregate_of(from, 5);
  (void)state;
  assert_int_equal(completeness_make(&made, &aggregate), ERR_NONE);
  assert_false(completeness_is_whole(&made));
  assert_notes(&made, "3 lists are mixed\n"
                      "shards 0, 2-5, 8 of 9 are missing\n"
                      "shard 6 of 9 is not complete\n"
                      "shard 1 of 2 is missing\n"
                      "the scan is not complete: it did not end\n");
  completeness_free(&made);
}

/* The last scan of a shard counts; a file without a head makes the rest unsure. */
static void later_scans_and_files_without_a_head(void **state) {
  static const struct scan_mark from[] = {
      {.lists = 1, .shards = 1},
      {.lists = 1, .shards = 1, .ended = true},
      {.lists = 2, .shards = 1, .ended = true},
  };
  struct completeness made;
  struct aggregate aggregate = aggregate_of(from, 3);
  (void)state;
  assert_int_equal(completeness_make(&made, &aggregate), ERR_NONE);
  assert_true(completeness_is_whole(&made));
  assert_notes(&made, "two lists are mixed\n");
  completeness_free(&made);
  files[2].marks.count = 0;
  assert_int_equal(completeness_make(&made, &aggregate), ERR_NONE);
  assert_false(completeness_is_whole(&made));
  assert_int_equal(made.unknown, 1);
  completeness_free(&made);
}

static void there_are_so_many_lists_and_no_more(void **state) {
  static struct scan_mark from[FILES_MAX];
  struct completeness made;
  (void)state;
  for (unsigned i = 0; i < FILES_MAX; i++)
    from[i] = (struct scan_mark){.lists = i + 1, .shards = 1, .ended = true};
  for (unsigned count = COMPLETENESS_SETS_MAX - 1; count <= FILES_MAX; count++) {
    struct aggregate aggregate = aggregate_of(from, count);
    assert_int_equal(completeness_make(&made, &aggregate),
                     count <= COMPLETENESS_SETS_MAX ? ERR_NONE : ERR_LIMIT);
    completeness_free(&made);
  }
}

/* Below, at and over COMPLETENESS_TOLD_MAX pieces. */
static void not_all_that_is_missing_is_told(void **state) {
  (void)state;
  for (unsigned pieces = COMPLETENESS_TOLD_MAX - 1; pieces <= COMPLETENESS_TOLD_MAX + 1; pieces++) {
    struct scan_mark from[COMPLETENESS_TOLD_MAX + 2];
    struct completeness made;
    for (unsigned i = 0; i < pieces; i++)
      from[i] =
          (struct scan_mark){.lists = 1, .shard = 2 * i + 1, .shards = 2 * pieces, .ended = true};
    struct aggregate aggregate = aggregate_of(from, pieces);
    assert_int_equal(completeness_make(&made, &aggregate), ERR_NONE);
    notes[0] = 0;
    completeness_notes(&made, on_note, NULL);
    assert_int_equal(strstr(notes, " and more") != NULL, pieces > COMPLETENESS_TOLD_MAX);
    completeness_free(&made);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_shards_that_ended_are_whole),
      cmocka_unit_test(what_is_missing_is_said),
      cmocka_unit_test(later_scans_and_files_without_a_head),
      cmocka_unit_test(there_are_so_many_lists_and_no_more),
      cmocka_unit_test(not_all_that_is_missing_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
