/* The sink under faults: what was appended stays whole, and errors stick.
 *
 * write() and fdatasync() of the program are the ones below, which follow a script. */
#include "output/results/results_file.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

enum {
  PATH_SIZE = 128,
  TEXT_SIZE = 4096,
  APPENDERS = 8,
  APPENDS = 200,
  BLOCK_MAX = 3000,
};

/* What the next call of write() does: takes at most so many bytes, or fails. */
struct write_fault {
  size_t most;
  int error;
};

static const struct write_fault *write_script;
static atomic_size_t write_script_left;
static atomic_int syncs, sync_error;
static sem_t *sync_begun, *sync_go_on; /* NULL: syncing does not wait for the test */

ssize_t write(int fd, const void *bytes, size_t len) {
  if (write_script_left) {
    write_script_left--;
    const struct write_fault *fault = write_script++;
    if (fault->error) {
      errno = fault->error;
      return -1;
    }
    if (len > fault->most) len = fault->most;
  }
  return syscall(SYS_write, fd, bytes, len);
}

int fdatasync(int fd) {
  syncs++;
  if (sync_begun) {
    sem_post(sync_begun);
    sem_wait(sync_go_on);
  }
  errno = sync_error;
  return sync_error ? -1 : (int)syscall(SYS_fdatasync, fd);
}

static char folder[PATH_SIZE], path[PATH_SIZE];

static int setup(void **state) {
  (void)state;
  write_script_left = 0;
  syncs = sync_error = 0;
  snprintf(folder, sizeof folder, "/tmp/stscan-sink-XXXXXX");
  if (!mkdtemp(folder)) return -1;
  snprintf(path, sizeof path, "%.100s/results", folder);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  unlink(path);
  return rmdir(folder);
}

static void file_write(const char *text) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(0, fclose(file));
}

static const char *file_text(void) {
  static char text[TEXT_SIZE + 1];
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  text[fread(text, 1, TEXT_SIZE, file)] = 0;
  fclose(file);
  return text;
}

static struct results_file *sink_of(const char *at, enum results_file_mode mode) {
  struct results_file *sink = NULL;
  assert_int_equal(ERR_NONE, results_file_open(&sink, at, mode));
  assert_non_null(sink);
  return sink;
}

static void script(const struct write_fault *findings, size_t count) {
  write_script = findings;
  write_script_left = count;
}

#define SCRIPT(findings) script(findings, sizeof(findings) / sizeof *(findings))

static void test_create_refuses_what_exists(void **state) {
  (void)state;
  struct results_file *sink = NULL;
  file_write("before\n");
  assert_int_equal(ERR_REFUSED, results_file_open(&sink, path, RESULTS_FILE_CREATE));
  assert_int_equal(EEXIST, errno);
  assert_null(sink);
  assert_string_equal("before\n", file_text());
}

static void test_modes(void **state) {
  static const struct {
    enum results_file_mode mode;
    const char *before, *after;
  } rows[] = {
      {RESULTS_FILE_CREATE, NULL, "one\ntwo\n"},
      {RESULTS_FILE_APPEND, NULL, "one\ntwo\n"},
      {RESULTS_FILE_APPEND, "before\n", "before\none\ntwo\n"},
      {RESULTS_FILE_TRUNCATE, NULL, "one\ntwo\n"},
      {RESULTS_FILE_TRUNCATE, "before\n", "one\ntwo\n"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    unlink(path);
    if (rows[i].before) file_write(rows[i].before);
    struct results_file *sink = sink_of(path, rows[i].mode);
    assert_int_equal(ERR_NONE, results_file_append(sink, SPAN("one\n")));
    assert_int_equal(ERR_NONE, results_file_append(sink, SPAN("")));
    assert_int_equal(ERR_NONE, results_file_append(sink, SPAN("two\n")));
    assert_int_equal(8, results_file_size(sink));
    assert_int_equal(ERR_NONE, results_file_close(sink));
    assert_string_equal(rows[i].after, file_text());
  }
}

/* Whatever the mode, what another process writes to is not touched. */
static void test_a_file_in_use_is_left_alone(void **state) {
  (void)state;
  static const enum results_file_mode modes[] = {RESULTS_FILE_APPEND, RESULTS_FILE_TRUNCATE};
  struct results_file *first = sink_of(path, RESULTS_FILE_CREATE);
  assert_int_equal(ERR_NONE, results_file_append(first, SPAN("one\n")));
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    struct results_file *second = NULL;
    assert_int_equal(ERR_BUSY, results_file_open(&second, path, modes[i]));
    assert_null(second);
  }
  assert_string_equal("one\n", file_text());
  assert_int_equal(ERR_NONE, results_file_close(first));
  assert_int_equal(ERR_NONE, results_file_close(sink_of(path, RESULTS_FILE_APPEND)));
}

