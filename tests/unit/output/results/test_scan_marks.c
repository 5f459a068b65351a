/* Heads and closing members are found, however the octets come. */
#include "output/results/scan_id.h"
#include "output/results/scan_marks.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define IDENTITY(shard, list) SCAN_ID_MAGIC "--shard " shard "\nlists 1\nlist-1 " list "\n"

enum { FILE_SIZE = 4096 };

static char file[FILE_SIZE];
static size_t file_len;

static void put(const char *bytes, size_t size) {
  memcpy(file + file_len, bytes, size);
  file_len += size;
}

static void put_head(const char *identity) {
  char *bytes;
  size_t size;
  assert_int_equal(ERR_NONE, scan_id_member(span_of(identity), &bytes, &size));
  put(bytes, size);
  free(bytes);
}

static void put_end(uint64_t lines, uint64_t records) {
  struct scan_id_end end = {true, lines, records};
  char *bytes;
  size_t size;
  assert_int_equal(ERR_NONE, scan_id_end_member(&end, &bytes, &size));
  put(bytes, size);
  free(bytes);
}

static void test_marks_are_found_in_pieces_of_any_size(void **state) {
  static const char record[] = "\x1f\x8b\x08\0\0\0\0\0\x04\x03 some octets \x1f\x8b\x08\x04\0\0";
  (void)state;
  file_len = 0;
  put_head(IDENTITY("1/4", "7 octets, sha256 aa"));
  put(record, sizeof record);
  put_end(9, 8);
  put_head(IDENTITY("2/4", "7 octets, sha256 aa"));
  put(record, sizeof record);
  put_head(IDENTITY("0/1", "8 octets, sha256 bb"));
  put_end(UINT64_MAX, 0);
  for (size_t piece = 1; piece <= file_len; piece++) {
    struct scan_marks marks = {0};
    for (size_t at = 0; at < file_len; at += piece)
      scan_marks_feed(&marks, span_first((struct span){file + at, file_len - at}, piece));
    assert_int_equal(ERR_NONE, marks.err);
    assert_int_equal(3, marks.count);
    assert_int_equal(1, marks.at[0].shard);
    assert_int_equal(4, marks.at[0].shards);
    assert_true(marks.at[0].ended && marks.at[0].lines == 9 && marks.at[0].records == 8);
    assert_string_equal("7 octets, sha256 aa", marks.at[0].list);
    assert_false(marks.at[1].ended);
    assert_true(marks.at[0].lists == marks.at[1].lists);
    assert_true(marks.at[2].ended && marks.at[2].lines == UINT64_MAX);
    assert_false(marks.at[0].lists == marks.at[2].lists);
    scan_marks_free(&marks);
  }
}

static void test_what_is_odd_is_no_mark(void **state) {
  (void)state;
  static const char *const identities[] = {SCAN_ID_MAGIC "--shard 4/4\n",
                                           SCAN_ID_MAGIC "--shard x\n", SCAN_ID_MAGIC};
  for (size_t i = 0; i < sizeof identities / sizeof *identities; i++) {
    struct scan_marks marks = {0};
    file_len = 0;
    put_end(1, 1); /* of no scan */
    put_head(identities[i]);
    scan_marks_feed(&marks, (struct span){file, file_len});
    assert_int_equal(1, marks.count);
    assert_int_equal(0, marks.at[0].shard);
    assert_int_equal(1, marks.at[0].shards);
    assert_false(marks.at[0].ended);
    scan_marks_free(&marks);
  }
}

static void test_scans_have_a_limit(void **state) {
  (void)state;
  struct scan_marks marks = {0};
  file_len = 0;
  put_head(SCAN_ID_MAGIC);
  for (unsigned i = 0; i < SCAN_MARKS_MAX; i++)
    scan_marks_feed(&marks, (struct span){file, file_len});
  assert_int_equal(ERR_NONE, marks.err);
  scan_marks_feed(&marks, (struct span){file, file_len});
  assert_int_equal(ERR_LIMIT, marks.err);
  assert_int_equal(SCAN_MARKS_MAX, marks.count);
  scan_marks_free(&marks);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_marks_are_found_in_pieces_of_any_size),
      cmocka_unit_test(test_what_is_odd_is_no_mark),
      cmocka_unit_test(test_scans_have_a_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
