/* What becomes of lines before anything is asked, with nobody there to be asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scanner/journey/journey.h"
#include "scanner/sts/shard.h"
#include "tests/unit/net/block_list_of.h"
#include <string.h>

enum { JOBS = 2 };

struct fixture {
  uv_loop_t loop;
  struct resolver *resolver;
  struct journey *journey;
  unsigned emitted;
  enum result_status status; /* of the last */
  char text[256];            /* N STATUS DOMAIN or LINE (REASON) of the last */
};

static void on_emit(void *data, const struct result *result) {
  struct fixture *fixture = data;
  fixture->emitted++;
  fixture->status = result->status;
  bool invalid = result->status == STATUS_INVALID;
  snprintf(fixture->text, sizeof fixture->text, "%llu %s %.*s (%.*s)",
           (unsigned long long)result->n, result_status_text(result->status),
           SPAN_ARG(invalid ? result->line : result->domain), SPAN_ARG(result->reason));
}

static void on_fail(void *data, enum err err) {
  (void)data;
  fail_msg("%s", err_text(err));
}

static struct fixture *fixture_new(struct journey_config config) {
  static const union address nobody = {
      .v4 = {.sin_family = AF_INET, .sin_addr.s_addr = 0x0100007f, .sin_port = 0x0100}};
  const struct resolver_config resolver = {
      .servers = &nobody, .server_count = 1, .timeout_ms = 60000, .tries = 1};
  struct fixture *fixture = calloc(1, sizeof *fixture);
  assert_non_null(fixture);
  assert_int_equal(uv_loop_init(&fixture->loop), 0);
  assert_int_equal(resolver_new(&fixture->resolver, &fixture->loop, &resolver), ERR_NONE);
  config.loop = &fixture->loop;
  config.resolver = fixture->resolver;
  config.jobs_max = JOBS;
  config.emit = on_emit;
  config.fail = on_fail;
  config.data = fixture;
  assert_int_equal(journey_new(&fixture->journey, &config), ERR_NONE);
  return fixture;
}

static void fixture_free(struct fixture *fixture) {
  resolver_close(fixture->resolver);
  journey_close(fixture->journey);
  uv_run(&fixture->loop, UV_RUN_DEFAULT);
  journey_free(fixture->journey);
  assert_int_equal(uv_loop_close(&fixture->loop), 0);
  free(fixture);
}

static void start(struct fixture *fixture, uint64_t n, const char *line) {
  struct list_entry entry = {.text = span_of(line), .name = span_of(line)};
  assert_int_equal(journey_start(fixture->journey, n, &entry), ERR_NONE);
}

static void test_lines_that_are_no_domains(void **state) {
  (void)state;
  static const struct {
    const char *line, *told;
  } rows[] = {
      {"a b", "7 invalid a b (character)"},
      {"a..example", "7 invalid a..example (empty-label)"},
      {"192.0.2.1", "7 invalid 192.0.2.1 (numeric)"},
  };
  struct fixture *fixture = fixture_new((struct journey_config){0});
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    start(fixture, 7, rows[i].line);
    assert_string_equal(fixture->text, rows[i].told);
  }
  assert_int_equal(fixture->emitted, sizeof rows / sizeof *rows);
  assert_int_equal(journey_in_flight(fixture->journey), 0);
  fixture_free(fixture);
}

/* Why the list's own form makes it none. */
static void test_lines_with_a_reason(void **state) {
  (void)state;
  struct fixture *fixture = fixture_new((struct journey_config){0});
  struct list_entry entry = {.text = SPAN("1;a.example"), .reason = "no-name"};
  assert_int_equal(journey_start(fixture->journey, 3, &entry), ERR_NONE);
  assert_string_equal(fixture->text, "3 invalid 1;a.example (no-name)");
  fixture_free(fixture);
}

static void test_blocked_domains_are_not_asked_for(void **state) {
  (void)state;
  struct block_list *block = block_list_of("blocked.example\n");
  struct fixture *fixture = fixture_new((struct journey_config){.block = block});
  start(fixture, 1, "www.Blocked.example");
  assert_string_equal(fixture->text, "1 blocked www.blocked.example ()");
  assert_int_equal(journey_in_flight(fixture->journey), 0);
  start(fixture, 2, "notblocked.example");
  assert_int_equal(fixture->emitted, 1);
  assert_int_equal(journey_in_flight(fixture->journey), 1);
  fixture_free(fixture);
  block_list_free(block);
}

/* Each line is of one shard, also one that is no domain. */
static void test_lines_of_other_shards_are_passed_over(void **state) {
  (void)state;
  enum { SHARDS = 3 };
  static const char *const lines[] = {"a b", "c d", "e f", "g h", "i j", "k l"};
  unsigned emitted = 0;
  for (unsigned shard = 0; shard < SHARDS; shard++) {
    struct fixture *fixture =
        fixture_new((struct journey_config){.shard = shard, .shards = SHARDS});
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
      unsigned before = fixture->emitted;
      start(fixture, 1, lines[i]);
      assert_int_equal(fixture->emitted - before, shard_of(span_of(lines[i]), SHARDS) == shard);
    }
    emitted += fixture->emitted;
    fixture_free(fixture);
  }
  assert_int_equal(emitted, sizeof lines / sizeof *lines);
}

static void test_there_is_room_for_so_many_jobs(void **state) {
  (void)state;
  struct fixture *fixture = fixture_new((struct journey_config){0});
  start(fixture, 1, "a.example");
  assert_true(journey_has_room(fixture->journey));
  start(fixture, 2, "b.example");
  assert_int_equal(journey_in_flight(fixture->journey), JOBS);
  assert_false(journey_has_room(fixture->journey));
  assert_int_equal(fixture->emitted, 0);
  fixture_free(fixture);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lines_that_are_no_domains),
      cmocka_unit_test(test_lines_with_a_reason),
      cmocka_unit_test(test_blocked_domains_are_not_asked_for),
      cmocka_unit_test(test_lines_of_other_shards_are_passed_over),
      cmocka_unit_test(test_there_is_room_for_so_many_jobs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