static void test_cuts_before_it_appends(void **state) {
  (void)state;
  file_write("one\ntw");
  struct results_file *sink = sink_of(path, RESULTS_FILE_APPEND);
  assert_true(results_file_is_named(sink));
  assert_int_equal(6, results_file_file_size(sink));
  assert_int_equal(ERR_NONE, results_file_cut(sink, 4));
  assert_int_equal(4, results_file_file_size(sink));
  assert_int_equal(ERR_NONE, results_file_append(sink, SPAN("two\n")));
  assert_int_equal(8, results_file_file_size(sink));
  assert_int_equal(4, results_file_size(sink));
  assert_int_equal(ERR_NONE, results_file_close(sink));
  assert_string_equal("one\ntwo\n", file_text());
}

static void test_no_such_folder(void **state) {
  (void)state;
  struct results_file *sink = NULL;
  char nowhere[PATH_SIZE];
  snprintf(nowhere, sizeof nowhere, "%.80s/nowhere/results", folder);
  assert_int_equal(ERR_IO, results_file_open(&sink, nowhere, RESULTS_FILE_CREATE));
  assert_int_equal(ENOENT, errno);
  assert_int_equal(ERR_IO, results_file_open(&sink, folder, RESULTS_FILE_TRUNCATE));
  assert_int_equal(EISDIR, errno);
  assert_null(sink);
}

/* A folder exists as well; a device is written to without being overwritten. */
static void test_create_takes_streams_only(void **state) {
  (void)state;
  struct results_file *sink = NULL;
  assert_true(results_file_open(&sink, folder, RESULTS_FILE_CREATE) != ERR_NONE);
  sink = sink_of("/dev/null", RESULTS_FILE_CREATE);
  assert_int_equal(ERR_NONE, results_file_append(sink, SPAN("gone\n")));
  assert_int_equal(ERR_NONE, results_file_close(sink));
  assert_int_equal(0, syncs);
}

static void test_a_name_in_the_working_folder(void **state) {
  (void)state;
  int before = open(".", O_RDONLY | O_DIRECTORY);
  assert_int_equal(0, chdir(folder));
  struct results_file *sink = sink_of("results", RESULTS_FILE_CREATE);
  assert_int_equal(ERR_NONE, results_file_append(sink, SPAN("here\n")));
  assert_int_equal(ERR_NONE, results_file_close(sink));
  assert_int_equal(0, fchdir(before));
  close(before);
  assert_string_equal("here\n", file_text());
}

static void test_short_and_interrupted_writes_go_on(void **state) {
  (void)state;
  static const struct write_fault findings[] = {
      {.error = EINTR}, {.most = 1}, {.error = EAGAIN}, {.most = 3}, {.error = EINTR}, {.most = 2},
  };
  struct results_file *sink = sink_of(path, RESULTS_FILE_CREATE);
  SCRIPT(findings);
  assert_int_equal(ERR_NONE, results_file_append(sink, SPAN("all of it\n")));
  assert_int_equal(0, write_script_left);
  assert_int_equal(ERR_NONE, results_file_close(sink));
  assert_string_equal("all of it\n", file_text());
}

