/* What is known, until when, and what a line may say. */
#include "output/stats/known.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const int64_t DAY = 86400000, BEGIN_2026_12_01 = 1796083200000;

static enum err add(struct known *known, const char *line) {
  char why[KNOWN_WHY_SIZE];
  return known_add(known, span_of(line), why);
}

static bool has(const struct known *known, const char *domain, int64_t at) {
  return known_has(known, span_of(domain), FOUND_POLICY_TLS_EXPIRED, at);
}

static void a_finding_is_known_until_its_day_ends(void **state) {
  (void)state;
  struct known *known;
  assert_int_equal(ERR_NONE, known_new(&known));
  assert_int_equal(ERR_NONE, add(known, ""));
  assert_int_equal(ERR_NONE, add(known, "  # of the migration"));
  assert_int_equal(ERR_NONE, add(known, "ever.example policy-tls-expired"));
  assert_int_equal(ERR_NONE, add(known, "\tUpper.Example.  policy-tls-expired until 2026-12-01 "));
  assert_true(has(known, "ever.example", INT64_MAX - 1));
  assert_false(has(known, "other.example", 0));
  assert_false(known_has(known, SPAN("ever.example"), FOUND_MX_MISMATCH, 0));
  assert_true(has(known, "upper.example", BEGIN_2026_12_01 + DAY - 1));
  assert_false(has(known, "upper.example", BEGIN_2026_12_01 + DAY));
  assert_int_equal(ERR_NONE, add(known, "AZ-az.example policy-tls-expired until 1970-01-01"));
  assert_true(has(known, "az-az.Example", DAY - 1));
  assert_false(has(known, "az-az.Example", DAY));
  assert_int_equal(ERR_SYNTAX, add(known, "a.example policy-tls-expired until 1969-12-31"));
  assert_int_equal(1, known_passed(known, BEGIN_2026_12_01 + DAY - 1));
  assert_int_equal(2, known_passed(known, BEGIN_2026_12_01 + DAY));
  /* The last line of a finding counts. */
  assert_int_equal(ERR_NONE, add(known, "ever.example policy-tls-expired until 2026-12-01"));
  assert_false(has(known, "ever.example", BEGIN_2026_12_01 + DAY));
  known_free(known);
}

static void what_is_wrong_is_named(void **state) {
  (void)state;
  static const struct {
    const char *line, *why;
  } rows[] = {
      {"a.example", "\"\" is not a code"},
      {"a.example policy-tls-expird", "\"policy-tls-expird\" is not a code"},
      {"m\xc3\xbcller.example mx-mismatch", "is not a domain in A-labels"},
      {"\x80.example mx-mismatch", "is not a domain in A-labels"},
      {". mx-mismatch", "is not a domain in A-labels"},
      {"a.example mx-mismatch till 2026-12-01", "\"till\" is not \"until\""},
      {"a.example mx-mismatch until", "\"\" is not a date"},
      {"a.example mx-mismatch until 2026-02-30", "\"2026-02-30\" is not a date"},
      {"a.example mx-mismatch until 2026-13-01", "is not a date"},
      {"a.example mx-mismatch until 2026-2-1", "is not a date"},
      {"a.example mx-mismatch until 2026-02-01x", "is not a date"},
      {"a.example mx-mismatch until tomorrow", "is not a date"},
  };
  struct known *known;
  assert_int_equal(ERR_NONE, known_new(&known));
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char why[KNOWN_WHY_SIZE];
    assert_int_equal(ERR_SYNTAX, known_add(known, span_of(rows[i].line), why));
    assert_non_null(strstr(why, rows[i].why));
    assert_non_null(strstr(why, "domain code [until YYYY-MM-DD]"));
  }
  char name[300], line[400];
  memset(name, 'a', sizeof name - 1);
  name[sizeof name - 1] = 0;
  snprintf(line, sizeof line, "%s mx-mismatch", name);
  assert_int_equal(ERR_SYNTAX, add(known, line));
  known_free(known);
}

static void there_are_so_many_and_no_more(void **state) {
  (void)state;
  char line[64];
  struct known *known;
  assert_int_equal(ERR_NONE, known_new(&known));
  for (unsigned i = 0; i < KNOWN_MAX; i++) {
    snprintf(line, sizeof line, "n%u.example mx-mismatch", i);
    assert_int_equal(ERR_NONE, add(known, line));
  }
  assert_int_equal(ERR_NONE, add(known, "n7.example mx-mismatch until 2026-12-01"));
  assert_int_equal(ERR_LIMIT, add(known, "n7.example mx-partial-mismatch"));
  known_free(known);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_finding_is_known_until_its_day_ends),
      cmocka_unit_test(what_is_wrong_is_named),
      cmocka_unit_test(there_are_so_many_and_no_more),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
