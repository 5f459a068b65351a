/* Whether a scan that is resumed has anything left to do, by its lists and the lines that are done.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scanner/run/remainder.h"
#include "scanner/sts/shard.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINES_MAX = 6, LISTS = 2 };

#define FIRST  "a.example\n\n# a comment\nb.example\n" /* lines 1 and 4 give records */
#define SECOND "c.example\n"                           /* line 5 */

static char paths[LISTS][32];
static char *lists[LISTS] = {paths[0], paths[1]};

static int lists_make(void **state) {
  static const char *const texts[LISTS] = {FIRST, SECOND};
  (void)state;
  for (int i = 0; i < LISTS; i++) {
    snprintf(paths[i], sizeof paths[i], "/tmp/test_remainder.XXXXXX");
    int fd = mkstemp(paths[i]);
    if (fd < 0 || write(fd, texts[i], strlen(texts[i])) < 0) return -1;
    close(fd);
  }
  return 0;
}

static int lists_drop(void **state) {
  (void)state;
  for (int i = 0; i < LISTS; i++) unlink(paths[i]);
  return 0;
}

static bool is_left(const struct scan_config *config, const uint64_t *done, uint64_t *lines) {
  struct line_set *set;
  bool left = false;
  assert_int_equal(line_set_new(&set), ERR_NONE);
  for (int i = 0; i < LINES_MAX && done[i]; i++)
    assert_int_equal(line_set_set(set, done[i]), ERR_NONE);
  assert_int_equal(remainder_look(config, set, &left, lines), ERR_NONE);
  line_set_free(set);
  return left;
}

static void test_lines_that_are_done(void **state) {
  (void)state;
  static const struct {
    uint64_t done[LINES_MAX];
    bool left;
  } rows[] = {
      {{1, 4, 5}, false}, {{1, 2, 3, 4, 5}, false}, /* nothing stands in the other two */
      {{1, 4}, true},                               /* the last is missing */
      {{4, 5}, true},                               /* the first */
      {{1, 5}, true},     {{0}, true},
  };
  const struct scan_config config = {.lists = lists, .list_count = LISTS};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint64_t lines = 0;
    assert_int_equal(is_left(&config, rows[i].done, &lines), rows[i].left);
    if (!rows[i].left) assert_int_equal(lines, 5);
  }
}

/* Of one part of a scan, only what belongs to it. */
static void test_lines_of_other_shards(void **state) {
  (void)state;
  enum { SHARDS = 3 };
  static const struct {
    const char *name;
    uint64_t line;
  } names[] = {{"a.example", 1}, {"b.example", 4}, {"c.example", 5}};
  for (unsigned shard = 0; shard < SHARDS; shard++) {
    struct scan_config config = {
        .lists = lists, .list_count = LISTS, .shard = shard, .shards = SHARDS};
    uint64_t done[LINES_MAX] = {0}, lines = 0;
    size_t count = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
      if (shard_of(span_of(names[i].name), SHARDS) == shard) done[count++] = names[i].line;
    assert_false(is_left(&config, done, &lines));
    if (!count) continue;
    done[count - 1] = 0;
    assert_true(is_left(&config, done, &lines));
  }
}

/* What cannot be read twice, or at all, may hold anything. */
static void test_lists_that_cannot_be_told(void **state) {
  (void)state;
  static const uint64_t all[LINES_MAX] = {1, 2, 3, 4, 5};
  static char input[] = "-", missing[] = "/tmp/test_remainder.missing", device[] = "/dev/null";
  char *const odd[] = {input, missing, device};
  uint64_t lines;
  assert_true(is_left(&(struct scan_config){.list_count = 0}, all, &lines));
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
    char *each[] = {paths[0], odd[i]};
    const struct scan_config config = {.lists = each, .list_count = 2};
    assert_true(is_left(&config, all, &lines));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lines_that_are_done),
      cmocka_unit_test(test_lines_of_other_shards),
      cmocka_unit_test(test_lists_that_cannot_be_told),
  };
  return cmocka_run_group_tests(tests, lists_make, lists_drop);
}
