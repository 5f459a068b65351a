/* Lines come back from plain and gzip files, one member or many, whole, torn and damaged. */
#include "output/results/gzip_block.h"
#include "output/results/results_reader.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

enum { FILE_SIZE = 8 * 1024 * 1024 };

static char path[] = "/tmp/test_reader.XXXXXX";
static char bytes[FILE_SIZE];
static size_t used;
static char lines[FILE_SIZE];

static int file_setup(void **state) {
  (void)state;
  int fd = mkstemp(path);
  return fd >= 0 ? close(fd) : -1;
}

static int file_teardown(void **state) {
  (void)state;
  return unlink(path);
}

static void put(const void *from, size_t len) {
  assert_true(used + len <= sizeof bytes);
  memcpy(bytes + used, from, len);
  used += len;
}

/* A member as a scan writes it. */
static void put_member(const char *text) {
  struct gzip_block *member;
  struct span sealed;
  assert_int_equal(ERR_NONE, gzip_block_new(&member, true));
  memcpy(gzip_block_room(member, strlen(text)), text, strlen(text));
  gzip_block_added(member, strlen(text));
  assert_int_equal(ERR_NONE, gzip_block_seal(member, &sealed));
  put(sealed.ptr, sealed.len);
  gzip_block_free(member);
}

/* A member as others write it: with another level, so that its head differs. */
static void put_foreign(const char *text) {
  z_stream z = {0};
  unsigned char out[65536];
  assert_int_equal(Z_OK, deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY));
  z.next_in = (unsigned char *)(size_t)text;
  z.avail_in = (unsigned)strlen(text);
  z.next_out = out;
  z.avail_out = sizeof out;
  assert_int_equal(Z_STREAM_END, deflate(&z, Z_FINISH));
  put(out, sizeof out - z.avail_out);
  deflateEnd(&z);
}

static void save(void) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_int_equal(used, fwrite(bytes, 1, used, file));
  assert_int_equal(0, fclose(file));
  used = 0;
}

/* All lines that come, each ended by '|', or by '!' when it had no line feed. */
static struct results_reader_account read_from(uint64_t from) {
  struct results_reader *reader;
  struct line_block *page;
  char *line, *out = lines;
  size_t len;
  save();
  assert_int_equal(ERR_NONE, results_reader_open_at(&reader, path, from));
  assert_int_equal(ERR_NONE, line_block_new(&page));
  enum err err;
  while ((err = results_reader_next(reader, page)) == ERR_NONE)
    while (line_block_line(page, &line, &len)) {
      memcpy(out, line, len);
      out += len;
      *out++ = line_block_line_open(page) ? '!' : '|';
    }
  *out = 0;
  assert_int_equal(ERR_END, err);
  struct results_reader_account account = results_reader_account(reader);
  line_block_free(page);
  results_reader_close(reader);
  return account;
}

static struct results_reader_account read_all(void) {
  return read_from(0);
}

