/* Results read back at every length that a crash could leave, and with damage anywhere. */
#include "output/results/gzip_block.h"
#include "output/results/resume_index.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define IDENTITY SCAN_ID_MAGIC "--shard 0/1\nlist-1 12 octets\n"

enum { HOLE_SHORTEST = 1, PATH_SIZE = 128, FILE_MAX = 64 * 1024, MEMBERS = 6, LINES_A_MEMBER = 3 };

static char folder[PATH_SIZE], path[PATH_SIZE], side[PATH_SIZE];

/* Results, and up to where they are whole after each of their parts. */
struct results {
  char bytes[FILE_MAX];
  size_t len;
  size_t ends[1 + MEMBERS * LINES_A_MEMBER];
  size_t end_count;
};

static int setup(void **state) {
  (void)state;
  snprintf(folder, sizeof folder, "/tmp/stscan-journal-XXXXXX");
  if (!mkdtemp(folder)) return -1;
  snprintf(path, sizeof path, "%.100s/results", folder);
  snprintf(side, sizeof side, "%.100s/results.resume", folder);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  unlink(path);
  unlink(side);
  return rmdir(folder);
}

/* Always a new one: ext4 writes one that was cut to nothing, and is written anew, to the disk. */
static void file_write(const char *bytes, size_t len) {
  unlink(path);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_int_equal(len, fwrite(bytes, 1, len, file));
  assert_int_equal(0, fclose(file));
}

static void results_add(struct results *results, struct span bytes) {
  assert_true(results->len + bytes.len <= sizeof results->bytes);
  memcpy(results->bytes + results->len, bytes.ptr, bytes.len);
  results->len += bytes.len;
}

static void results_part_ends(struct results *results) {
  results->ends[results->end_count++] = results->len;
}

static void results_add_head(struct results *results, const char *identity) {
  char *bytes;
  size_t size;
  assert_int_equal(ERR_NONE, scan_id_member(span_of(identity), &bytes, &size));
  assert_int_equal(strlen(identity) + SCAN_ID_MEMBER_EXTRA, size);
  results_add(results, (struct span){bytes, size});
  free(bytes);
}

static void member_line(struct gzip_block *member, const char *line) {
  char *room = gzip_block_room(member, strlen(line));
  assert_non_null(room);
  memcpy(room, line, strlen(line));
  gzip_block_added(member, strlen(line));
}

static size_t record_text(char *out, size_t size, uint64_t n) {
  return (size_t)snprintf(out, size,
                          "{\"v\":1,\"n\":%" PRIu64 ",\"domain\":\"d%" PRIu64
                          ".example\",\"text\":\"\\n{\\\"v\\\":1,\\\"n\\\":99,}\"}\n",
                          n, n * 7919 % 1000);
}

/* Lines 1, 3, 5 and so on, each LINES_A_MEMBER of them in one member. */
static void results_make_gzip(struct results *results) {
  struct gzip_block *member;
  char line[256];
  uint64_t n = 1;
  *results = (struct results){0};
  results_add_head(results, IDENTITY);
  results_part_ends(results);
  assert_int_equal(ERR_NONE, gzip_block_new(&member, true));
  for (int i = 0; i < MEMBERS; i++) {
    struct span sealed;
    for (int j = 0; j < LINES_A_MEMBER; j++, n += 2) {
      record_text(line, sizeof line, n);
      member_line(member, line);
    }
    assert_int_equal(ERR_NONE, gzip_block_seal(member, &sealed));
    results_add(results, sealed);
    results_part_ends(results);
  }
  gzip_block_free(member);
}

static void results_make_plain(struct results *results) {
  char line[256];
  *results = (struct results){0};
  results_part_ends(results);
  for (uint64_t i = 0; i < MEMBERS * LINES_A_MEMBER; i++) {
    size_t len = record_text(line, sizeof line, 1 + 2 * i);
    results_add(results, (struct span){line, len});
    results_part_ends(results);
  }
}

/* How many parts end within so many bytes. */
static size_t results_parts(const struct results *results, size_t len) {
  size_t parts = 0;
  while (parts < results->end_count && results->ends[parts] <= len) parts++;
  return parts;
}

/* Exactly the first records are marked. */
static void check_done(const struct resume_index *journal, uint64_t records) {
  assert_int_equal(records, journal->records);
  assert_int_equal(records, line_set_count(journal->done));
  for (uint64_t i = 0; i < records; i++) assert_true(line_set_has(journal->done, 1 + 2 * i));
}

