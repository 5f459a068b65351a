/* What makes two scans the same, and how a difference is named. */
#include "output/results/scan_id.h"
#include "scanner/run/file_digest.h"
#include "scanner/run/scan_identity.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum {
  PATH_SIZE = 128,
  SAMPLED = FILE_DIGEST_SAMPLES * FILE_DIGEST_SAMPLE_SIZE,
  LIST_SIZE = 8 * SAMPLED,
};

static char folder[PATH_SIZE], first[PATH_SIZE], second[PATH_SIZE];

static void file_write(const char *path, const char *bytes, size_t len) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_int_equal(len, fwrite(bytes, 1, len, file));
  assert_int_equal(0, fclose(file));
}

static int setup(void **state) {
  (void)state;
  snprintf(folder, sizeof folder, "/tmp/stscan-identity-XXXXXX");
  if (!mkdtemp(folder)) return -1;
  snprintf(first, sizeof first, "%.100s/first", folder);
  snprintf(second, sizeof second, "%.100s/second", folder);
  file_write(first, "a.example\n", 10);
  file_write(second, "b.example\n", 10);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  unlink(first);
  unlink(second);
  return rmdir(folder);
}

static char *lists[] = {first, second};

static struct scan_config config_standard(void) {
  return (struct scan_config){
      .lists = lists,
      .list_count = 2,
      .output = "out.gz",
      .threads = 2,
      .concurrency = 100,
      .dns_timeout_ms = 5000,
      .dns_tries = 4,
      .shards = 1,
      .fetcher = {.port = 443, .policy_size_max = 65536, .user_agent = "agent"},
  };
}

/* Inlined under the thread sanitizer, gcc 12 takes what it returns for the address of its variable.
 */
static __attribute__((noinline)) char *identity_of(const struct scan_config *config) {
  char *identity;
  const char *bad;
  assert_int_equal(ERR_NONE, scan_identity_make(config, &identity, &bad));
  return identity;
}

/* NULL: they are the same. */
static void check_difference(const struct scan_config *was, const struct scan_config *is,
                             const char *key) {
  struct scan_identity_difference difference = {0};
  char *old = identity_of(was), *now = identity_of(is);
  assert_int_equal(key == NULL, scan_identity_same(old, now, &difference));
  if (key) assert_true(span_equal(difference.key, span_of(key)));
  free(old);
  free(now);
}

static void test_options_that_records_depend_on(void **state) {
  (void)state;
  const struct scan_config standard = config_standard();
  struct scan_config other[12];
  static const char *const keys[] = {
      "--shard",      "--format",        "--dns-timeout",     "--dns-tries",
      "--https-port", "--allow-private", "--max-policy-size", "--user-agent",
      "--ca-file",    "--column",        "--label",           "--where",
  };
  for (size_t i = 0; i < 12; i++) other[i] = standard;
  other[0].shards = 2;
  other[1].wish.format = LIST_ENTRY_CSV;
  other[2].dns_timeout_ms = 1000;
  other[3].dns_tries = 3;
  other[4].fetcher.port = 444;
  other[5].fetcher.allow_private = true;
  other[6].fetcher.policy_size_max = 100;
  other[7].fetcher.user_agent = "another\nagent";
  other[8].fetcher.ca_file = first;
  other[9].wish.column = "domain";
  other[10].wish.labels[other[10].wish.label_count++] = "customer";
  other[11].where_text = "status!=absent";
  for (size_t i = 0; i < 12; i++) check_difference(&standard, &other[i], keys[i]);
  check_difference(&standard, &standard, NULL);
}

/* It stands in the identity only where it is used, so that results of before can be resumed. */
static void test_questions(void **state) {
  const struct scan_config standard = config_standard();
  struct scan_config mx = standard, more = standard;
  (void)state;
  mx.ask.what = ASK_MX;
  more.ask.what = ASK_MX | ASK_SPF;
  char *without = identity_of(&standard), *with = identity_of(&more);
  assert_null(strstr(without, "--ask"));
  assert_non_null(strstr(with, "--ask mx,spf\n"));
  free(without);
  free(with);
  check_difference(&mx, &mx, NULL);
  check_difference(&mx, &more, "--ask");
  check_difference(&standard, &mx, "--ask");
  check_difference(&mx, &standard, "--ask");
}

static void test_what_may_differ(void **state) {
  (void)state;
  const struct scan_config standard = config_standard();
  struct scan_config other = standard;
  other.threads = 7;
  other.concurrency = 1;
  other.dns_rate = other.https_rate = other.per_address = other.per_address_rate = 5;
  other.servers.count = 3;
  other.output = "moved.gz";
  other.mode = RESULTS_FILE_APPEND;
  other.resume = true;
  other.progress = PROGRESS_NEVER;
  other.libraries = "libuv 1.44.2, c-ares 1.18.1";
  check_difference(&standard, &other, NULL);
}

static void test_mail_servers(void **state) {
  (void)state;
  const struct scan_config standard = config_standard();
  struct scan_config probing = standard, other[5];
  static const char *const keys[] = {"--ehlo", "--smtp-port", "--smtp-timeout", NULL, "--dane"};
  strcpy(probing.mail.ehlo, "a.example");
  probing.mail.port = 25;
  check_difference(&standard, &probing, "--probe-mx");
  check_difference(&probing, &standard, "--probe-mx");
  for (size_t i = 0; i < 5; i++) other[i] = probing;
  strcpy(other[0].mail.ehlo, "b.example");
  other[1].mail.port = 2525;
  other[2].mail.timeout_ms = 1000;
  other[3].mail.rate = other[3].mail.per_address = other[3].mail.per_address_rate = 7;
  other[3].mail.probe_check = "own.example";
  other[4].mail.dane = true;
  for (size_t i = 0; i < 5; i++) check_difference(&probing, &other[i], keys[i]);
  other[0] = standard; /* without the option nothing of it is there */
  other[0].mail.port = 2525;
  check_difference(&standard, &other[0], NULL);
}