static void test_a_torn_append_is_cut_off(void **state) {
  static const struct {
    enum results_file_mode mode;
    int error;
    const char *after;
  } rows[] = {
      {RESULTS_FILE_TRUNCATE, ENOSPC, "whole\n"},
      {RESULTS_FILE_TRUNCATE, EIO, "whole\n"},
      {RESULTS_FILE_APPEND, ENOSPC, "before\nwhole\n"},
      {RESULTS_FILE_APPEND, EDQUOT, "before\nwhole\n"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct write_fault findings[] = {{.most = 2}, {.error = EINTR}, {.error = rows[i].error}};
    file_write("before\n");
    struct results_file *sink = sink_of(path, rows[i].mode);
    assert_int_equal(ERR_NONE, results_file_append(sink, SPAN("whole\n")));
    SCRIPT(findings);
    assert_int_equal(ERR_IO, results_file_append(sink, SPAN("torn\n")));
    assert_int_equal(rows[i].error, errno);
    assert_string_equal(rows[i].after, file_text());
    errno = 0;
    assert_int_equal(ERR_IO, results_file_append(sink, SPAN("late\n")));
    assert_int_equal(rows[i].error, errno);
    assert_int_equal(6, results_file_size(sink));
    errno = 0;
    assert_int_equal(ERR_IO, results_file_close(sink));
    assert_int_equal(rows[i].error, errno);
    assert_string_equal(rows[i].after, file_text());
  }
}

/* The kernel's own partial write: the limit lies inside the second append. */
static void test_a_file_at_its_size_limit(void **state) {
  (void)state;
  struct rlimit before, limit;
  static char block[60];
  memset(block, 'x', sizeof block);
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(0, getrlimit(RLIMIT_FSIZE, &before));
  limit = before;
  limit.rlim_cur = 100;
  struct results_file *sink = sink_of(path, RESULTS_FILE_CREATE);
  assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &limit));
  enum err first = results_file_append(sink, (struct span){block, sizeof block});
  enum err second = results_file_append(sink, (struct span){block, sizeof block});
  int error = errno;
  assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &before));
  assert_int_equal(ERR_NONE, first);
  assert_int_equal(ERR_IO, second);
  assert_int_equal(EFBIG, error);
  assert_int_equal(sizeof block, strlen(file_text()));
  assert_int_equal(ERR_IO, results_file_append(sink, SPAN("late\n")));
  assert_int_equal(ERR_IO, results_file_close(sink));
  assert_int_equal(sizeof block, strlen(file_text()));
}

static void test_a_full_device(void **state) {
  (void)state;
  struct results_file *sink = sink_of("/dev/full", RESULTS_FILE_CREATE);
  assert_int_equal(ERR_IO, results_file_append(sink, SPAN("no room\n")));
  assert_int_equal(ENOSPC, errno);
  assert_int_equal(ERR_IO, results_file_close(sink));
  assert_int_equal(ENOSPC, errno);
}

static void test_a_reader_that_went_away(void **state) {
  (void)state;
  int ends[2];
  char name[PATH_SIZE], got[8] = "";
  signal(SIGPIPE, SIG_IGN);
  assert_int_equal(0, pipe(ends));
  snprintf(name, sizeof name, "/dev/fd/%d", ends[1]);
  struct results_file *sink = sink_of(name, RESULTS_FILE_CREATE);
  assert_int_equal(ERR_NONE, results_file_append(sink, SPAN("read\n")));
  assert_int_equal(5, read(ends[0], got, sizeof got));
  assert_string_equal("read\n", got);
  close(ends[0]);
  assert_int_equal(ERR_END, results_file_append(sink, SPAN("unread\n")));
  assert_int_equal(ERR_END, results_file_append(sink, SPAN("unread\n")));
  assert_int_equal(EPIPE, errno);
  assert_int_equal(5, results_file_size(sink));
  assert_int_equal(ERR_END, results_file_close(sink));
  close(ends[1]);
}

/* Somebody else's descriptor: written to, but neither cut, synced nor closed. */
static void test_standard_output(void **state) {
  (void)state;
  static const struct write_fault findings[] = {{.most = 2}, {.error = ENOSPC}};
  fflush(stdout);
  int kept = dup(STDOUT_FILENO), file = open(path, O_WRONLY | O_CREAT, 0600);
  assert_true(kept >= 0 && file >= 0);
  dup2(file, STDOUT_FILENO);
  struct results_file *sink = NULL;
  enum err opened = results_file_open(&sink, "-", RESULTS_FILE_CREATE);
  enum err whole = opened == ERR_NONE ? results_file_append(sink, SPAN("whole\n")) : opened;
  SCRIPT(findings);
  enum err torn = opened == ERR_NONE ? results_file_append(sink, SPAN("torn\n")) : opened;
  results_file_close(sink);
  bool still_open = fcntl(STDOUT_FILENO, F_GETFD) >= 0;
  dup2(kept, STDOUT_FILENO);
  close(kept);
  close(file);
  assert_int_equal(ERR_NONE, whole);
  assert_int_equal(ERR_IO, torn);
  assert_true(still_open);
  assert_string_equal("whole\nto", file_text());
  assert_int_equal(0, syncs);
}

static void test_closing_syncs(void **state) {
  (void)state;
  struct results_file *sink = sink_of(path, RESULTS_FILE_CREATE);
  assert_int_equal(ERR_NONE, results_file_append(sink, SPAN("x\n")));
  assert_int_equal(ERR_NONE, results_file_close(sink));
  assert_true(syncs >= 1);
  assert_int_equal(ERR_NONE, results_file_close(NULL));
}