static void check_appendable(size_t len, bool gzip, size_t whole) {
  struct resume_index journal;
  assert_int_equal(ERR_NONE, resume_index_check(&journal, path, gzip));
  assert_int_equal(len, journal.size);
  assert_int_equal(whole, journal.whole);
  assert_null(journal.done);
  assert_null(journal.identity);
}

static void check_gzip_cut(const struct results *results, size_t len) {
  struct resume_index journal;
  size_t parts = results_parts(results, len);
  file_write(results->bytes, len);
  assert_int_equal(ERR_NONE, resume_index_read(&journal, path, true));
  assert_int_equal(len, journal.size);
  assert_int_equal(0, journal.begin);
  assert_int_equal(parts ? results->ends[parts - 1] : 0, journal.whole);
  check_done(&journal, parts ? (parts - 1) * LINES_A_MEMBER : 0);
  if (parts)
    assert_string_equal(IDENTITY, journal.identity);
  else
    assert_null(journal.identity);
  resume_index_free(&journal);
}

static void test_gzip_at_every_length(void **state) {
  (void)state;
  static struct results results;
  results_make_gzip(&results);
  for (size_t len = 0; len <= results.len; len++) check_gzip_cut(&results, len);
}

static void test_plain_at_every_length(void **state) {
  (void)state;
  static struct results results;
  results_make_plain(&results);
  assert_int_equal(ERR_NONE, scan_id_save(path, SPAN(IDENTITY), 0, NULL, false));
  for (size_t len = 0; len <= results.len; len++) {
    struct resume_index journal;
    size_t parts = results_parts(&results, len);
    file_write(results.bytes, len);
    assert_int_equal(ERR_NONE, resume_index_read(&journal, path, false));
    assert_int_equal(results.ends[parts - 1], journal.whole);
    check_done(&journal, parts - 1);
    resume_index_free(&journal);
  }
}

/* A changed octet is nothing that a crash leaves: nothing is dropped. Where the octet tells nothing
 * (a time, say), all stays. */
static void test_gzip_with_a_damaged_octet(void **state) {
  (void)state;
  static struct results results;
  results_make_gzip(&results);
  for (size_t at = results.ends[0]; at < results.len; at++) {
    struct resume_index journal;
    size_t parts = results_parts(&results, at);
    results.bytes[at] ^= 0x55;
    file_write(results.bytes, results.len);
    results.bytes[at] ^= 0x55;
    enum err err = resume_index_read(&journal, path, true);
    if (journal.whole != results.len) {
      /* In the last member's length it may only seem to end early. */
      assert_true(err == ERR_LIMIT || (err == ERR_NONE && parts >= MEMBERS));
      assert_int_equal(results.ends[parts - 1], journal.whole);
      check_done(&journal, (parts - 1) * LINES_A_MEMBER);
    } else {
      assert_int_equal(ERR_NONE, err);
      check_done(&journal, (uint64_t)MEMBERS * LINES_A_MEMBER);
    }
    resume_index_free(&journal);
  }
}

/* As a file system leaves them that had made room, and not yet written. */
static void test_a_tail_of_zeros(void **state) {
  (void)state;
  static struct results results;
  struct resume_index journal;
  results_make_gzip(&results);
  file_write(results.bytes, results.len);
  assert_int_equal(0, truncate(path, (off_t)results.len + RESUME_INDEX_TAIL_MAX));
  assert_int_equal(ERR_NONE, resume_index_read(&journal, path, true));
  assert_int_equal(results.len, journal.whole);
  check_done(&journal, (uint64_t)MEMBERS * LINES_A_MEMBER);
  resume_index_free(&journal);
  check_appendable(results.len + RESUME_INDEX_TAIL_MAX, true, results.len);
  assert_int_equal(0, truncate(path, (off_t)results.len + RESUME_INDEX_TAIL_MAX + 1));
  assert_int_equal(ERR_LIMIT, resume_index_read(&journal, path, true));
  assert_int_equal(results.len, journal.whole);
  resume_index_free(&journal);
}

static void test_the_last_scan_counts(void **state) {
  (void)state;
  static struct results results, second;
  struct resume_index journal;
  results_make_gzip(&results);
  results_make_gzip(&second);
  const size_t first = results.len;
  results_add_head(&results, SCAN_ID_MAGIC "another\n");
  results_add(&results,
              span_first((struct span){second.bytes + second.ends[0], second.len - second.ends[0]},
                         second.ends[1] - second.ends[0]));
  file_write(results.bytes, results.len);
  assert_int_equal(ERR_NONE, resume_index_read(&journal, path, true));
  assert_string_equal(SCAN_ID_MAGIC "another\n", journal.identity);
  check_done(&journal, LINES_A_MEMBER);
  assert_int_equal(first, journal.begin);
  assert_int_equal(results.len, journal.whole);
  resume_index_free(&journal);
}