static void test_plain_text(void **state) {
  static const struct {
    const char *text, *lines;
  } rows[] = {
      {"", ""}, {"a\n", "a|"}, {"a\nb\n", "a|b|"}, {"a\nb", "a|b!"}, {"a", "a!"}, {"\n\n", "||"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    put(rows[i].text, strlen(rows[i].text));
    struct results_reader_account account = read_all();
    assert_string_equal(rows[i].lines, lines);
    assert_int_equal(strlen(rows[i].text), account.bytes);
    assert_int_equal(0, account.torn + account.damaged);
    assert_false(account.gzip);
  }
}

static void test_members_of_ours_and_of_others(void **state) {
  (void)state;
  put_member("a\nb\n");
  put_member("c\n");
  assert_int_equal(0, read_all().torn);
  assert_string_equal("a|b|c|", lines);

  put_foreign("a\nb");
  put_foreign("b\nc\n");
  assert_true(read_all().gzip);
  assert_string_equal("a|bb|c|", lines);

  put_member("a\n");
  put_foreign("b\n");
  put_member("c\n");
  assert_int_equal(0, read_all().damaged);
  assert_string_equal("a|b|c|", lines);

  put_foreign("a\n");
  put_member("b\n");
  put_foreign("c");
  assert_int_equal(0, read_all().damaged);
  assert_string_equal("a|b|c!", lines);
}

static void test_what_stands_in_front_is_left_out(void **state) {
  (void)state;
  put_member("a\nb\n");
  size_t first = used;
  put_member("c\n");
  put_foreign("d\n");
  size_t len = used - first;
  assert_int_equal(len, read_from(first).bytes);
  assert_string_equal("c|d|", lines);

  put("a\nb\n", 4);
  assert_int_equal(2, read_from(2).bytes);
  assert_string_equal("b|", lines);

  put("a\n", 2);
  assert_int_equal(0, read_from(2).bytes);
  assert_string_equal("", lines);
}

/* Cut anywhere inside its last member, a file gives the members before it, and the tear is told. */
static void test_a_torn_tail_is_told(void **state) {
  (void)state;
  for (size_t cut = 1;; cut++) {
    put_member("a\nb\n");
    size_t first = used;
    put_member("c\nd\n");
    if (cut == used - first) break;
    used -= cut;
    size_t torn = used - first;
    struct results_reader_account account = read_all();
    assert_memory_equal("a|b|", lines, 4);
    assert_int_equal(torn, account.torn);
    assert_int_equal(0, account.damaged);
  }
  used = 0;
}

static void test_a_torn_stream_is_told(void **state) {
  (void)state;
  put_foreign("a\nb\n");
  size_t first = used;
  put_foreign("c\nd\n");
  used -= 3; /* of the length at the end */
  size_t torn = used - first;
  assert_int_equal(torn, read_all().torn);
  assert_string_equal("a|b|c|d|", lines);
}

/* A scan that was killed, and another that appended to what it left. */
static void test_a_tear_in_the_middle_is_told(void **state) {
  (void)state;
  put_member("a\n");
  put_member("b\n");
  used -= 5;
  put_member("c\n");
  struct results_reader_account account = read_all();
  assert_int_equal(1, account.damaged);
  assert_int_equal(0, account.torn);
  assert_memory_equal("a|", lines, 2);
  assert_string_equal("c|", lines + strlen(lines) - 2);
}

static void test_damage_in_a_stream_is_passed_over(void **state) {
  (void)state;
  put_foreign("a\n");
  put("garbage", 7);
  put_member("b\n");
  assert_int_equal(1, read_all().damaged);
  assert_string_equal("a|b|", lines);

  put_foreign("a\n");
  put("garbage", 7);
  assert_int_equal(1, read_all().damaged);
  assert_string_equal("a|", lines);
}

/* Pages end where lines do, whatever their lengths are to the pages. */
static void test_many_lines_come_whole(void **state) {
  char line[300];
  size_t expected = 0;
  (void)state;
  for (int i = 0; used < FILE_SIZE - 400; i++) {
    int len = snprintf(line, sizeof line, "%0*d\n", 1 + i % 280, i);
    put(line, (size_t)len);
    expected++;
  }
  struct results_reader *reader;
  struct line_block *page;
  char *at;
  size_t len, got = 0;
  save();
  assert_int_equal(ERR_NONE, results_reader_open(&reader, path));
  assert_int_equal(ERR_NONE, line_block_new(&page));
  while (results_reader_next(reader, page) == ERR_NONE)
    while (line_block_line(page, &at, &len)) {
      snprintf(line, sizeof line, "%0*d", 1 + (int)got % 280, (int)got);
      assert_int_equal(strlen(line), len);
      assert_memory_equal(line, at, len);
      got++;
    }
  assert_int_equal(expected, got);
  line_block_free(page);
  results_reader_close(reader);
}

static void test_a_line_longer_than_a_page_comes_whole(void **state) {
  (void)state;
  memset(bytes, 'x', 3 * LINE_BLOCK_SIZE_MIN);
  used = 3 * LINE_BLOCK_SIZE_MIN;
  put("\ny\n", 3);
  read_all();
  assert_int_equal(3 * LINE_BLOCK_SIZE_MIN + 3, strlen(lines));
  assert_string_equal("x|y|", lines + 3 * LINE_BLOCK_SIZE_MIN - 1);
}

static void put_hole(size_t len) {
  static const char zeros[65536];
  for (; len > sizeof zeros; len -= sizeof zeros) put(zeros, sizeof zeros);
  put(zeros, len);
}

static void test_a_hole_costs_what_was_in_it(void **state) {
  static const size_t holes[] = {1, 4096, 256 * 1024, 256 * 1024 + 1, 5 * 1024 * 1024};
  (void)state;
  for (size_t i = 0; i < sizeof holes / sizeof *holes; i++) {
    put("a\nb\npart", 8);
    put_hole(holes[i]);
    put("c\nd\n", 4);
    assert_int_equal(1, read_all().damaged);
    assert_string_equal("a|b|part|c|d|", lines);
    put_hole(holes[i]);
    put("c\nd\n", 4);
    assert_int_equal(1, read_all().damaged);
    assert_string_equal("c|d|", lines);
  }
}

static void test_a_hole_between_members(void **state) {
  static const size_t holes[] = {1, 4096, 1024 * 1024, 5 * 1024 * 1024};
  (void)state;
  for (size_t i = 0; i < sizeof holes / sizeof *holes; i++)
    for (int front = 0; front < 2; front++) {
      if (!front) put_member("a\n");
      put_hole(holes[i]);
      put_member("b\nc\n");
      put_member("d\n");
      struct results_reader_account account = read_all();
      assert_true(account.gzip);
      assert_int_equal(1, account.damaged);
      assert_string_equal(front ? "b|c|d|" : "a|b|c|d|", lines);
    }
}

static void test_what_cannot_be_opened(void **state) {
  struct results_reader *reader;
  (void)state;
  assert_int_equal(ERR_IO, results_reader_open(&reader, "/nonexistent/file"));
  assert_int_equal(ERR_IO, results_reader_open(&reader, "/tmp"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_plain_text),
      cmocka_unit_test(test_members_of_ours_and_of_others),
      cmocka_unit_test(test_what_stands_in_front_is_left_out),
      cmocka_unit_test(test_a_torn_tail_is_told),
      cmocka_unit_test(test_a_torn_stream_is_told),
      cmocka_unit_test(test_a_tear_in_the_middle_is_told),
      cmocka_unit_test(test_damage_in_a_stream_is_passed_over),
      cmocka_unit_test(test_many_lines_come_whole),
      cmocka_unit_test(test_a_line_longer_than_a_page_comes_whole),
      cmocka_unit_test(test_a_hole_costs_what_was_in_it),
      cmocka_unit_test(test_a_hole_between_members),
      cmocka_unit_test(test_what_cannot_be_opened),
  };
  return cmocka_run_group_tests(tests, file_setup, file_teardown);
}
