/* Conditions: how they are read, and which domains they choose. */
#include "output/where.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct tally *tally;
static struct mark mark;

/* A broken domain that has a value for every facet. */
static int mark_setup(void **state) {
  struct span target = SPAN("x.Sts.example");
  struct finding mx = {.code = FOUND_MX_MISMATCH, .has_kind = true, .kind = KIND_TLD};
  struct finding tls = {.next = &mx, .code = FOUND_POLICY_TLS_EXPIRED};
  struct span txt = SPAN("v=TLSRPTv1");
  struct result_mx host = {.host = SPAN("mx.mail.example")};
  struct result result = {
      .domain = SPAN("a.co.uk"),
      .status = STATUS_BROKEN,
      .has_effect = true,
      .effect = EFFECT_AT_RISK,
      .has_rank = true,
      .rank = 10001,
      .findings = &tls,
      .policy_host = {.lookup = {.cname = {&target, 1}}},
      .fetch = {.http_status = 200},
      .certificate = {.here = true, .not_after = 1},
      .policy = {.here = true, .mode = MODE_ENFORCE, .has_max_age = true, .max_age = 86400},
      .mx = {.at = &host, .count = 1},
      .tlsrpt = {.txt = {&txt, 1}},
  };
  (void)state;
  if (tally_new(&tally) != ERR_NONE) return -1;
  return tally_mark(tally, &result, &mark) == ERR_NONE ? 0 : -1;
}

static int mark_teardown(void **state) {
  (void)state;
  tally_free(tally);
  return 0;
}

static bool holds(const char *text) {
  struct where where = {0};
  struct span bad;
  assert_int_equal(ERR_NONE, where_add(&where, span_of(text), &bad));
  return where_holds(&where, tally, &mark);
}

static void test_conditions_choose(void **state) {
  static const struct {
    const char *text;
    bool holds;
  } rows[] = {
      {"status=broken", true},
      {"status=valid", false},
      {"status!=valid", true},
      {"status!=broken", false},
      {"status=valid|broken", true},
      {"status!=valid|broken", false},
      {"status=broken,tld=uk", true},
      {"status=broken,tld=se", false},
      {"effect=at-risk", true},
      {"mode=enforce", true},
      {"stage=mx", true},
      {"stage=policy-tls", true},
      {"stage=record", false},
      {"code=mx-mismatch", true},
      {"code=policy-empty", false},
      {"code!=policy-empty", true},
      {"kind=tld", true},
      {"provider=sts.example", true},
      {"provider=STS.example", true},
      {"provider=x.sts.example", false},
      {"http_status=200", true},
      {"http_status=404", false},
      {"max_age=86400-604799", true},
      {"max_age=0-86399", false},
      {"expires=7", true},
      {"expires=expired", false},
      {"tlsrpt=sound", true},
      {"tlsrpt=broken", false},
      {"outsourced=different", true},
      {"outsourced=same", false},
      {"rank=10001-20000", true},
      {"rank=1-10000", false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (holds(rows[i].text) != rows[i].holds) print_error("%s\n", rows[i].text);
    assert_int_equal(rows[i].holds, holds(rows[i].text));
  }
}

static void test_no_condition_chooses_all(void **state) {
  struct where where = {0};
  (void)state;
  assert_true(where_holds(&where, tally, &mark));
}

static void test_what_is_not_understood_is_told(void **state) {
  static const struct {
    const char *text, *bad;
  } rows[] = {
      {"", ""},
      {"status", "status"},
      {"status=", "status="},
      {"status=lost", "status=lost"},
      {"status=valid|lost", "status=valid|lost"},
      {"tld=se,color=red", "color=red"},
      {"tld=", "tld="},
      {"max_age=0-1", "max_age=0-1"},
      {"=valid", "=valid"},
      {"status==valid", "status==valid"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct where where = {0};
    struct span bad;
    assert_int_equal(ERR_SYNTAX, where_add(&where, span_of(rows[i].text), &bad));
    assert_true(span_equal(bad, span_of(rows[i].bad)));
  }
}

static enum err add_conditions(int count) {
  struct where where = {0};
  struct span bad;
  enum err err = ERR_NONE;
  for (int i = 0; err == ERR_NONE && i < count; i++) err = where_add(&where, SPAN("tld=se"), &bad);
  return err;
}

static enum err add_values(int count) {
  struct where where = {0};
  struct span bad;
  char text[256] = "tld=a";
  for (int i = 1; i < count; i++) strcat(text, "|a");
  return where_add(&where, span_of(text), &bad);
}

static void test_conditions_and_values_have_a_limit(void **state) {
  (void)state;
  assert_int_equal(ERR_NONE, add_conditions(WHERE_CONDITIONS_MAX));
  assert_int_equal(ERR_LIMIT, add_conditions(WHERE_CONDITIONS_MAX + 1));
  assert_int_equal(ERR_NONE, add_values(WHERE_VALUES_MAX));
  assert_int_equal(ERR_LIMIT, add_values(WHERE_VALUES_MAX + 1));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_conditions_choose),
      cmocka_unit_test(test_no_condition_chooses_all),
      cmocka_unit_test(test_what_is_not_understood_is_told),
      cmocka_unit_test(test_conditions_and_values_have_a_limit),
  };
  return cmocka_run_group_tests(tests, mark_setup, mark_teardown);
}
