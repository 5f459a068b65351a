#include "scanner/journey/second_look.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { WAIT = 1000, FEW = 3, TURN = 64 };

static uv_loop_t loop;

static struct second_look *begin(size_t max) {
  struct second_look *looks;
  uv_loop_init(&loop);
  assert_int_equal(second_look_new(&looks, &loop, WAIT, max), ERR_NONE);
  return looks;
}

static void end(struct second_look *looks) {
  second_look_close(looks);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
}

static void put(struct second_look *looks, uint64_t n, uint64_t now) {
  struct aside_name name = {.n = n, .has_rank = true, .rank = 2 * n};
  name.len = (size_t)snprintf(name.name, sizeof name.name, "n%llu.example", (unsigned long long)n);
  name.first.at = (int64_t)n + 5;
  finding_codes_add(&name.first.codes, FOUND_POLICY_TCP_TIMEOUT);
  finding_codes_add(&name.first.codes, FOUND_TLSRPT_ABSENT);
  assert_int_equal(second_look_put(looks, &name, now), ERR_NONE);
}

/* Whatever must be read from a file for it. */
static bool take(struct second_look *looks, uint64_t now, struct aside_name *name) {
  for (int turn = 0; turn < TURN; turn++) {
    if (second_look_take(looks, now, name)) return true;
    uv_run(&loop, UV_RUN_NOWAIT);
  }
  return false;
}

static void expect(struct second_look *looks, uint64_t now, uint64_t n) {
  struct aside_name name;
  char text[32];
  snprintf(text, sizeof text, "n%llu.example", (unsigned long long)n);
  while (!second_look_take(looks, now, &name)) uv_run(&loop, UV_RUN_ONCE);
  assert_int_equal(name.n, n);
  assert_int_equal(name.rank, 2 * n);
  assert_int_equal(name.len, strlen(text));
  assert_memory_equal(name.name, text, name.len);
  assert_int_equal(name.first.at, (int64_t)n + 5);
  assert_true(finding_codes_has(&name.first.codes, FOUND_POLICY_TCP_TIMEOUT));
  assert_true(finding_codes_has(&name.first.codes, FOUND_TLSRPT_ABSENT));
  assert_false(finding_codes_has(&name.first.codes, FOUND_RECORD_ABSENT));
}

static void test_each_waits_its_time(void **state) {
  struct second_look *looks = begin(FEW);
  struct aside_name name;
  (void)state;
  assert_false(take(looks, 0, &name));
  assert_int_equal(second_look_left(looks, 0), 0);
  put(looks, 1, 100);
  put(looks, 2, 300);
  assert_int_equal(second_look_left(looks, 300), WAIT);
  assert_false(take(looks, 100 + WAIT - 1, &name));
  assert_int_equal(second_look_count(looks), 2);
  expect(looks, 100 + WAIT, 1);
  assert_false(take(looks, 300 + WAIT - 1, &name));
  assert_int_equal(second_look_left(looks, 300 + WAIT - 1), 1);
  expect(looks, 300 + WAIT, 2);
  assert_int_equal(second_look_count(looks), 0);
  end(looks);
}

static void test_over_the_limit_the_oldest_does_not_wait(void **state) {
  struct second_look *looks = begin(FEW);
  struct aside_name name;
  (void)state;
  for (uint64_t n = 1; n <= FEW; n++) put(looks, n, n);
  assert_true(second_look_has_room(looks));
  assert_false(take(looks, FEW, &name)); /* at the limit they all wait */
  put(looks, FEW + 1, FEW + 1);
  assert_false(second_look_has_room(looks));
  expect(looks, FEW + 1, 1);
  assert_true(second_look_has_room(looks));
  assert_false(take(looks, FEW + 1, &name));
  assert_int_equal(second_look_count(looks), FEW);
  end(looks);
}

/* As many as may wait in a scan: at, below and over that, and all of them come back in order. */
static void test_as_many_as_a_scan_may_have(void **state) {
  struct second_look *looks = begin(SECOND_LOOK_MAX);
  struct aside_name name;
  (void)state;
  for (uint64_t n = 1; n < SECOND_LOOK_MAX; n++) {
    put(looks, n, 1);
    if (n % TURN == 0) uv_run(&loop, UV_RUN_NOWAIT);
  }
  assert_false(take(looks, 1, &name));
  put(looks, SECOND_LOOK_MAX, 1);
  assert_false(take(looks, 1, &name));
  put(looks, SECOND_LOOK_MAX + 1, 1);
  expect(looks, 1, 1);
  assert_false(take(looks, 1, &name));
  for (uint64_t n = 2; n <= SECOND_LOOK_MAX + 1; n++) expect(looks, 1 + WAIT, n);
  assert_int_equal(second_look_count(looks), 0);
  end(looks);
}

/* Their names go to a file, so that memory does not grow with them. */
static void test_those_that_still_wait_are_forgotten_at_the_end(void **state) {
  struct second_look *looks = begin(FEW);
  (void)state;
  for (uint64_t n = 1; n <= SECOND_LOOK_MAX; n++) put(looks, n, 1);
  end(looks);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_each_waits_its_time),
      cmocka_unit_test(test_over_the_limit_the_oldest_does_not_wait),
      cmocka_unit_test(test_as_many_as_a_scan_may_have),
      cmocka_unit_test(test_those_that_still_wait_are_forgotten_at_the_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
