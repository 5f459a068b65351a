/* What is resumed, what is refused, and that what is refused stays as it was. And of a scan as a
 * whole: what it comes to before anybody is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scanner/run/resume.h"
#include "scanner/run/scan.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 128 };

#define RECORD "{\"v\":1,\"n\":1,\"status\":\"absent\"}\n"
#define TORN   "{\"v\":1,\"n\":2,\"sta"

static char folder[PATH_SIZE], list[PATH_SIZE], output[PATH_SIZE], beside[PATH_SIZE];
static char *lists[] = {list};

static void file_add(const char *path, const char *text) {
  FILE *file = fopen(path, "a");
  assert_non_null(file);
  assert_int_equal(fputs(text, file) >= 0, 1);
  assert_int_equal(fclose(file), 0);
}

static off_t file_size(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 ? status.st_size : -1;
}

static int set_up(void **state) {
  (void)state;
  snprintf(folder, sizeof folder, "/tmp/test_resume.XXXXXX");
  if (!mkdtemp(folder)) return -1;
  snprintf(list, sizeof list, "%.100s/list", folder);
  snprintf(output, sizeof output, "%.100s/out", folder);
  snprintf(beside, sizeof beside, "%.100s/out" SCAN_ID_FILE_SUFFIX, folder);
  file_add(list, "a.example\n");
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  unlink(list);
  unlink(output);
  unlink(beside);
  return rmdir(folder);
}

static struct scan_config config_of(bool resume, bool gzip) {
  struct scan_config config = {
      .lists = lists,
      .list_count = 1,
      .output = output,
      .mode = resume ? RESULTS_FILE_APPEND : RESULTS_FILE_CREATE,
      .resume = resume,
      .gzip = gzip,
      .threads = 1,
      .concurrency = 1,
      .dns_timeout_ms = 5000,
      .dns_tries = 4,
      .shards = 1,
      .at_once = 1,
      .fetcher = {.port = 443, .policy_size_max = 65536, .user_agent = "agent"},
      .progress = PROGRESS_NEVER,
  };
  static union address server;
  server.v4 = (struct sockaddr_in){
      .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(1)};
  config.servers = (struct nameservers){.at = &server, .count = 1};
  return config;
}

/* As a scan does before it begins. */
static enum err prepare(const struct scan_config *config, uint64_t *records) {
  struct results_file *results;
  struct resume_index index;
  enum err err = results_file_open(&results, config->output, config->mode);
  assert_int_equal(err, ERR_NONE);
  err = resume_prepare(config, results, &index);
  *records = index.records;
  resume_index_free(&index);
  assert_int_equal(results_file_close(results), ERR_NONE);
  return err;
}

static void begin(bool gzip) {
  uint64_t records;
  struct scan_config config = config_of(false, gzip);
  assert_int_equal(prepare(&config, &records), ERR_NONE);
  assert_int_equal(file_size(gzip ? output : beside) > 0, 1);
}

static void test_the_same_scan_goes_on(void **state) {
  (void)state;
  uint64_t records;
  struct scan_config config = config_of(true, false);
  begin(false);
  file_add(output, RECORD TORN);
  assert_int_equal(prepare(&config, &records), ERR_NONE);
  assert_int_equal(records, 1);
  assert_int_equal(file_size(output), strlen(RECORD)); /* the torn end is cut off */
}

static void test_what_may_differ_and_what_not(void **state) {
  (void)state;
  uint64_t records;
  begin(false);
  file_add(output, RECORD TORN);
  struct scan_config config = config_of(true, false);
  config.fetcher.port = 8443;
  assert_int_equal(prepare(&config, &records), ERR_REFUSED);
  assert_int_equal(file_size(output), strlen(RECORD TORN));
  config = config_of(true, false);
  config.threads = 7;
  config.servers.count = 0;
  assert_int_equal(prepare(&config, &records), ERR_NONE);
}

static void test_nothing_but_a_file_is_resumed(void **state) {
  (void)state;
  uint64_t records = 1;
  struct scan_config config = config_of(true, false);
  config.output = "-";
  assert_int_equal(prepare(&config, &records), ERR_REFUSED);
  config.resume = false;
  assert_int_equal(prepare(&config, &records), ERR_NONE);
  assert_int_equal(records, 0);
}

static void test_nothing_is_appended_to_a_torn_end(void **state) {
  (void)state;
  uint64_t records;
  begin(false);
  file_add(output, RECORD TORN);
  struct scan_config config = config_of(false, false);
  config.mode = RESULTS_FILE_APPEND;
  assert_int_equal(prepare(&config, &records), ERR_REFUSED);
  assert_int_equal(file_size(output), strlen(RECORD TORN));
  assert_int_equal(truncate(output, strlen(RECORD)), 0);
  assert_int_equal(prepare(&config, &records), ERR_NONE);
}

/* The end is said once, in either form. */
static void test_a_scan_that_ended_says_so(void **state) {
  (void)state;
  const struct scan_id_end end = {true, 1, 1};
  for (int gzip = 0; gzip <= 1; gzip++) {
    const char *path = gzip ? output : beside;
    struct scan_config config = config_of(false, gzip);
    struct resume_index index = {.records = 1};
    unlink(output);
    begin(gzip);
    off_t before = file_size(path);
    resume_finish(&config, &index, &end);
    off_t after = file_size(path);
    assert_true(after > before);
    index.ended = true;
    resume_finish(&config, &index, &end);
    assert_int_equal(file_size(path), after);
    unlink(beside);
  }
}

static void test_a_list_that_is_not_there(void **state) {
  (void)state;
  struct scan_account account;
  struct scan_config config = config_of(false, false);
  unlink(list);
  assert_int_equal(scan_run(&config, &account), SCAN_FAILED);
  assert_null(account.tally);
  assert_int_equal(file_size(output), -1); /* before the output is made */
  free(account.servers);
}

/* Without a question to anybody: nobody is there. */
static void test_a_complete_scan_ends_at_once(void **state) {
  (void)state;
  struct scan_account account;
  struct scan_config config = config_of(true, false);
  begin(false);
  file_add(output, RECORD);
  assert_int_equal(scan_run(&config, &account), SCAN_COMPLETE);
  assert_int_equal(account.resumed, 1);
  assert_int_equal(account.records, 0);
  assert_int_equal(account.lines, 1);
  assert_true(account.resumable);
  tally_free(account.tally);
  free(account.servers);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_the_same_scan_goes_on, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_what_may_differ_and_what_not, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_nothing_but_a_file_is_resumed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_nothing_is_appended_to_a_torn_end, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_a_scan_that_ended_says_so, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_a_list_that_is_not_there, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_a_complete_scan_ends_at_once, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
