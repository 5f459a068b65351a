#include "scanner/run/list_file.h"
#include "scanner/run/list_reader.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

/* Counts the wakes and lets the test wait for the next. */
struct waker {
  pthread_mutex_t lock;
  pthread_cond_t woken;
  unsigned wakes;
};

static void waker_wake(void *data) {
  struct waker *waker = data;
  pthread_mutex_lock(&waker->lock);
  waker->wakes++;
  pthread_cond_signal(&waker->woken);
  pthread_mutex_unlock(&waker->lock);
}

static void waker_wait(struct waker *waker) {
  pthread_mutex_lock(&waker->lock);
  while (waker->wakes == 0) pthread_cond_wait(&waker->woken, &waker->lock);
  waker->wakes = 0;
  pthread_mutex_unlock(&waker->lock);
}

static struct waker waker = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static char *write_file(const char *bytes, size_t len) {
  char *path = strdup("/tmp/test_source.XXXXXX");
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, bytes, len), len);
  close(fd);
  return path;
}

static char *write_gzip(const char *bytes, size_t len, size_t members, size_t keep) {
  char *path = write_file("", 0);
  for (size_t i = 0; i < members; i++) {
    gzFile file = gzopen(path, "ab");
    size_t from = len * i / members, to = len * (i + 1) / members;
    assert_int_equal(gzwrite(file, bytes + from, (unsigned)(to - from)), to - from);
    gzclose(file);
  }
  if (keep) assert_int_equal(truncate(path, (off_t)keep), 0);
  return path;
}

static void drop_file(char *path) {
  unlink(path);
  free(path);
}

static struct list_reader *open_marked(char *const *paths, int count, const struct line_set *done) {
  struct list_reader *source = NULL;
  const char *bad;
  struct list_reader_config config = {
      .paths = paths, .path_count = count, .workers = 1, .wake = waker_wake, .data = &waker};
  waker.wakes = 0;
  char why[LIST_ROWS_TEXT_MAX];
  assert_int_equal(list_reader_new(&source, &config, &bad, why), ERR_NONE);
  assert_int_equal(list_reader_start(source, done), ERR_NONE);
  return source;
}

static struct list_reader *open_source(char *const *paths, int count) {
  return open_marked(paths, count, NULL);
}

/* All names with their numbers as "1:a.example 3:b.example", and how it ended. */
static enum err read_all(struct list_reader *source, char *out, size_t size) {
  enum err err = ERR_NONE;
  size_t used = 0;
  out[0] = 0;
  while (err == ERR_NONE) {
    struct list_reader_batch *batch = list_reader_take(source, &err);
    if (!batch) {
      if (err == ERR_NONE) waker_wait(&waker);
      continue;
    }
    for (size_t i = 0; i < batch->count; i++)
      used += (size_t)snprintf(out + used, size - used, "%s%llu:%.*s", used ? " " : "",
                               (unsigned long long)batch->lines[i].n,
                               SPAN_ARG(batch->lines[i].entry.name));
    list_reader_give(source, batch);
  }
  return err;
}

static void counts_lines_through_all_lists(void **state) {
  (void)state;
  static const char first[] = "\xef\xbb\xbf"
                              "a.example\r\n\n# note\nb.example";
  static const char second[] = "1,c.example\n2,d.example\n";
  char *paths[] = {write_file(first, sizeof first - 1),
                   write_gzip(second, sizeof second - 1, 2, 0)};
  char names[256];
  struct list_reader *source = open_source(paths, 2);
  assert_int_equal(read_all(source, names, sizeof names), ERR_END);
  assert_string_equal(names, "1:a.example 4:b.example 5:c.example 6:d.example");
  struct list_reader_progress progress;
  list_reader_progress(source, &progress);
  assert_int_equal(progress.lines, 6);
  assert_int_equal(progress.read_bytes, progress.total_bytes);
  list_reader_free(source);
  drop_file(paths[0]);
  drop_file(paths[1]);
}

static void passes_over_what_is_done(void **state) {
  (void)state;
  static const char text[] = "a.example\nb.example\n\nd.example\n";
  char *path = write_file(text, sizeof text - 1);
  char names[256];
  struct line_set *done;
  assert_int_equal(line_set_new(&done), ERR_NONE);
  assert_int_equal(line_set_set(done, 1), ERR_NONE);
  assert_int_equal(line_set_set(done, 4), ERR_NONE);
  struct list_reader *source = open_marked(&path, 1, done);
  assert_int_equal(read_all(source, names, sizeof names), ERR_END);
  assert_string_equal(names, "2:b.example");
  struct list_reader_progress progress;
  list_reader_progress(source, &progress);
  assert_int_equal(progress.lines, 4);
  list_reader_free(source);
  line_set_free(done);
  drop_file(path);
}

