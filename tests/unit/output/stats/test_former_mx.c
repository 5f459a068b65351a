/* Domains whose policy names an MX of an earlier scan, by wildcard and by name; and how many are
 * looked at. */
#include "output/stats/former_mx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { OLD = 100, NEW = 200 };

static void take(struct former_mx *former, const char *domain, const char *pattern, const char *mx,
                 int64_t at) {
  struct finding mismatch = {.code = FOUND_MX_MISMATCH, .has_kind = true, .kind = KIND_DOMAIN};
  struct span patterns[] = {span_of(pattern)};
  struct result_mx hosts[] = {{.host = span_of(mx)}};
  struct result result = {.domain = span_of(domain),
                          .status = STATUS_BROKEN,
                          .findings = at == NEW ? &mismatch : NULL,
                          .policy = {.here = true, .mx = {patterns, 1}},
                          .mx = {.at = hosts, .count = 1},
                          .at = at};
  struct result kept;
  assert_true(former_mx_keep(&result, &kept));
  assert_int_equal(former_mx_take(former, &kept, at == NEW), ERR_NONE);
}

static uint64_t count(const struct former_mx *former) {
  struct statistics statistics = {0};
  former_mx_statistics(former, 1, &statistics);
  return statistics.former_mx[KIND_DOMAIN];
}

static void test_patterns(void **state) {
  (void)state;
  static const struct {
    const char *pattern, *earlier;
    bool found;
  } cases[] = {
      {"mx.old.example", "mx.old.example", true},    {"mx.old.example", "MX.Old.Example", true},
      {"mx.old.example", "a.mx.old.example", false}, {"*.old.example", "mx.old.example", true},
      {"*.old.example", "a.b.old.example", false},   {"*.old.example", "old.example", false},
      {"*.old.example", "mx.other.example", false},  {"mx.new.example", "mx.new.example", false},
      {"mx.old.example", "mx.old.example.", true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct former_mx former = {0};
    take(&former, "a.example", cases[i].pattern, "mx.new.example", NEW);
    take(&former, "a.example", cases[i].pattern, cases[i].earlier, OLD);
    if (count(&former) != cases[i].found) fail_msg("%s %s", cases[i].pattern, cases[i].earlier);
    former_mx_free(&former);
  }
}

static void note(void *context, const char *path, const char *text) {
  char *said = context;
  assert_null(path);
  snprintf(said, 200, "%s", text);
}

/* Below, at and over the limit. */
static void test_most(void **state) {
  (void)state;
  struct former_mx former = {0};
  char name[32], said[200] = "";
  for (unsigned i = 0; i < FORMER_MX_DOMAINS_MAX + 2; i++) {
    snprintf(name, sizeof name, "d%u.example", i);
    take(&former, name, "mx.old.example", "mx.new.example", NEW);
    if (i < FORMER_MX_DOMAINS_MAX) assert_int_equal(former.left_out, 0);
    if (i == FORMER_MX_DOMAINS_MAX - 1) former_mx_notes(&former, note, said);
  }
  assert_string_equal(said, "");
  assert_int_equal(former.left_out, 2);
  former_mx_notes(&former, note, said);
  assert_string_equal(said, "names that were an MX earlier were looked for in 200,000 domains with "
                            "a mismatch, not in 2 others");
  snprintf(name, sizeof name, "d%u.example", FORMER_MX_DOMAINS_MAX - 1);
  take(&former, name, "mx.old.example", "mx.old.example", OLD);
  snprintf(name, sizeof name, "d%u.example", FORMER_MX_DOMAINS_MAX);
  take(&former, name, "mx.old.example", "mx.old.example", OLD);
  assert_int_equal(count(&former), 1);
  former_mx_free(&former);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_patterns), cmocka_unit_test(test_most)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
