/* Result files counted: several of them, duplicates, conditions, groups, lists, and what is told
 * of files that are not whole or not ours. */
#include "output/record/record_write.h"
#include "output/stats/aggregate.h"
#include "output/stats/newest.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { FILES = 3, LINE_SIZE = 4096 };

#define NOW_MS ((int64_t)1795428000000)

static char paths[FILES][32];
static FILE *files[FILES];
static struct filter everything;

static uint64_t domains_of(const struct tally *tally) {
  uint64_t domains = 0;
  for (int status = 0; status < STATUS_COUNT; status++)
    domains += tally_status(tally, (enum result_status)status);
  return domains;
}

static int files_setup(void **state) {
  (void)state;
  for (int i = 0; i < FILES; i++) {
    snprintf(paths[i], sizeof paths[i], "/tmp/test_census.XXXXXX");
    int fd = mkstemp(paths[i]);
    if (fd < 0 || close(fd) != 0) return -1;
  }
  return 0;
}

static int files_teardown(void **state) {
  (void)state;
  for (int i = 0; i < FILES; i++) unlink(paths[i]);
  return 0;
}

static void begin(int count) {
  for (int i = 0; i < count; i++) assert_non_null(files[i] = fopen(paths[i], "w"));
}

static void put_result(int file, const struct result *result) {
  char line[LINE_SIZE];
  struct json_writer json = json_writer_into(line, sizeof line);
  record_write(&json, result);
  assert_false(json_writer_overflow(&json));
  assert_int_equal(1, fwrite(line, json_writer_text(&json).len, 1, files[file]));
}

static void put(int file, const char *domain, enum result_status status, int64_t at) {
  struct finding absent = {.code = FOUND_RECORD_ABSENT}, empty = {.code = FOUND_POLICY_EMPTY};
  struct result result = {.n = 1, .domain = span_of(domain), .status = status, .at = NOW_MS + at};
  if (status == STATUS_ABSENT) result.findings = &absent;
  if (status == STATUS_BROKEN) result.findings = &empty;
  put_result(file, &result);
}

static struct aggregate_config config_of(int count, unsigned threads, char *operands[FILES]) {
  for (int i = 0; i < count; i++) {
    operands[i] = paths[i];
    if (files[i]) assert_int_equal(0, fclose(files[i]));
    files[i] = NULL;
  }
  return (struct aggregate_config){.paths = operands,
                                   .path_count = (unsigned)count,
                                   .threads = threads,
                                   .where = &everything,
                                   .limits = MANAGED_LIMITS_STUDY};
}

static struct aggregate counted(int count, unsigned threads) {
  char *operands[FILES];
  struct aggregate aggregate;
  struct aggregate_config config = config_of(count, threads, operands);
  assert_int_equal(ERR_NONE, aggregate_run(&aggregate, &config));
  return aggregate;
}