/* What the list has been opened with, and what it is at its end, is compared. */
static void check_changed(off_t size, bool changed) {
  enum { LINES = 40000 };
  static char text[LINES * 16];
  size_t len = 0;
  for (int i = 0; i < LINES; i++) len += (size_t)sprintf(text + len, "n%d.example\n", i);
  char *path = write_file(text, len);
  struct list_reader *source = open_source(&path, 1);
  enum err err = ERR_NONE;
  struct list_reader_batch *batch;
  while (!(batch = list_reader_take(source, &err))) waker_wait(&waker);
  /* The reader waits for the batch: it has not come to the end. */
  assert_int_equal(truncate(path, size < 0 ? (off_t)len : size), 0);
  while (err == ERR_NONE) {
    if (batch) list_reader_give(source, batch);
    if (!(batch = list_reader_take(source, &err)) && err == ERR_NONE) waker_wait(&waker);
  }
  assert_int_equal(err, ERR_END);
  assert_int_equal(list_reader_changed(source) != NULL, changed);
  list_reader_free(source);
  drop_file(path);
}

static void tells_lists_that_change(void **state) {
  (void)state;
  check_changed(-1, false);
  check_changed(LIST_FILE_BUFFER_SIZE * 4, true);
  check_changed(LIST_FILE_BUFFER_SIZE * 20, true);
}

static void cuts_lines_at_the_limit(void **state) {
  (void)state;
  static const size_t lengths[] = {LIST_FILE_LINE_MAX - 2, LIST_FILE_LINE_MAX - 1,
                                   LIST_FILE_LINE_MAX, LIST_FILE_LINE_MAX + 1,
                                   3 * LIST_FILE_BUFFER_SIZE};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    size_t len = lengths[i], kept = len < LIST_FILE_LINE_MAX ? len : LIST_FILE_LINE_MAX;
    char *text = malloc(len + 3);
    memset(text, 'x', len);
    memcpy(text + len, "\ny\n", 3);
    char *path = write_file(text, len + 3);
    struct list_reader *source = open_source(&path, 1);
    enum err err = ERR_NONE;
    struct list_reader_batch *batch;
    while (!(batch = list_reader_take(source, &err)) || batch->count == 0) {
      if (batch) list_reader_give(source, batch);
      waker_wait(&waker);
    }
    assert_int_equal(batch->lines[0].entry.text.len, kept);
    list_reader_give(source, batch);
    batch = list_reader_take(source, &err);
    assert_int_equal(batch->count, 1);
    assert_int_equal(batch->lines[0].n, 2);
    assert_int_equal(batch->lines[0].entry.text.len, 1);
    list_reader_give(source, batch);
    list_reader_free(source);
    drop_file(path);
    free(text);
  }
}

/* A list of so many names, read to its end; look sees every batch. */
static void read_many(size_t lines, void (*look)(const struct list_reader_batch *batch)) {
  char *text = malloc(lines * 16);
  size_t len = 0;
  for (size_t i = 0; i < lines; i++) len += (size_t)sprintf(text + len, "n%zu.example\n", i);
  char *path = write_file(text, len);
  struct list_reader *source = open_source(&path, 1);
  enum err err = ERR_NONE;
  while (err == ERR_NONE) {
    struct list_reader_batch *batch = list_reader_take(source, &err);
    if (!batch) {
      if (err == ERR_NONE) waker_wait(&waker);
      continue;
    }
    look(batch);
    list_reader_give(source, batch);
  }
  assert_int_equal(err, ERR_END);
  list_reader_free(source);
  drop_file(path);
  free(text);
}

enum { LINES_MAX = 50000 };

static unsigned char seen[LINES_MAX + 1];

static void look_at_numbers(const struct list_reader_batch *batch) {
  assert_in_range(batch->count, 1, LIST_READER_BATCH_LINES);
  for (size_t i = 0; i < batch->count; i++) {
    assert_in_range(batch->lines[i].n, 1, LINES_MAX);
    assert_int_equal(seen[batch->lines[i].n]++, 0);
    if (i) assert_true(batch->lines[i].n >= batch->lines[i - 1].n + LIST_READER_DEAL);
  }
}

/* Below what is dealt at once, at it, over it, and so much that batches come again. */
static void gives_many_lines_in_bounded_batches(void **state) {
  (void)state;
  enum { DEAL = LIST_READER_DEAL * LIST_READER_BATCH_LINES };
  static const size_t counts[] = {0, 1, LIST_READER_DEAL, DEAL - 1, DEAL, DEAL + 1, LINES_MAX};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    memset(seen, 0, sizeof seen);
    read_many(counts[i], look_at_numbers);
    for (size_t n = 1; n <= counts[i]; n++) assert_int_equal(seen[n], 1);
  }
}

enum { ALIKE_FROM = 1000, ALIKE_COUNT = 200 };

static size_t alike_most;

static void look_for_the_alike(const struct list_reader_batch *batch) {
  size_t alike = 0;
  for (size_t i = 0; i < batch->count; i++)
    alike += batch->lines[i].n >= ALIKE_FROM && batch->lines[i].n < ALIKE_FROM + ALIKE_COUNT;
  if (alike > alike_most) alike_most = alike;
}

