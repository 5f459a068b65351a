/* The line of a scan under way: what it says, and that it fits. */
#include "scanner/run/progress.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct resolver_server servers[] = {
    {.sent = 900, .lost = 1, .rtt_us = 2500},
    {.sent = 100, .lost = 4, .rtt_us = 900, .resting = true},
};

static struct progress_facts facts(void) {
  return (struct progress_facts){
      .sum = {.domains = 123456,
              .status = {[STATUS_BROKEN] = 1207},
              .in_flight = 4096,
              .fetches = 12,
              .fetches_done = 3450},
      .servers = servers,
      .server_count = 2,
      .lists = {.lines = 2000000, .read_bytes = 1000, .total_bytes = 4000},
      .rate = 15102.4,
      .shard = 3,
      .shards = 16,
  };
}

static void says(struct progress_facts given, const char *expected) {
  char text[PROGRESS_LINE_MAX];
  progress_line(text, &given);
  assert_string_equal(expected, text);
}

static void a_shard_has_its_part_of_the_lists(void **state) {
  (void)state;
  says(facts(), "123,456 of about 500,000 (25%), shard 3/16, 15102/s, 0:24 left, 4,096 in flight, "
                "1,207 broken; fetches: 3,450 done, 12 in flight; resolvers: 1 of 2 answer, "
                "0.50% lost, 2.5 ms");
}

static void a_pipe_has_no_end_that_is_known(void **state) {
  (void)state;
  struct progress_facts pipe = facts();
  pipe.lists.total_bytes = 0;
  pipe.shard = 0;
  pipe.shards = 1;
  says(pipe, "123,456, 15102/s, 4,096 in flight, 1,207 broken; fetches: 3,450 done, 12 in flight; "
             "resolvers: 1 of 2 answer, 0.50% lost, 2.5 ms");
}

static void it_says_what_it_waits_for(void **state) {
  (void)state;
  struct progress_facts waits = facts();
  waits.width = 90;
  waits.sum.waiting = 1234;
  waits.sum.waiting_ms = 41001;
  says(waits, "123,456 of about 500,000 (25%), shard 3/16, 15102/s, 0:24 left");
  waits.width = 0;
  waits.sum.in_flight = 0;
  waits.shards = 1;
  waits.lists.read_bytes = waits.lists.total_bytes;
  waits.lists.lines = 123457;
  waits.server_count = 0;
  says(waits, "123,456 of about 123,457 (100%), 15102/s, waiting 42 s to look again at 1,234 "
              "domains, 0 in flight, 1,207 broken; fetches: 3,450 done, 12 in flight; "
              "resolvers: 0 of 0 answer, 0.00% lost, 0.0 ms");
}

/* Whole parts, and never more than there is room for. */
static void it_fits_every_width(void **state) {
  (void)state;
  char whole[PROGRESS_LINE_MAX], text[PROGRESS_LINE_MAX];
  struct progress_facts given = facts();
  progress_line(whole, &given);
  size_t length = strlen(whole);
  for (given.width = 1; given.width <= length + 1; given.width++) {
    progress_line(text, &given);
    size_t len = strlen(text);
    assert_true(len <= given.width);
    assert_memory_equal(whole, text, len);
    assert_true(len == 0 || whole[len] == 0 || whole[len] == ',' || whole[len] == ';');
    if (given.width >= length) assert_int_equal(length, len);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_shard_has_its_part_of_the_lists),
      cmocka_unit_test(a_pipe_has_no_end_that_is_known),
      cmocka_unit_test(it_says_what_it_waits_for),
      cmocka_unit_test(it_fits_every_width),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