static void test_the_newest_of_several_files_counts(void **state) {
  static const struct {
    const char *domain;
    struct {
      int file;
      enum result_status status;
      int64_t at;
    } records[4];
    int count, counted, valid, broken, absent;
  } rows[] = {
      {"new.second", {{0, STATUS_ABSENT, 1}, {1, STATUS_VALID, 2}}, 2, 1, 1, 0, 0},
      {"new.first", {{0, STATUS_VALID, 2}, {1, STATUS_ABSENT, 1}}, 2, 1, 1, 0, 0},
      {"same.time", {{0, STATUS_VALID, 1}, {1, STATUS_BROKEN, 1}}, 2, 1, 0, 1, 0},
      {"one.file", {{0, STATUS_VALID, 1}, {0, STATUS_BROKEN, 2}}, 2, 1, 0, 1, 0},
      {"one.file.first", {{0, STATUS_BROKEN, 2}, {0, STATUS_VALID, 1}}, 2, 1, 0, 1, 0},
      {"one.file.same.time", {{0, STATUS_VALID, 1}, {0, STATUS_VALID, 1}}, 2, 1, 1, 0, 0},
      {"both", {{0, STATUS_ABSENT, 1}, {0, STATUS_BROKEN, 3}, {1, STATUS_VALID, 2}}, 3, 1, 0, 1, 0},
      {"three",
       {{0, STATUS_VALID, 1}, {1, STATUS_ABSENT, 3}, {2, STATUS_BROKEN, 2}},
       3,
       1,
       0,
       0,
       1},
      {"alone", {{2, STATUS_ABSENT, 1}}, 1, 1, 0, 0, 1},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (unsigned threads = 1; threads <= 3; threads++) {
      begin(FILES);
      for (int j = 0; j < rows[i].count; j++)
        put(rows[i].records[j].file, rows[i].domain, rows[i].records[j].status,
            rows[i].records[j].at);
      struct aggregate aggregate = counted(FILES, threads);
      assert_int_equal(rows[i].counted, domains_of(aggregate.tally));
      assert_int_equal(rows[i].valid, tally_status(aggregate.tally, STATUS_VALID));
      assert_int_equal(rows[i].broken, tally_status(aggregate.tally, STATUS_BROKEN));
      assert_int_equal(rows[i].absent, tally_status(aggregate.tally, STATUS_ABSENT));
      assert_int_equal(rows[i].count, aggregate.records);
      assert_int_equal(rows[i].count - rows[i].counted, aggregate.duplicates);
      aggregate_free(&aggregate);
    }
}

static void test_lines_that_are_no_domains_are_never_duplicates(void **state) {
  struct result invalid = {.n = 1, .line = SPAN("?"), .status = STATUS_INVALID, .at = NOW_MS};
  (void)state;
  begin(2);
  put_result(0, &invalid);
  put_result(1, &invalid);
  struct aggregate aggregate = counted(2, 2);
  assert_int_equal(2, tally_status(aggregate.tally, STATUS_INVALID));
  assert_int_equal(0, aggregate.duplicates);
  aggregate_free(&aggregate);
}

static enum err take_mark(void *context, unsigned index, const struct domain_facts *facts,
                          uint64_t number) {
  uint64_t *seen = context;
  assert_true(index < 2);
  assert_int_equal(0, number);
  seen[0]++;
  seen[1] += facts->status == STATUS_VALID;
  return ERR_NONE;
}

/* More than the ledger's blocks hold in memory, so that they come back from its file. */
static void test_many_duplicates_come_back_from_the_file(void **state) {
  enum { DOMAINS = 3 * NEWEST_PARTS * NEWEST_BLOCK };
  struct newest *ledgers[2];
  struct domain_facts absent = {.status = STATUS_ABSENT,
                                .mode = MODE_COUNT,
                                .effect = EFFECT_COUNT,
                                .max_age_bin = COUNTS_MAX_AGE_BINS};
  struct domain_facts valid = absent;
  char domain[32];
  (void)state;
  valid.status = STATUS_VALID;
  valid.mode = MODE_ENFORCE; /* too rich to be packed */
  for (int i = 0; i < 2; i++) assert_int_equal(ERR_NONE, newest_new(&ledgers[i]));
  for (int i = 0; i < DOMAINS; i++) {
    struct span name = {domain, (size_t)snprintf(domain, sizeof domain, "a%d.example", i)};
    bool newer = i % 3 == 0;
    struct newest_record first = {name, 0, 1, NOW_MS};
    struct newest_record second = {name, 1, 1, NOW_MS + (newer ? 1 : -1)};
    assert_int_equal(ERR_NONE, newest_add(ledgers[i % 2], &first, &absent));
    if (i % 2 == 0)
      assert_int_equal(ERR_NONE, newest_add(ledgers[1], &second, newer ? &valid : &absent));
  }
  uint64_t seen[2] = {0, 0}, duplicates;
  assert_int_equal(ERR_NONE, newest_settle(ledgers, 2, take_mark, seen, &duplicates));
  assert_int_equal(DOMAINS, seen[0]);
  assert_int_equal(DOMAINS / 6, seen[1]);
  assert_int_equal(DOMAINS / 2, duplicates);
  for (int i = 0; i < 2; i++) newest_free(ledgers[i]);
}

static void test_conditions_hold_for_the_record_that_counts(void **state) {
  struct filter where = {0};
  struct filter_fault fault;
  char *operands[FILES];
  struct aggregate aggregate;
  (void)state;
  assert_int_equal(ERR_NONE, filter_add(&where, SPAN("status=valid"), &fault));
  begin(2);
  put(0, "a.com", STATUS_VALID, 1);
  put(1, "a.com", STATUS_ABSENT, 2);
  put(1, "b.com", STATUS_VALID, 2);
  struct aggregate_config config = config_of(2, 2, operands);
  config.where = &where;
  assert_int_equal(ERR_NONE, aggregate_run(&aggregate, &config));
  assert_int_equal(1, domains_of(aggregate.tally));
  assert_int_equal(1, tally_status(aggregate.tally, STATUS_VALID));
  aggregate_free(&aggregate);
}

static void test_groups_count_each_value(void **state) {
  char *operands[FILES];
  struct aggregate aggregate;
  struct group_by_line *lines;
  size_t count;
  (void)state;
  begin(1);
  put(0, "a.com", STATUS_BROKEN, 0);
  put(0, "a.com", STATUS_VALID, 1);
  put(0, "b.com", STATUS_ABSENT, 1);
  put(0, "c.net", STATUS_BROKEN, 1);
  struct aggregate_config config = config_of(1, 2, operands);
  config.by[0] = DIMENSION_TLD;
  config.by_count = 1;
  assert_int_equal(ERR_NONE, aggregate_run(&aggregate, &config));
  assert_int_equal(ERR_NONE, group_by_lines(&aggregate.groups, &lines, &count));
  assert_int_equal(2, count);
  assert_string_equal("com", lines[0].values[0].ptr);
  assert_int_equal(2, lines[0].domains);
  assert_int_equal(1, lines[0].deployed);
  assert_int_equal(1, lines[0].valid);
  assert_string_equal("net", lines[1].values[0].ptr);
  assert_int_equal(1, lines[1].broken);
  free(lines);
  aggregate_free(&aggregate);
}

static void test_groups_of_two_count_each_pair(void **state) {
  char *operands[FILES];
  struct aggregate aggregate;
  struct group_by_line *lines;
  size_t count;
  (void)state;
  begin(2);
  put(0, "a.com", STATUS_VALID, 1);
  put(0, "b.com", STATUS_BROKEN, 1);
  put(1, "c.net", STATUS_BROKEN, 1);
  put(1, "d.com", STATUS_BROKEN, 1);
  put(1, "e.com", STATUS_ABSENT, 1);
  struct aggregate_config config = config_of(2, 2, operands);
  config.by[0] = DIMENSION_CODE;
  config.by[1] = DIMENSION_TLD;
  config.by_count = 2;
  assert_int_equal(ERR_NONE, aggregate_run(&aggregate, &config));
  assert_int_equal(ERR_NONE, group_by_lines(&aggregate.groups, &lines, &count));
  assert_int_equal(3, count); /* a valid domain has no code */
  assert_string_equal("policy-empty", lines[0].values[0].ptr);
  assert_string_equal("com", lines[0].values[1].ptr);
  assert_int_equal(2, lines[0].broken);
  assert_string_equal("policy-empty", lines[1].values[0].ptr);
  assert_string_equal("net", lines[1].values[1].ptr);
  assert_string_equal("record-absent", lines[2].values[0].ptr);
  free(lines);
  aggregate_free(&aggregate);
}

static struct result operated(const char *domain, struct span *address) {
  return (struct result){.n = 1,
                         .domain = span_of(domain),
                         .status = STATUS_VALID,
                         .policy_host = {.lookup = {.asked = true}, .addresses = {address, 1}},
                         .at = NOW_MS};
}

/* What the conditions leave out makes its operator no smaller. */
static void test_a_slice_knows_who_manages(void **state) {
  enum { SERVES = 60, SELF = 3 };
  struct span big = SPAN("192.0.2.1"), small = SPAN("192.0.2.2");
  struct filter where = {0}, managed = {0};
  struct filter_fault fault;
  char *operands[FILES], name[32];
  struct aggregate aggregate;
  struct statistics statistics;
  (void)state;
  begin(1);
  for (int i = 0; i < SERVES + SELF; i++) {
    snprintf(name, sizeof name, "a%d.%s", i, i % 20 ? "com" : "net");
    struct result result = operated(name, i < SERVES ? &big : &small);
    put_result(0, &result);
  }
  struct aggregate_config config = config_of(1, 2, operands);
  assert_int_equal(ERR_NONE, filter_add(&where, SPAN("tld=net"), &fault));
  config.where = &where;
  assert_int_equal(ERR_NONE, aggregate_run(&aggregate, &config));
  assert_int_equal(ERR_NONE, tally_statistics(aggregate.tally, MANAGED_LIMITS_STUDY, &statistics));
  assert_int_equal(4, statistics.counts.domains);
  assert_int_equal(3, statistics.managed.managers[MANAGER_THIRD_PARTY].domains);
  assert_int_equal(1, statistics.managed.managers[MANAGER_SELF].domains);
  statistics_free(&statistics);
  aggregate_free(&aggregate);
  assert_int_equal(ERR_NONE, filter_add(&managed, SPAN("managed=self"), &fault));
  config.where = &managed;
  assert_true(aggregate_reads_twice(&config));
  assert_int_equal(ERR_NONE, aggregate_run(&aggregate, &config));
  assert_int_equal(SELF, domains_of(aggregate.tally));
  aggregate_free(&aggregate);
}

static void test_what_stands_in_front_is_left_out(void **state) {
  char *operands[FILES];
  struct aggregate aggregate;
  (void)state;
  begin(1);
  put(0, "a.com", STATUS_VALID, 1);
  const long front = ftell(files[0]);
  put(0, "b.com", STATUS_ABSENT, 1);
  put(0, "c.net", STATUS_BROKEN, 1);
  struct aggregate_config config = config_of(1, 2, operands);
  config.from = (uint64_t)front;
  assert_int_equal(ERR_NONE, aggregate_run(&aggregate, &config));
  assert_int_equal(2, aggregate.records);
  assert_int_equal(0, tally_status(aggregate.tally, STATUS_VALID));
  assert_int_equal(1, tally_status(aggregate.tally, STATUS_ABSENT));
  assert_int_equal(1, tally_status(aggregate.tally, STATUS_BROKEN));
  aggregate_free(&aggregate);
}

static void assert_listed(const char *expected, enum aggregate_list list, enum finding_code code) {
  char *operands[FILES], text[LINE_SIZE] = "";
  struct aggregate aggregate;
  struct aggregate_config config = config_of(2, 3, operands);
  config.list = list;
  config.list_code = code;
  config.out = fmemopen(text, sizeof text, "w");
  assert_non_null(config.out);
  assert_int_equal(ERR_NONE, aggregate_run(&aggregate, &config));
  assert_int_equal(0, fclose(config.out));
  assert_string_equal(expected, text);
  aggregate_free(&aggregate);
}

static void test_lists_come_in_the_order_of_the_files(void **state) {
  static const char unknown[] =
      "{\"v\":1,\"status\":\"absent\",\"domain\":\"d.com\",\"new\":\"\\u0041\"}";
  (void)state;
  begin(2);
  put(0, "a.com", STATUS_BROKEN, 1);
  put(0, "b.com", STATUS_ABSENT, 1);
  put(1, "c.net", STATUS_BROKEN, 1);
  fprintf(files[1], "%s\n", unknown);
  assert_listed("a.com\nc.net\n", AGGREGATE_LIST_NAMES, FOUND_POLICY_EMPTY);
  assert_listed("a.com\nb.com\nc.net\nd.com\n", AGGREGATE_LIST_NAMES, FOUND_COUNT);
  assert_listed("", AGGREGATE_LIST_RECORDS, FOUND_MX_NULL);
  begin(2);
  put(0, "a.com", STATUS_BROKEN, 1);
  put(0, "b.com", STATUS_BROKEN, 1);
  put(1, "a.com", STATUS_ABSENT, 2);
  put(1, "c.com", STATUS_BROKEN, 2);
  put(1, "c.com", STATUS_BROKEN, 1);
  assert_listed("b.com\nc.com\n", AGGREGATE_LIST_NAMES, FOUND_POLICY_EMPTY); /* the newest */
  begin(2);
  fprintf(files[1], "%s\n", unknown);
  char expected[LINE_SIZE];
  snprintf(expected, sizeof expected, "%s\n", unknown);
  assert_listed(expected, AGGREGATE_LIST_RECORDS, FOUND_COUNT); /* as it stands there */
}

static void test_what_files_hold_is_told(void **state) {
  static const char good[] = "{\"v\":1,\"status\":\"absent\",\"domain\":\"a.com\"}\n";
  static const struct {
    const char *text;
    enum err err;
    uint64_t records, bad, torn, later, strange;
  } rows[] = {
      {"", ERR_NONE, 0, 0, 0, 0, 0},
      {"\n\n", ERR_NONE, 0, 0, 0, 0, 0},
      {good, ERR_NONE, 1, 0, 0, 0, 0},
      {"{\"v\":1,\"status\":\"absent\"}", ERR_NONE, 1, 0, 0, 0, 0},
      {"{\"v\":1,\"status\":\"absent\"}\n{\"v\":1,\"sta", ERR_NONE, 1, 0, 11, 0, 0},
      {"{\"v\":1,\"sta", ERR_NONE, 0, 0, 11, 0, 0},
      {"{\"v\":1,\"status\":\"absent\"}\nx\n", ERR_NONE, 1, 1, 0, 0, 0},
      {"{\"v\":2,\"status\":\"valid\",\"findings\":[{\"code\":\"new\"}]}\n", ERR_NONE, 1, 0, 0, 1,
       1},
      {"example.com\n", ERR_SYNTAX, 0, 1, 0, 0, 0},
      {"example.com", ERR_SYNTAX, 0, 1, 0, 0, 0},
      {"{\"a\":1}\n", ERR_SYNTAX, 0, 1, 0, 0, 0},
      {"\x1f\x8b\x08garbage", ERR_SYNTAX, 0, 0, 0, 0, 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char *operands[FILES];
    struct aggregate aggregate;
    begin(1);
    fputs(rows[i].text, files[0]);
    struct aggregate_config config = config_of(1, 2, operands);
    assert_int_equal(rows[i].err, aggregate_run(&aggregate, &config));
    const struct aggregate_file *file = &aggregate.files[0];
    assert_int_equal(rows[i].err, file->err);
    assert_int_equal(rows[i].records, file->records);
    assert_int_equal(rows[i].bad, file->bad);
    assert_int_equal(rows[i].torn, file->torn);
    assert_int_equal(rows[i].later, file->later);
    assert_int_equal(rows[i].strange, file->strange);
    assert_true(strlen(file->sample) > 0 || (rows[i].bad == 0 && rows[i].torn == 0));
    aggregate_free(&aggregate);
  }
}

static enum err bad_lines_first(int bad) {
  char *operands[FILES];
  struct aggregate aggregate;
  begin(1);
  for (int i = 0; i < bad; i++) fputs("x\n", files[0]);
  put(0, "a.com", STATUS_VALID, 1);
  struct aggregate_config config = config_of(1, 1, operands);
  enum err err = aggregate_run(&aggregate, &config);
  aggregate_free(&aggregate);
  return err;
}

static void test_a_foreign_file_is_given_up_early(void **state) {
  (void)state;
  assert_int_equal(ERR_NONE, bad_lines_first(AGGREGATE_FOREIGN_LINES - 1));
  assert_int_equal(ERR_SYNTAX, bad_lines_first(AGGREGATE_FOREIGN_LINES));
  assert_int_equal(ERR_SYNTAX, bad_lines_first(AGGREGATE_FOREIGN_LINES + 1));
}

static void test_a_file_that_is_not_there_is_told(void **state) {
  char missing[] = "/nonexistent/results";
  char *operands[FILES];
  struct aggregate aggregate;
  (void)state;
  begin(1);
  struct aggregate_config config = config_of(1, 2, operands);
  operands[1] = missing;
  config.path_count = 2;
  assert_int_equal(ERR_IO, aggregate_run(&aggregate, &config));
  assert_int_equal(ERR_NONE, aggregate.files[0].err);
  assert_int_equal(ERR_IO, aggregate.files[1].err);
  assert_int_not_equal(0, aggregate.files[1].cause);
  aggregate_free(&aggregate);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_newest_of_several_files_counts),
      cmocka_unit_test(test_lines_that_are_no_domains_are_never_duplicates),
      cmocka_unit_test(test_many_duplicates_come_back_from_the_file),
      cmocka_unit_test(test_conditions_hold_for_the_record_that_counts),
      cmocka_unit_test(test_groups_count_each_value),
      cmocka_unit_test(test_groups_of_two_count_each_pair),
      cmocka_unit_test(test_a_slice_knows_who_manages),
      cmocka_unit_test(test_what_stands_in_front_is_left_out),
      cmocka_unit_test(test_lists_come_in_the_order_of_the_files),
      cmocka_unit_test(test_what_files_hold_is_told),
      cmocka_unit_test(test_a_foreign_file_is_given_up_early),
      cmocka_unit_test(test_a_file_that_is_not_there_is_told),
  };
  return cmocka_run_group_tests(tests, files_setup, files_teardown);
}