/* Those who stand together, as in a sorted list those of one provider do, do not come together. */
static void spreads_neighbours(void **state) {
  (void)state;
  alike_most = 0;
  read_many(20000, look_for_the_alike);
  assert_int_equal(alike_most, (ALIKE_COUNT + LIST_READER_DEAL - 1) / LIST_READER_DEAL);
}

static void tells_damaged_gzip(void **state) {
  (void)state;
  static const char text[] = "a.example\nb.example\nc.example\nd.example\n";
  char *cut = write_gzip(text, sizeof text - 1, 1, 30);
  char *rubbish = write_file("\x1f\x8brubbish that is no gzip", 26);
  char *paths[] = {cut, rubbish};
  for (int i = 0; i < 2; i++) {
    char names[256];
    struct list_reader *source = open_source(&paths[i], 1);
    assert_int_equal(read_all(source, names, sizeof names), ERR_SYNTAX);
    assert_string_equal(list_reader_bad(source), paths[i]);
    list_reader_free(source);
  }
  drop_file(cut);
  drop_file(rubbish);
}

/* Zero octets behind the last member, or between two, are padding; anything else is damage. */
static void passes_over_padding_behind_gzip(void **state) {
  (void)state;
  static const char zeros[LIST_FILE_BUFFER_SIZE + 1];
  static const struct {
    size_t padding;
    const char *behind;
    enum err end;
  } rows[] = {{1, "", ERR_END},
              {10240, "", ERR_END},
              {LIST_FILE_BUFFER_SIZE, "", ERR_END},
              {LIST_FILE_BUFFER_SIZE + 1, "", ERR_END},
              {3, "rubbish", ERR_SYNTAX},
              {0, "rubbish", ERR_SYNTAX}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char names[256];
    char *path = write_gzip("a.example\nb.example\n", 20, 2, 0);
    FILE *file = fopen(path, "a");
    assert_int_equal(fwrite(zeros, 1, rows[i].padding, file), rows[i].padding);
    assert_true(fputs(rows[i].behind, file) >= 0);
    fclose(file);
    struct list_reader *source = open_source(&path, 1);
    assert_int_equal(read_all(source, names, sizeof names), rows[i].end);
    assert_string_equal(names, "1:a.example 2:b.example");
    assert_int_equal(list_reader_is_done(source), rows[i].end == ERR_END);
    list_reader_free(source);
    drop_file(path);
  }
}

static void tells_missing_lists_before_the_start(void **state) {
  (void)state;
  char *paths[] = {"/nonexistent/list", "/tmp"};
  const int expected[] = {ENOENT, EISDIR};
  for (int i = 0; i < 2; i++) {
    struct list_reader *source = NULL;
    const char *bad;
    struct list_reader_config config = {
        .paths = &paths[i], .path_count = 1, .workers = 1, .wake = waker_wake, .data = &waker};
    char why[LIST_ROWS_TEXT_MAX];
    assert_int_equal(list_reader_new(&source, &config, &bad, why), ERR_IO);
    assert_int_equal(errno, expected[i]);
    assert_string_equal(bad, paths[i]);
  }
}

/* A pipe with a line and then silence: the line is given at once, and a stop ends the wait. */
static void gives_what_a_stalled_pipe_has(void **state) {
  (void)state;
  int fds[2];
  assert_int_equal(pipe(fds), 0);
  int saved = dup(STDIN_FILENO);
  dup2(fds[0], STDIN_FILENO);
  struct list_reader *source = open_source(NULL, 0);
  assert_int_equal(write(fds[1], "a.example\nb.exa", 15), 15);
  enum err err = ERR_NONE;
  struct list_reader_batch *batch;
  while (!(batch = list_reader_take(source, &err)) || batch->count == 0) {
    if (batch) list_reader_give(source, batch);
    waker_wait(&waker);
  }
  assert_int_equal(batch->count, 1);
  list_reader_give(source, batch);
  list_reader_stop(source);
  assert_null(list_reader_take(source, &err));
  assert_int_equal(err, ERR_END);
  assert_false(list_reader_is_done(source));
  list_reader_free(source);
  dup2(saved, STDIN_FILENO);
  close(saved);
  close(fds[0]);
  close(fds[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_lines_through_all_lists),
      cmocka_unit_test(passes_over_what_is_done),
      cmocka_unit_test(tells_lists_that_change),
      cmocka_unit_test(cuts_lines_at_the_limit),
      cmocka_unit_test(gives_many_lines_in_bounded_batches),
      cmocka_unit_test(spreads_neighbours),
      cmocka_unit_test(tells_damaged_gzip),
      cmocka_unit_test(passes_over_padding_behind_gzip),
      cmocka_unit_test(tells_missing_lists_before_the_start),
      cmocka_unit_test(gives_what_a_stalled_pipe_has),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