/* Lines that tell who made the results stand in the head, and an older head lacks them. */
static void test_who_made_the_results(void **state) {
  (void)state;
  struct scan_config config = config_standard();
  struct scan_identity_difference difference = {0};
  config.libraries = "libuv 1.44.2";
  char *now = identity_of(&config);
  assert_non_null(strstr(now, "\nversion " STSCAN_VERSION "\nlibraries libuv 1.44.2\nbegan 20"));
  char *was = strndup(now, (size_t)(strstr(now, "\nversion ") + 1 - now));
  assert_true(scan_identity_same(was, now, &difference));
  assert_true(scan_identity_same(now, was, &difference));
  free(was);
  free(now);
}

static void test_lists_by_their_content(void **state) {
  (void)state;
  const struct scan_config standard = config_standard();
  struct scan_config other = standard;
  char *swapped[] = {second, first};
  char *twice[] = {first, first};
  other.lists = swapped;
  check_difference(&standard, &other, "list-1");
  other.lists = twice;
  check_difference(&standard, &other, "list-2");
  file_write(second, "a.example\n", 10);
  check_difference(&standard, &other, NULL);
  other.list_count = 1;
  check_difference(&standard, &other, "lists");
}

static void test_a_list_that_is_not_there(void **state) {
  (void)state;
  struct scan_config config = config_standard();
  char *identity;
  const char *bad = NULL;
  unlink(second);
  assert_int_equal(ERR_IO, scan_identity_make(&config, &identity, &bad));
  assert_string_equal(second, bad);
  assert_null(identity);
}

static void test_lines_that_only_one_has(void **state) {
  (void)state;
  struct scan_identity_difference difference = {0};
  assert_false(scan_identity_same("a 1\nb 2\n", "a 1\n", &difference));
  assert_true(span_equal(difference.key, SPAN("b")));
  assert_true(span_equal(difference.was, SPAN("2")));
  assert_false(span_here(difference.is) && difference.is.len);
  assert_false(scan_identity_same("a 1\n", "a 1\nb 2\n", &difference));
  assert_true(span_equal(difference.key, SPAN("b")));
  assert_true(span_equal(difference.is, SPAN("2")));
}

static void check_prints(bool same) {
  char a[FILE_DIGEST_TEXT_MAX], b[FILE_DIGEST_TEXT_MAX];
  assert_int_equal(ERR_NONE, file_digest(first, a));
  assert_int_equal(ERR_NONE, file_digest(second, b));
  assert_int_equal(same, strcmp(a, b) == 0);
}

/* Every octet of a file that is no longer than the samples; the first and the last of any. */
static void test_samples(void **state) {
  (void)state;
  static char bytes[LIST_SIZE];
  static const size_t sizes[] = {1, FILE_DIGEST_SAMPLE_SIZE, SAMPLED - 1, SAMPLED, LIST_SIZE};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    const size_t size = sizes[i];
    const size_t changed[] = {0, size - 1,
                              size > SAMPLED ? size - FILE_DIGEST_SAMPLE_SIZE : size / 2};
    file_write(first, bytes, size);
    file_write(second, bytes, size);
    check_prints(true);
    for (size_t j = 0; j < 3; j++) {
      bytes[changed[j]] = 'x';
      file_write(second, bytes, size);
      bytes[changed[j]] = 0;
      check_prints(false);
    }
  }
  file_write(second, bytes, LIST_SIZE - 1);
  check_prints(false);
}

static void test_streams(void **state) {
  (void)state;
  char text[FILE_DIGEST_TEXT_MAX];
  unlink(first);
  assert_int_equal(0, mkfifo(first, 0600));
  assert_int_equal(ERR_NONE, file_digest(first, text));
  assert_string_equal("a stream", text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* A line for each list as long as there is room; then one for all, which still tells one of them.
 */
static void test_many_lists_have_one_fingerprint(void **state) {
  (void)state;
  static char *many[SCAN_IDENTITY_LISTS_MAX + 1], *other[SCAN_IDENTITY_LISTS_MAX + 1];
  for (int i = 0; i <= SCAN_IDENTITY_LISTS_MAX; i++) many[i] = other[i] = first;
  other[SCAN_IDENTITY_LISTS_MAX - 1] = second;
  struct scan_config config = config_standard(), changed = config_standard();
  config.lists = many;
  changed.lists = other;
  config.list_count = changed.list_count = SCAN_IDENTITY_LISTS_MAX;
  check_difference(&config, &config, NULL);
  check_difference(&config, &changed, "list-512");
  config.list_count = changed.list_count = SCAN_IDENTITY_LISTS_MAX + 1;
  check_difference(&config, &config, NULL);
  check_difference(&config, &changed, "all-lists");
  char *identity = identity_of(&config);
  assert_true(strlen(identity) < 1024);
  free(identity);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_options_that_records_depend_on),
      TEST(test_questions),
      TEST(test_what_may_differ),
      TEST(test_mail_servers),
      TEST(test_who_made_the_results),
      TEST(test_lists_by_their_content),
      TEST(test_a_list_that_is_not_there),
      TEST(test_lines_that_only_one_has),
      TEST(test_samples),
      TEST(test_streams),
      TEST(test_many_lists_have_one_fingerprint),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
