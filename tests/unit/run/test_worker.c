/* A worker over lists of which nothing has to be asked: its records, counts and ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scanner/run/worker.h"
#include "tests/unit/net/block_list_of.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LINES = 2000 };

struct fixture {
  char list[32], output[32];
  char *path;
  struct list_reader *source;
  struct results_file *results;
  struct block_list *block;
  struct worker *worker;
  atomic_uint ended;
};

static void on_wake(void *data) {
  struct fixture *fixture = data;
  worker_wake(fixture->worker);
}

static void on_ended(void *data) {
  struct fixture *fixture = data;
  atomic_fetch_add(&fixture->ended, 1);
}

static void on_waiting(void *data, enum worker_wait wait) {
  (void)data;
  fail_msg("the worker waits: %d", (int)wait);
}

static void make_file(char path[32]) {
  snprintf(path, 32, "/tmp/test_worker.XXXXXX");
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  close(fd);
}

static void make_list(struct fixture *fixture) {
  make_file(fixture->list);
  FILE *list = fopen(fixture->list, "w");
  assert_non_null(list);
  for (int i = 0; i < LINES; i++)
    fprintf(list, i % 2 ? "no domain %d\n" : "host%d.blocked.example\n", i);
  fclose(list);
  fixture->path = fixture->list;
}

static void make_worker(struct fixture *fixture) {
  static const union address nobody = {
      .v4 = {.sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f, .sin_port = 0x0100}};
  const struct worker_config config = {
      .lists = fixture->source,
      .resolver = {.servers = &nobody, .server_count = 1, .timeout_ms = 60000, .tries = 1},
      .watch_sockets = 4,
      .fetcher = {.user_agent = "test",
                  .port = 443,
                  .in_flight_max = 1,
                  .block = fixture->block,
                  .policy_size_max = 65536},
      .jobs_max = 16,
      .arena_bytes = 1 << 20,
      .ended = on_ended,
      .waiting = on_waiting,
      .data = fixture,
  };
  const char *why = NULL;
  assert_int_equal(worker_new(&fixture->worker, &config, &why), ERR_NONE);
}

static int set_up(void **state) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  const char *bad;
  char why[LIST_ROWS_TEXT_MAX];
  make_list(fixture);
  make_file(fixture->output);
  const struct list_reader_config config = {
      .paths = &fixture->path, .path_count = 1, .workers = 1, .wake = on_wake, .data = fixture};
  assert_int_equal(list_reader_new(&fixture->source, &config, &bad, why), ERR_NONE);
  assert_int_equal(results_file_open(&fixture->results, fixture->output, RESULTS_FILE_TRUNCATE),
                   ERR_NONE);
  fixture->block = block_list_of("blocked.example\n");
  make_worker(fixture);
  *state = fixture;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *fixture = *state;
  list_reader_free(fixture->source);
  worker_free(fixture->worker);
  results_file_close(fixture->results);
  block_list_free(fixture->block);
  unlink(fixture->list);
  unlink(fixture->output);
  free(fixture);
  return 0;
}

static uint64_t count_lines(const char *path) {
  uint64_t count = 0;
  int byte;
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  while ((byte = fgetc(file)) != EOF) count += byte == '\n';
  fclose(file);
  return count;
}

static void test_each_line_has_its_record(void **state) {
  struct fixture *fixture = *state;
  struct worker_snapshot now;
  assert_int_equal(worker_start(fixture->worker, fixture->results), ERR_NONE);
  assert_int_equal(list_reader_start(fixture->source, NULL), ERR_NONE);
  assert_int_equal(worker_join(fixture->worker), ERR_NONE);
  worker_snapshot(fixture->worker, &now);
  assert_int_equal(now.domains, LINES);
  assert_int_equal(now.status[STATUS_BLOCKED], LINES / 2);
  assert_int_equal(now.status[STATUS_INVALID], LINES / 2);
  assert_int_equal(now.in_flight, 0);
  assert_int_equal(tally_status(worker_tally(fixture->worker), STATUS_BLOCKED), LINES / 2);
  assert_int_equal(worker_left(fixture->worker), 0);
  assert_int_equal(worker_dropped(fixture->worker), 0);
  assert_true(worker_is_over(fixture->worker));
  assert_int_equal(fixture->ended, 1);
  results_file_finish(fixture->results, NULL, NULL);
  while (!results_file_is_over(fixture->results)) usleep(1000);
  assert_int_equal(results_file_records(fixture->results), LINES);
  assert_int_equal(count_lines(fixture->output), LINES);
}

/* Every line that was taken is in the results, or among those that are left. */
static void test_stopped_before_it_starts(void **state) {
  struct fixture *fixture = *state;
  struct worker_snapshot now;
  worker_stop(fixture->worker, 0);
  assert_int_equal(worker_start(fixture->worker, fixture->results), ERR_NONE);
  assert_int_equal(list_reader_start(fixture->source, NULL), ERR_NONE);
  assert_int_equal(worker_join(fixture->worker), ERR_NONE);
  worker_snapshot(fixture->worker, &now);
  assert_true(now.domains + worker_left(fixture->worker) <= LINES);
  assert_int_equal(worker_dropped(fixture->worker), 0);
  assert_int_equal(fixture->ended, 1);
}

/* What it was given is the sum of two workers' counters, but for the wait, of which the longest. */
static void test_snapshots_add_up(void **state) {
  (void)state;
  struct worker_snapshot sum = {.domains = 1, .in_flight = 2, .waiting = 3, .waiting_ms = 40};
  const struct worker_snapshot one = {.domains = 10,
                                      .status = {[STATUS_VALID] = 5},
                                      .in_flight = 20,
                                      .waiting = 30,
                                      .waiting_ms = 4,
                                      .fetches = 6,
                                      .fetches_done = 7};
  worker_snapshot_add(&sum, &one);
  const struct worker_snapshot expected = {.domains = 11,
                                           .status = {[STATUS_VALID] = 5},
                                           .in_flight = 22,
                                           .waiting = 33,
                                           .waiting_ms = 40,
                                           .fetches = 6,
                                           .fetches_done = 7};
  assert_memory_equal(&sum, &expected, sizeof sum);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_each_line_has_its_record, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_stopped_before_it_starts, set_up, tear_down),
      cmocka_unit_test(test_snapshots_add_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
