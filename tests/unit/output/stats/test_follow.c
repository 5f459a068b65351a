/* Domains followed through scans, in whatever order the scans come; and the limits. */
#include "output/stats/follow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SCANS = 5 };

static void take(struct follow *follow, unsigned scan, const char *domain,
                 enum result_status status) {
  struct result result = {.domain = span_of(domain), .status = status};
  if (follow_wants(&result)) assert_int_equal(ERR_NONE, follow_take(follow, scan, &result));
}

/* One letter a scan: v, b, u (lookup failed), a (absent), - (not in the scan). */
static void take_life(struct follow *follow, const char *domain, const char *life,
                      const unsigned *order) {
  for (unsigned i = 0; i < SCANS; i++) {
    const enum result_status status = life[i] == 'v'   ? STATUS_VALID
                                      : life[i] == 'b' ? STATUS_BROKEN
                                      : life[i] == 'u' ? STATUS_UNKNOWN
                                                       : STATUS_ABSENT;
    if (life[i] != '-') take(follow, order[i], domain, status);
  }
}

static const struct life {
  const char *domain, *scans;
} lives[] = {
    {"always.example", "vvvvv"},  {"new.example", "aavvv"},    {"gone.example", "vv-aa"},
    {"ever.example", "bbbbb"},    {"mended.example", "bbvvv"}, {"again.example", "bbvbb"},
    {"failed.example", "bubub"},  {"never.example", "aua-u"},  {"born.example", "---bb"},
    {"passing.example", "vuuvv"},
};

static void check_lives(const unsigned *order) {
  struct follow *follow;
  struct follow_changes changes[SCANS];
  struct follow_broken *broken;
  size_t count;
  assert_int_equal(ERR_NONE, follow_new(&follow, SCANS));
  for (size_t i = 0; i < sizeof lives / sizeof *lives; i++)
    take_life(follow, lives[i].domain, lives[i].scans, order);
  follow_count(follow, order, changes);
  static const struct follow_changes expected[SCANS] = {
      {.since = 2},
      {0},
      {.deployed = 1, .gone = 1, .fixed = 2},
      {.deployed = 1, .broken = 2, .since = 2},
      {0},
  };
  for (int i = 0; i < SCANS; i++) assert_memory_equal(&expected[i], &changes[i], sizeof changes[i]);
  assert_int_equal(ERR_NONE, follow_list(follow, order, &broken, &count));
  static const char *const names[] = {"ever.example", "failed.example", "again.example",
                                      "born.example"};
  assert_int_equal(4, count);
  for (size_t i = 0; i < count; i++) {
    assert_string_equal(names[i], broken[i].domain.ptr);
    assert_int_equal(i < 2 ? 0 : 3, broken[i].since);
  }
  assert_int_equal(0, follow_left_out(follow));
  free(broken);
  follow_free(follow);
}

static void test_lives(void **state) {
  (void)state;
  check_lives((const unsigned[]){0, 1, 2, 3, 4});
}

/* A lookup that failed is not known to be of a deployed domain when it is read first. */
static void test_scans_come_in_any_order(void **state) {
  (void)state;
  check_lives((const unsigned[]){4, 2, 0, 3, 1});
}

static void test_domains_have_a_limit(void **state) {
  (void)state;
  struct follow *follow;
  char name[32];
  assert_int_equal(ERR_NONE, follow_new(&follow, 2));
  for (unsigned i = 0; i < FOLLOW_DOMAINS_MAX + 2; i++) {
    snprintf(name, sizeof name, "d%u.example", i);
    take(follow, 0, name, STATUS_BROKEN);
    assert_int_equal(i < FOLLOW_DOMAINS_MAX ? 0 : i + 1 - FOLLOW_DOMAINS_MAX,
                     follow_left_out(follow));
  }
  take(follow, 1, "d0.example", STATUS_VALID); /* it has its room */
  assert_int_equal(2, follow_left_out(follow));
  struct follow_changes changes[2];
  follow_count(follow, (const unsigned[]){0, 1}, changes);
  assert_int_equal(1, changes[1].fixed);
  assert_int_equal(FOLLOW_DOMAINS_MAX - 1, changes[1].gone);
  follow_free(follow);
}

/* With many scans the octets of the states are what ends first. */
static void test_states_have_a_limit(void **state) {
  (void)state;
  struct follow *follow;
  char name[32];
  const unsigned stride = FOLLOW_SCANS_MAX / 4, most = FOLLOW_STATES_MAX / stride;
  assert_true(most < FOLLOW_DOMAINS_MAX);
  assert_int_equal(ERR_NONE, follow_new(&follow, FOLLOW_SCANS_MAX));
  for (unsigned i = 0; i <= most; i++) {
    snprintf(name, sizeof name, "d%u.example", i);
    take(follow, FOLLOW_SCANS_MAX - 1, name, STATUS_VALID);
    assert_int_equal(i == most, follow_left_out(follow));
  }
  follow_free(follow);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lives),
      cmocka_unit_test(test_scans_come_in_any_order),
      cmocka_unit_test(test_domains_have_a_limit),
      cmocka_unit_test(test_states_have_a_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