static void test_a_failed_sync_is_told(void **state) {
  (void)state;
  struct results_file *sink = sink_of(path, RESULTS_FILE_CREATE);
  assert_int_equal(ERR_NONE, results_file_append(sink, SPAN("x\n")));
  sync_error = EIO;
  errno = 0;
  assert_int_equal(ERR_IO, results_file_close(sink));
  assert_int_equal(EIO, errno);
  assert_string_equal("x\n", file_text());
}

/* Nobody closes and nobody gives, and yet it is synced; meanwhile nobody waits for the disk, and
 * what they give is synced in its turn. */
static void test_giving_does_not_wait_for_the_disk(void **state) {
  (void)state;
  sem_t begun, go_on;
  sem_init(&begun, 0, 0);
  sem_init(&go_on, 0, 0);
  sync_begun = &begun;
  sync_go_on = &go_on;
  struct results_file *sink = sink_of(path, RESULTS_FILE_CREATE);
  assert_int_equal(ERR_NONE, results_file_append(sink, SPAN("one\n")));
  sem_wait(&begun);
  assert_int_equal(ERR_NONE, results_file_give(sink, SPAN("two\n"), 1));
  assert_true(results_file_has_room(sink));
  assert_int_equal(0, results_file_records(sink));
  sem_post(&go_on);
  sem_post(&go_on);
  assert_int_equal(ERR_NONE, results_file_close(sink));
  assert_string_equal("one\ntwo\n", file_text());
  assert_int_equal(2, syncs);
  sync_begun = sync_go_on = NULL;
  sem_destroy(&begun);
  sem_destroy(&go_on);
}

/* A pipe that nobody reads, and the sink that writes to it. */
struct stalled {
  int ends[2];
  struct results_file *sink;
};

static void stalled_open(struct stalled *stalled) {
  char name[PATH_SIZE];
  assert_int_equal(0, pipe(stalled->ends));
  snprintf(name, sizeof name, "/dev/fd/%d", stalled->ends[1]);
  stalled->sink = sink_of(name, RESULTS_FILE_CREATE);
  close(stalled->ends[1]);
}

/* Until its last writer is gone. */
static size_t stalled_read(const struct stalled *stalled) {
  static char bytes[65536];
  size_t sum = 0;
  for (ssize_t n; (n = read(stalled->ends[0], bytes, sizeof bytes)) > 0;) sum += (size_t)n;
  close(stalled->ends[0]);
  return sum;
}

static void give(struct results_file *sink, size_t len, uint64_t records) {
  char *bytes = calloc(1, len);
  assert_non_null(bytes);
  assert_int_equal(ERR_NONE, results_file_give(sink, (struct span){bytes, len}, records));
  free(bytes);
}

static void *close_thread(void *data) {
  static enum err err;
  err = results_file_close(data);
  return &err;
}

/* Below its limit, at it, and over it; none of it waits, and none of it is lost. */
static void test_the_queue_is_bounded(void **state) {
  (void)state;
  struct stalled stalled;
  pthread_t thread;
  void *err;
  stalled_open(&stalled);
  assert_true(results_file_has_room(stalled.sink));
  give(stalled.sink, RESULTS_FILE_QUEUE_SIZE - 1, 3);
  assert_true(results_file_has_room(stalled.sink));
  give(stalled.sink, 1, 1);
  assert_false(results_file_has_room(stalled.sink));
  give(stalled.sink, 1, 1);
  assert_false(results_file_has_room(stalled.sink));
  assert_int_equal(0, results_file_records(stalled.sink));
  assert_int_equal(0, pthread_create(&thread, NULL, close_thread, stalled.sink));
  assert_int_equal(RESULTS_FILE_QUEUE_SIZE + 1, stalled_read(&stalled));
  pthread_join(thread, &err);
  assert_int_equal(ERR_NONE, *(enum err *)err);
}

/* Who waits for room is told of the error that will never make any. */
static void test_an_error_makes_room(void **state) {
  (void)state;
  struct stalled stalled;
  signal(SIGPIPE, SIG_IGN);
  stalled_open(&stalled);
  give(stalled.sink, RESULTS_FILE_QUEUE_SIZE, 1);
  assert_false(results_file_has_room(stalled.sink));
  close(stalled.ends[0]);
  while (!results_file_has_room(stalled.sink)) sched_yield();
  assert_int_equal(ERR_END, results_file_give(stalled.sink, SPAN("late\n"), 1));
  assert_int_equal(EPIPE, errno);
  assert_int_equal(0, results_file_records(stalled.sink));
  assert_int_equal(ERR_END, results_file_close(stalled.sink));
}

static void on_over(void *data) {
  sem_post(data);
}