static void test_plain_behind_another_scan(void **state) {
  (void)state;
  struct resume_index journal;
  const char *text = "{\"v\":1,\"n\":1,}\n{\"v\":1,\"n\":5,}\n";
  file_write(text, strlen(text));
  assert_int_equal(ERR_NONE, scan_id_save(path, SPAN(IDENTITY), 15, NULL, false));
  assert_int_equal(ERR_NONE, resume_index_read(&journal, path, false));
  assert_int_equal(1, journal.records);
  assert_int_equal(15, journal.begin);
  assert_false(line_set_has(journal.done, 1));
  assert_true(line_set_has(journal.done, 5));
  resume_index_free(&journal);
}

static void test_lines_that_are_no_records(void **state) {
  (void)state;
  static const char *const lines[] = {
      "",
      "{}",
      "{\"v\":1,\"n\":1}",
      "{\"v\":1,\"n\":0,}",
      "{\"v\":1,\"n\":01,}",
      "{\"v\":1,\"n\":,}",
      "{\"v\":1,\"n\":-1,}",
      "{\"v\":1,\"n\":1x,}",
      "{\"v\":1,\"n\":68719476737,}",
      "{\"v\":1,\"n\":18446744073709551617,}",
      "{\"v\":2,\"n\":1,}",
      "{\"v\":1, \"n\":1,}",
      " {\"v\":1,\"n\":1,}",
      "{\"v\":1,\"n\":1,\"domain\":\"a\"",
      "{\"v\":1,\"domain\":\"a\",\"n\":1}",
  };
  assert_int_equal(ERR_NONE, scan_id_save(path, SPAN(IDENTITY), 0, NULL, false));
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    struct resume_index journal;
    char text[256];
    const size_t sound = (size_t)snprintf(text, sizeof text, "{\"v\":1,\"n\":68719476736,}\n");
    int len = snprintf(text + sound, sizeof text - sound, "%s\n{\"v\":1,\"n\":8,}\n", lines[i]);
    file_write(text, sound + (size_t)len);
    assert_int_equal(ERR_SYNTAX, resume_index_read(&journal, path, false));
    assert_int_equal(1, journal.records);
    assert_int_equal(sound, journal.whole);
    resume_index_free(&journal);
  }
}

