#include "scanner/https/address_plan.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { LEFT = 1000, CONNECT = 300 };

static const union address places[ADDRESS_PLAN_ADDRESSES_MAX];

static struct address_plan course_of(size_t count) {
  struct address_plan plan = {.address_count = count, .left_ns = LEFT};
  for (size_t i = 0; i < count; i++) plan.addresses[i] = &places[i];
  return plan;
}

struct row {
  const char *what;
  size_t addresses;
  bool tries_next, overload;
  uint64_t spent, pause;
  enum address_plan_turn turn;
  size_t next;
  uint64_t left;
};

static const struct row rows[] = {
    {"an answer", 2, false, false, 10, 0, ADDRESS_PLAN_ENDS, 0, LEFT - 10},
    {"a failure", 2, true, false, 10, 0, ADDRESS_PLAN_GOES_ON, 1, LEFT - 10},
    {"a failure, and none is left", 1, true, false, 10, 0, ADDRESS_PLAN_ENDS, 0, LEFT - 10},
    {"a failure, and no time", 2, true, false, LEFT, 0, ADDRESS_PLAN_ENDS, 0, 0},
    {"a failure that took longer than there was", 2, true, false, LEFT + 1, 0, ADDRESS_PLAN_ENDS, 0,
     0},
    {"a reset, and another is there", 2, true, true, 10, 5, ADDRESS_PLAN_GOES_ON, 1, LEFT - 10},
    {"a reset of the last", 1, true, true, 10, 5, ADDRESS_PLAN_PAUSES, 0, LEFT - 15},
    {"503 does not lead to another", 2, false, true, 10, 5, ADDRESS_PLAN_PAUSES, 0, LEFT - 15},
    {"a pause below the time", 1, false, true, 10, LEFT - 11, ADDRESS_PLAN_PAUSES, 0, 1},
    {"a pause that takes the time", 1, false, true, 10, LEFT - 10, ADDRESS_PLAN_ENDS, 0, LEFT - 10},
    {"a pause over the time", 1, false, true, 10, LEFT - 9, ADDRESS_PLAN_ENDS, 0, LEFT - 10},
};

static void test_turns(void **state) {
  (void)state;
  unsigned wrong = 0;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct row *row = &rows[i];
    struct address_plan plan = course_of(row->addresses);
    struct attempt attempt = {
        .here = true, .tries_next = row->tries_next, .overload = row->overload};
    address_plan_keep(&plan, &attempt, row->spent);
    enum address_plan_turn turn = address_plan_turn(&plan, &attempt, row->pause);
    if (turn == row->turn && plan.next == row->next && plan.left_ns == row->left) continue;
    printf("%s: turn %d, next %zu, left %llu\n", row->what, turn, plan.next,
           (unsigned long long)plan.left_ns);
    wrong++;
  }
  assert_int_equal(wrong, 0);
}

static void test_again_once(void **state) {
  (void)state;
  struct address_plan plan = course_of(1);
  struct attempt busy = {.here = true, .overload = true};
  address_plan_keep(&plan, &busy, 0);
  assert_int_equal(address_plan_turn(&plan, &busy, 1), ADDRESS_PLAN_PAUSES);
  address_plan_keep(&plan, &busy, 0);
  assert_int_equal(address_plan_turn(&plan, &busy, 1), ADDRESS_PLAN_ENDS);
  assert_int_equal(plan.attempt_count, 2);
}

/* As many attempts as there can be. */
static void test_most_attempts(void **state) {
  (void)state;
  struct address_plan plan = course_of(ADDRESS_PLAN_ADDRESSES_MAX);
  struct attempt reset = {.here = true, .tries_next = true, .overload = true};
  enum address_plan_turn turn;
  do {
    address_plan_keep(&plan, &reset, 1);
    turn = address_plan_turn(&plan, &reset, 1);
  } while (turn != ADDRESS_PLAN_ENDS);
  assert_int_equal(plan.attempt_count, ADDRESS_PLAN_ATTEMPTS_MAX);
}

static void test_furthest_counts(void **state) {
  (void)state;
  static const enum outcome_step steps[] = {OUTCOME_CONNECTING, OUTCOME_BODY, OUTCOME_BODY,
                                            OUTCOME_HEADERS};
  struct address_plan plan = course_of(4);
  for (int i = 0; i < 4; i++) {
    struct attempt attempt = {.here = true, .step = steps[i], .fetch.http_status = i};
    address_plan_keep(&plan, &attempt, 0);
  }
  assert_int_equal(plan.best.fetch.http_status, 2);
}

static void test_limits(void **state) {
  (void)state;
  struct address_plan plan = course_of(4);
  assert_true(address_plan_limit(&plan, OUTCOME_CONNECTING, CONNECT) == LEFT / 4);
  assert_true(address_plan_limit(&plan, OUTCOME_ASKING, CONNECT) == LEFT / 4);
  assert_true(address_plan_limit(&plan, OUTCOME_HEADERS, CONNECT) == LEFT);
  plan.next = 3;
  assert_true(address_plan_limit(&plan, OUTCOME_CONNECTING, CONNECT) == CONNECT);
  assert_true(address_plan_limit(&plan, OUTCOME_SHAKING_HANDS, CONNECT) == LEFT);
}

static union address parsed(const char *text) {
  union address address;
  assert_int_equal(address_parse(span_of(text), 443, &address), ERR_NONE);
  return address;
}

/* What may be contacted, each once. */
static void test_choice(void **state) {
  union address addresses[] = {parsed("8.8.8.8"),  parsed("8.8.8.8"), parsed("9.9.9.9"),
                               parsed("10.0.0.1"), parsed("1.1.1.1"), parsed("8.8.8.8")};
  struct cidr_set own = {0};
  struct cidr prefix;
  struct address_filter filter = {.own = &own};
  struct arena arena = {0};
  (void)state;
  assert_true(cidr_parse(SPAN("9.9.9.9"), &prefix));
  assert_int_equal(cidr_set_add(&own, &prefix), ERR_NONE);
  cidr_set_sort(&own);
  struct address_plan plan = {0};
  address_plan_choose(&plan, addresses, 6, &filter, &arena);
  assert_int_equal(plan.address_count, 2);
  assert_ptr_equal(plan.addresses[0], &addresses[0]);
  assert_ptr_equal(plan.addresses[1], &addresses[4]);
  plan = (struct address_plan){0};
  address_plan_choose(&plan, &addresses[2], 2, &filter, &arena);
  assert_int_equal(plan.address_count, 0);
  const struct finding *finding = plan.best.findings.first;
  assert_int_equal(finding->code, FOUND_POLICY_ADDRESS_NOT_PUBLIC);
  assert_true(
      span_equal(finding->detail, SPAN("9.9.9.9 is this machine's own, 10.0.0.1 is not public")));
  filter.allow_private = true;
  plan = (struct address_plan){0};
  address_plan_choose(&plan, addresses, 6, &filter, &arena);
  assert_int_equal(plan.address_count, 4);
  cidr_set_free(&own);
  arena_free(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_turns),           cmocka_unit_test(test_choice),
      cmocka_unit_test(test_again_once),      cmocka_unit_test(test_most_attempts),
      cmocka_unit_test(test_furthest_counts), cmocka_unit_test(test_limits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
