/* Whole or not there, never in the place of what is not ours, and no wait for a reader. */
#include "output/base/whole_file.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define MARK SPAN("<our mark>")

static char folder[] = "/tmp/test_whole_file.XXXXXX";

static int setup(void **state) {
  (void)state;
  return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  return rmdir(folder); /* each test leaves nothing behind */
}

static void put(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

static void check_holds(const char *path, const char *text) {
  char got[1024] = {0};
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  size_t len = fread(got, 1, sizeof got - 1, file);
  fclose(file);
  assert_int_equal(strlen(text), len);
  assert_string_equal(text, got);
}

static enum err save(const char *path, const char *text, bool force, bool good) {
  struct whole_file *file;
  enum err err = whole_file_open(&file, path, MARK, force);
  if (err != ERR_NONE) return err;
  fputs(text, whole_file_stream(file));
  return whole_file_close(file, good);
}

static void test_what_is_there(void **state) {
  (void)state;
  static char far[WHOLE_FILE_MARK_WITHIN + 20], near[WHOLE_FILE_MARK_WITHIN + 20];
  memset(far, 'x', WHOLE_FILE_MARK_WITHIN - MARK.len + 1);
  memcpy(near, far, WHOLE_FILE_MARK_WITHIN - MARK.len);
  strcat(near, MARK.ptr);
  strcat(far, MARK.ptr);
  const struct {
    const char *there; /* NULL: nothing */
    bool force;
    enum err err;
  } rows[] = {
      {NULL, false, ERR_NONE},
      {"", false, ERR_NONE},
      {"<our mark> old\n", false, ERR_NONE},
      {near, false, ERR_NONE},
      {far, false, ERR_REFUSED},
      {"<html>mine", false, ERR_REFUSED},
      {"<our mar", false, ERR_REFUSED},
      {"<html>mine", true, ERR_NONE},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (rows[i].there) put("file", rows[i].there);
    assert_int_equal(rows[i].err, whole_file_check("file", MARK, rows[i].force));
    assert_int_equal(rows[i].err, save("file", "<our mark> new\n", rows[i].force, true));
    check_holds("file", rows[i].err == ERR_NONE ? "<our mark> new\n" : rows[i].there);
    assert_int_equal(0, unlink("file"));
  }
}

static void test_nothing_of_what_failed_is_left(void **state) {
  (void)state;
  assert_int_equal(ERR_NONE, save("file", "half", false, false));
  assert_int_equal(-1, access("file", F_OK));
  put("file", "<our mark> old");
  assert_int_equal(ERR_NONE, save("file", "half", false, false));
  check_holds("file", "<our mark> old");
  assert_int_equal(0, unlink("file"));
}

/* A draft of that name that a crash left, or a trap: neither is written to. */
static void test_a_draft_follows_no_link(void **state) {
  (void)state;
  char draft[64];
  put("victim", "mine");
  snprintf(draft, sizeof draft, "file.%ld.0.new", (long)getpid());
  assert_int_equal(0, symlink("victim", draft));
  assert_int_equal(ERR_NONE, save("file", "text", false, true));
  check_holds("victim", "mine");
  check_holds("file", "text");
  assert_int_equal(0, unlink("victim"));
  assert_int_equal(0, unlink(draft));
  assert_int_equal(0, unlink("file"));
}

static void test_links_stay_links(void **state) {
  (void)state;
  struct stat st;
  assert_int_equal(0, mkdir("sub", 0777));
  assert_int_equal(0, symlink("sub/middle", "link"));
  assert_int_equal(0, symlink("../file", "sub/middle"));
  for (int i = 0; i < 2; i++) { /* at first there is nothing at its end */
    assert_int_equal(ERR_NONE, save("link", "<our mark>", false, true));
    assert_int_equal(0, lstat("link", &st));
    assert_true(S_ISLNK(st.st_mode));
    check_holds("file", "<our mark>");
  }
  put("file", "mine");
  assert_int_equal(ERR_REFUSED, save("link", "<our mark>", false, true));
  assert_int_equal(0, symlink("loop", "loop"));
  assert_int_equal(ERR_IO, whole_file_check("loop", MARK, false));
  assert_int_equal(ELOOP, errno);
  assert_int_equal(0, unlink("loop"));
  assert_int_equal(0, unlink("file"));
  assert_int_equal(0, unlink("link"));
  assert_int_equal(0, unlink("sub/middle"));
  assert_int_equal(0, rmdir("sub"));
}

static void test_a_fifo_is_not_waited_for(void **state) {
  (void)state;
  assert_int_equal(0, mkfifo("fifo", 0666));
  assert_int_equal(ERR_NONE, whole_file_check("fifo", MARK, false));
  assert_int_equal(ERR_IO, save("fifo", "text", false, true));
  assert_int_equal(ENXIO, errno);
  int reader = open("fifo", O_RDONLY | O_NONBLOCK);
  assert_true(reader >= 0);
  assert_int_equal(ERR_NONE, save("fifo", "text", false, true));
  char got[8];
  assert_int_equal(4, read(reader, got, sizeof got));
  close(reader);
  assert_int_equal(0, unlink("fifo"));
}

static void test_where_nothing_can_be_written(void **state) {
  (void)state;
  static char path[WHOLE_FILE_PATH_MAX + 2];
  memset(path, 'x', sizeof path - 1);
  assert_int_equal(ERR_IO, whole_file_check(path, MARK, false));
  assert_int_equal(ENAMETOOLONG, errno);
  assert_int_equal(ERR_IO, whole_file_check("none/file", MARK, false));
  assert_int_equal(ENOENT, errno);
  assert_int_equal(ERR_IO, whole_file_check("/tmp", MARK, true));
  assert_int_equal(EISDIR, errno);
  assert_int_equal(ERR_IO, save("/dev/full", "text", false, true));
  assert_int_equal(ENOSPC, errno);
  assert_int_equal(ERR_NONE, save("/dev/null", "text", false, true));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_is_there),
      cmocka_unit_test(test_nothing_of_what_failed_is_left),
      cmocka_unit_test(test_a_draft_follows_no_link),
      cmocka_unit_test(test_links_stay_links),
      cmocka_unit_test(test_a_fifo_is_not_waited_for),
      cmocka_unit_test(test_where_nothing_can_be_written),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