static void test_the_end_is_told(void **state) {
  (void)state;
  sem_t over;
  sem_init(&over, 0, 0);
  struct results_file *sink = sink_of(path, RESULTS_FILE_CREATE);
  assert_int_equal(ERR_NONE, results_file_give(sink, SPAN("one\n"), 1));
  assert_false(results_file_is_over(sink));
  results_file_finish(sink, on_over, &over);
  sem_wait(&over);
  assert_true(results_file_is_over(sink));
  assert_int_equal(1, results_file_records(sink));
  assert_true(syncs >= 1);
  assert_int_equal(ERR_NONE, results_file_close(sink));
  assert_string_equal("one\n", file_text());
  sem_destroy(&over);
}

/* A reader that stalls for ever keeps nobody; nothing is called any more, and when it reads on
 * after all, it gets the rest. */
static void test_a_sink_is_left_to_itself(void **state) {
  (void)state;
  struct stalled stalled;
  stalled_open(&stalled);
  give(stalled.sink, RESULTS_FILE_QUEUE_SIZE, 1);
  results_file_finish(stalled.sink, on_over, NULL);
  results_file_finish(stalled.sink, NULL, NULL);
  assert_false(results_file_is_over(stalled.sink));
  assert_int_equal(ERR_TIMEOUT, results_file_close(stalled.sink));
  assert_int_equal(RESULTS_FILE_QUEUE_SIZE, stalled_read(&stalled));
}

struct appender {
  pthread_t thread;
  struct results_file *sink;
  char letter;
  enum err err;
};

/* Blocks of one letter, of lengths from 1 to BLOCK_MAX, each ended by a line feed. */
static void *appender_run(void *data) {
  struct appender *appender = data;
  char block[BLOCK_MAX + 1];
  for (size_t i = 0; i < APPENDS && appender->err == ERR_NONE; i++) {
    size_t len = 1 + i * 977 % BLOCK_MAX;
    memset(block, appender->letter, len);
    block[len] = '\n';
    appender->err = results_file_append(appender->sink, (struct span){block, len + 1});
  }
  return NULL;
}

static size_t count_whole_blocks(void) {
  size_t blocks = 0;
  char line[BLOCK_MAX + 2];
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  for (; fgets(line, sizeof line, file); blocks++) {
    char same[2] = {line[0], 0};
    assert_int_equal(strspn(line, same), strlen(line) - 1);
    assert_int_equal('\n', line[strlen(line) - 1]);
  }
  fclose(file);
  return blocks;
}

static void test_appends_of_many_threads_stay_whole(void **state) {
  (void)state;
  struct appender appenders[APPENDERS];
  struct results_file *sink = sink_of(path, RESULTS_FILE_CREATE);
  for (int i = 0; i < APPENDERS; i++) {
    appenders[i] = (struct appender){.sink = sink, .letter = (char)('a' + i)};
    assert_int_equal(0, pthread_create(&appenders[i].thread, NULL, appender_run, &appenders[i]));
  }
  for (int i = 0; i < APPENDERS; i++) {
    pthread_join(appenders[i].thread, NULL);
    assert_int_equal(ERR_NONE, appenders[i].err);
  }
  struct stat st;
  uint64_t size = results_file_size(sink);
  assert_int_equal(ERR_NONE, results_file_close(sink));
  assert_int_equal(0, stat(path, &st));
  assert_int_equal(size, st.st_size);
  assert_int_equal(APPENDERS * APPENDS, count_whole_blocks());
}

#define SINK_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      SINK_TEST(test_create_refuses_what_exists),
      SINK_TEST(test_modes),
      SINK_TEST(test_a_file_in_use_is_left_alone),
      SINK_TEST(test_cuts_before_it_appends),
      SINK_TEST(test_no_such_folder),
      SINK_TEST(test_create_takes_streams_only),
      SINK_TEST(test_a_name_in_the_working_folder),
      SINK_TEST(test_short_and_interrupted_writes_go_on),
      SINK_TEST(test_a_torn_append_is_cut_off),
      SINK_TEST(test_a_file_at_its_size_limit),
      SINK_TEST(test_a_full_device),
      SINK_TEST(test_a_reader_that_went_away),
      SINK_TEST(test_standard_output),
      SINK_TEST(test_closing_syncs),
      SINK_TEST(test_a_failed_sync_is_told),
      SINK_TEST(test_giving_does_not_wait_for_the_disk),
      SINK_TEST(test_the_queue_is_bounded),
      SINK_TEST(test_an_error_makes_room),
      SINK_TEST(test_the_end_is_told),
      SINK_TEST(test_a_sink_is_left_to_itself),
      SINK_TEST(test_appends_of_many_threads_stay_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