/* What a crash cannot leave is not dropped, and a wrong offset drops nothing. */
static void test_plain_tails_and_offsets(void **state) {
  (void)state;
#define FIRST "{\"v\":1,\"n\":1,}\n"
#define NEXT  "{\"v\":1,\"n\":2,}\n"
  const struct {
    struct span text;
    uint64_t from;
    enum err err;
    uint64_t whole, records;
  } rows[] = {
      {SPAN(FIRST NEXT), 0, ERR_NONE, 30, 2},
      {SPAN(FIRST "{\"v\":1,\"n\":2,"), 0, ERR_NONE, 15, 1},
      {SPAN(FIRST "{\"v"), 0, ERR_NONE, 15, 1},
      {SPAN(FIRST "mine"), 0, ERR_SYNTAX, 15, 1},
      {SPAN(FIRST "{\"w"), 0, ERR_SYNTAX, 15, 1},
      {SPAN(FIRST "mine\n"), 0, ERR_SYNTAX, 15, 1},
      {SPAN(FIRST "\0\0\0\0"), 0, ERR_NONE, 15, 1},
      {SPAN(FIRST "\0\0\0\0" NEXT), 0, ERR_NONE, 15, 1},
      {SPAN(FIRST "\0\0\0\0" NEXT NEXT "mine\n"), 0, ERR_SYNTAX, 15, 1},
      {SPAN(FIRST NEXT), 15, ERR_NONE, 30, 1},
      {SPAN(FIRST NEXT), 30, ERR_NONE, 30, 0},
      {SPAN(FIRST NEXT), 10, ERR_REFUSED, 10, 0},
      {SPAN(FIRST NEXT), 29, ERR_REFUSED, 29, 0},
      {SPAN(FIRST NEXT), 31, ERR_REFUSED, 31, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct resume_index journal;
    file_write(rows[i].text.ptr, rows[i].text.len);
    assert_int_equal(ERR_NONE, scan_id_save(path, SPAN(IDENTITY), rows[i].from, NULL, false));
    assert_int_equal(rows[i].err, resume_index_read(&journal, path, false));
    assert_int_equal(rows[i].whole, journal.whole);
    assert_int_equal(rows[i].records, journal.records);
    resume_index_free(&journal);
  }
}

/* Members with a hole among them, as a power cut leaves it: what follows the hole is done anew. */
static void test_gzip_with_a_hole(void **state) {
  (void)state;
  static struct results results;
  for (size_t len = HOLE_SHORTEST; len < 200; len += 17) {
    struct resume_index journal;
    results_make_gzip(&results);
    const size_t at = results.ends[2];
    memset(results.bytes + at, 0, len);
    file_write(results.bytes, results.len);
    assert_int_equal(ERR_NONE, resume_index_read(&journal, path, true));
    assert_int_equal(at, journal.whole);
    check_done(&journal, 2 * LINES_A_MEMBER);
    resume_index_free(&journal);
  }
}

static void test_a_nul_is_damage(void **state) {
  (void)state;
  struct resume_index journal;
  static const char text[] = "{\"v\":1,\"n\":1,}\n{\"v\":1,\"n\":2,\"domain\":\"\0\0\"}\n";
  assert_int_equal(ERR_NONE, scan_id_save(path, SPAN(IDENTITY), 0, NULL, false));
  file_write(text, sizeof text - 1);
  assert_int_equal(ERR_NONE, resume_index_read(&journal, path, false));
  assert_int_equal(15, journal.whole);
  resume_index_free(&journal);
}

/* A whole member with something else in it was written so: not ours to cut off. */
static void test_members_of_something_else(void **state) {
  (void)state;
  static const char *const texts[] = {"hello\n", "{\"v\":1,\"n\":1,}"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    static struct results results;
    struct gzip_block *member;
    struct span sealed;
    struct resume_index journal;
    results_make_gzip(&results);
    assert_int_equal(ERR_NONE, gzip_block_new(&member, true));
    member_line(member, texts[i]);
    assert_int_equal(ERR_NONE, gzip_block_seal(member, &sealed));
    results_add(&results, sealed);
    gzip_block_free(member);
    file_write(results.bytes, results.len);
    assert_int_equal(ERR_SYNTAX, resume_index_read(&journal, path, true));
    resume_index_free(&journal);
    assert_int_equal(ERR_SYNTAX, resume_index_check(&journal, path, true));
  }
}

static void test_results_without_a_head(void **state) {
  (void)state;
  static struct results results;
  struct resume_index journal;
  results_make_gzip(&results);
  file_write(results.bytes + results.ends[0], results.len - results.ends[0]);
  assert_int_equal(ERR_NOT_FOUND, resume_index_read(&journal, path, true));
  resume_index_free(&journal);
  file_write("{\"v\":1,\"n\":1,}\n", 15);
  assert_int_equal(ERR_NOT_FOUND, resume_index_read(&journal, path, true));
  resume_index_free(&journal);
  assert_int_equal(ERR_NOT_FOUND, resume_index_read(&journal, path, false));
  resume_index_free(&journal);
  unlink(path);
  assert_int_equal(ERR_IO, resume_index_read(&journal, path, true));
  resume_index_free(&journal);
}

static void test_gzip_to_append_to_at_every_length(void **state) {
  (void)state;
  static struct results results;
  results_make_gzip(&results);
  results_add_head(&results, SCAN_ID_MAGIC "another\n");
  results_part_ends(&results);
  for (size_t len = 0; len <= results.len; len++) {
    size_t parts = results_parts(&results, len);
    file_write(results.bytes, len);
    check_appendable(len, true, parts ? results.ends[parts - 1] : 0);
  }
}

/* Without a head a torn member could be anybody's; behind a whole one it is a torn end. */
static void test_gzip_without_a_head_to_append_to(void **state) {
  (void)state;
  static struct results results;
  results_make_gzip(&results);
  const char *bytes = results.bytes + results.ends[0];
  const size_t first = results.ends[1] - results.ends[0];
  struct resume_index journal;
  file_write(bytes, first - 1);
  assert_int_equal(ERR_NOT_FOUND, resume_index_check(&journal, path, true));
  file_write(bytes, first);
  check_appendable(first, true, first);
  file_write(bytes, first + 1);
  check_appendable(first + 1, true, first);
}

static void test_plain_to_append_to_at_every_length(void **state) {
  (void)state;
  static struct results results;
  results_make_plain(&results);
  for (size_t len = 0; len <= results.len; len++) {
    file_write(results.bytes, len);
    check_appendable(len, false, results.ends[results_parts(&results, len) - 1]);
  }
}

static void test_what_is_not_appended_to(void **state) {
  (void)state;
  static const char record[] = "{\"v\":1,\"n\":1,}\n";
  static const struct {
    const char *text;
    bool gzip;
    enum err err;
  } rows[] = {
      {"mine", false, ERR_NOT_FOUND},
      {"{\"v\":1,\"m\"", false, ERR_NOT_FOUND},
      {"mine\n", false, ERR_SYNTAX},
      {"{\"v\":1,\"n\":1,}\nmine\n", false, ERR_SYNTAX},
      {"{\"v\":1,\"n\":1,{\"v\":1,\"n\":2,\n{\"v\":1,\"n\":3,}\n", false, ERR_SYNTAX},
      {"mine", true, ERR_NOT_FOUND},
      {record, true, ERR_NOT_FOUND},
      {"\x1f\x8b", true, ERR_NONE},
      {"\x1f\x8b\x09", true, ERR_NOT_FOUND},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct resume_index journal;
    file_write(rows[i].text, strlen(rows[i].text));
    assert_int_equal(rows[i].err, resume_index_check(&journal, path, rows[i].gzip));
  }
}

static void test_identities_at_their_limit(void **state) {
  (void)state;
  static char identity[SCAN_ID_IDENTITY_MAX + 2];
  char *bytes, *loaded;
  size_t size;
  uint64_t from;
  struct scan_id_end end;
  struct resume_index journal;
  memset(identity, 'x', SCAN_ID_IDENTITY_MAX + 1);
  memcpy(identity, SCAN_ID_MAGIC, strlen(SCAN_ID_MAGIC));
  assert_int_equal(ERR_LIMIT, scan_id_member(span_of(identity), &bytes, &size));
  assert_int_equal(ERR_LIMIT, scan_id_save(path, span_of(identity), 0, NULL, false));
  identity[SCAN_ID_IDENTITY_MAX] = 0;
  assert_int_equal(ERR_NONE, scan_id_member(span_of(identity), &bytes, &size));
  file_write(bytes, size);
  free(bytes);
  assert_int_equal(ERR_NONE, resume_index_read(&journal, path, true));
  assert_string_equal(identity, journal.identity);
  resume_index_free(&journal);
  assert_int_equal(ERR_NONE, scan_id_save(path, span_of(identity), UINT64_MAX, NULL, false));
  assert_int_equal(ERR_NONE, scan_id_load(path, &loaded, &from, &end));
  assert_string_equal(identity, loaded);
  assert_true(from == UINT64_MAX);
  free(loaded);
}

static void test_side_files_of_something_else(void **state) {
  (void)state;
  static const char magic_second[] = "from\n" SCAN_ID_MAGIC;
  static const char *const texts[] = {"", "from 1", magic_second, "from 1\nhello\n", SCAN_ID_MAGIC};
  char *identity = NULL;
  uint64_t from;
  struct scan_id_end end;
  assert_int_equal(ERR_NOT_FOUND, scan_id_load(path, &identity, &from, &end));
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    FILE *file = fopen(side, "w");
    assert_non_null(file);
    assert_true(fputs(texts[i], file) >= 0);
    assert_int_equal(0, fclose(file));
    assert_int_equal(ERR_SYNTAX, scan_id_load(path, &identity, &from, &end));
    assert_null(identity);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_gzip_at_every_length),
      TEST(test_plain_at_every_length),
      TEST(test_gzip_with_a_damaged_octet),
      TEST(test_a_tail_of_zeros),
      TEST(test_the_last_scan_counts),
      TEST(test_plain_behind_another_scan),
      TEST(test_lines_that_are_no_records),
      TEST(test_a_nul_is_damage),
      TEST(test_plain_tails_and_offsets),
      TEST(test_gzip_with_a_hole),
      TEST(test_members_of_something_else),
      TEST(test_results_without_a_head),
      TEST(test_identities_at_their_limit),
      TEST(test_side_files_of_something_else),
      TEST(test_gzip_to_append_to_at_every_length),
      TEST(test_gzip_without_a_head_to_append_to),
      TEST(test_plain_to_append_to_at_every_length),
      TEST(test_what_is_not_appended_to),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
