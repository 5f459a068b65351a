/* Conditions: how they are read, and which domains they choose. */
#include "output/stats/filter.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct tally *tally;
static struct domain_facts facts;

/* A broken domain that has a value for every dimension. */
static struct span target, txt, addresses[2];
static struct finding mx = {.code = FOUND_MX_MISMATCH, .has_kind = true, .kind = KIND_TLD};
static struct finding tls = {.next = &mx, .code = FOUND_POLICY_TLS_ALERT, .reason = REASON_NONE};
static struct result_mx host;
static struct result result;
static struct dimension_domain domain;

static int mark_setup(void **state) {
  (void)state;
  target = SPAN("x.Sts.example");
  txt = SPAN("v=TLSRPTv1");
  addresses[0] = SPAN("192.0.2.7");
  addresses[1] = SPAN("2001:db8::7");
  host.host = SPAN("mx.mail.example");
  tls.reason = reason_first(FOUND_POLICY_TLS_ALERT);
  tls.reasons = reason_bit(tls.reason);
  result = (struct result){
      .domain = SPAN("a.co.uk"),
      .status = STATUS_BROKEN,
      .has_effect = true,
      .effect = EFFECT_AT_RISK,
      .has_rank = true,
      .rank = 10001,
      .findings = &tls,
      .policy_host = {.lookup = {.cname = {&target, 1}}, .addresses = {addresses, 2}},
      .fetch = {.http_status = 200, .content_type = SPAN("text/plain"), .tls = SPAN("TLSv1.3")},
      .certificate = {.here = true,
                      .has_not_after = true,
                      .not_after = 1795428000000,
                      .issuer = SPAN("CN=R11,O=Example")},
      .policy = {.here = true, .mode = MODE_ENFORCE, .has_max_age = true, .max_age = 86400},
      .mx = {.at = &host, .count = 1},
      .tlsrpt = {.txt = {&txt, 1}},
      .at = 1795428000000 - 5 * 86400000LL,
  };
  if (tally_new(&tally) != ERR_NONE || tally_facts(tally, &result, &facts) != ERR_NONE) return -1;
  domain = (struct dimension_domain){
      &result, &facts, tally, tally_managed(tally), MANAGED_LIMITS_STUDY, {0}};
  return 0;
}

static int mark_teardown(void **state) {
  (void)state;
  tally_free(tally);
  return 0;
}

static bool holds(const char *text) {
  struct filter where = {0};
  struct filter_fault fault;
  assert_int_equal(ERR_NONE, filter_add(&where, span_of(text), &fault));
  return filter_holds(&where, &domain);
}

struct row {
  const char *text;
  bool holds;
};

static void each_row_holds(const struct row *rows, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (holds(rows[i].text) != rows[i].holds) print_error("%s\n", rows[i].text);
    assert_int_equal(rows[i].holds, holds(rows[i].text));
  }
}

static void test_conditions_choose(void **state) {
  static const struct row rows[] = {
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
  };
  (void)state;
  each_row_holds(rows, sizeof rows / sizeof *rows);
}

static void test_comparisons_and_globs_choose(void **state) {
  static const struct row rows[] = {
      {"rank=10001-20000", true},
      {"rank=1-10000", false},
      {"rank=10001", true},
      {"rank<10001", false},
      {"rank<=10001", true},
      {"rank>10000", true},
      {"rank>=10002", false},
      {"rank!=10001", false},
      {"max_age>=86400,max_age<=86400", true},
      {"http_status>=400", false},
      {"http_status=4*", false},
      {"http_status=2*", true},
      {"domain=*.co.uk", true},
      {"domain=A.CO.UK", true},
      {"domain=*b*", false},
      {"domain!=*.uk", false},
      {"domain=*.com|a*", true},
      {"severity=error", true},
      {"severity=warning", false},
      {"operator=sts.example", true},
      {"managed=self", true},
      {"managed!=self|unclassified", false},
      {"content_type=text/*", true},
      {"issuer=*R11*", true},
      {"issuer=*R12*", false},
      {"tls=TLSv1.3", true},
      {"ipv6=true", true},
      {"ipv6=false", false},
      {"mail_provider=mail.example", true},
      {"expires<5", false},
      {"expires<=5", true},
      {"expires>4", true},
      {"expires=2026-11-23", true},
      {"expires<2026-11-23", false},
      {"expires<=2026-11-23", true},
      {"expires=2026-11*", true},
  };
  (void)state;
  each_row_holds(rows, sizeof rows / sizeof *rows);
}

/* A domain has the labels of its list, and no others. */
static void test_labels_choose(void **state) {
  static const struct {
    const char *text;
    bool holds;
  } rows[] = {
      {"label.customer=acme", true},  {"label.customer=bolt|ACME", true},
      {"label.customer=a*", true},    {"label.customer=bolt", false},
      {"label.customer!=bolt", true}, {"label.tier=1", false},
      {"label.Customer=acme", false}, {"label.tier!=1", true},
      {"label.tier=*", false},
  };
  struct result_label label = {SPAN("customer"), SPAN("acme")};
  (void)state;
  result.labels = (struct result_labels){&label, 1};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (holds(rows[i].text) != rows[i].holds) fail_msg("%s", rows[i].text);
  result.labels = (struct result_labels){0};
}

static void test_no_condition_chooses_all(void **state) {
  struct filter where = {0};
  (void)state;
  assert_true(filter_holds(&where, &domain));
}

static void test_what_is_not_understood_is_told(void **state) {
  static const struct {
    const char *text, *part;
    enum dimension dimension;
  } rows[] = {
      {"", "", DIMENSION_COUNT},
      {"status", "status", DIMENSION_COUNT},
      {"tld=se,color=red", "color=red", DIMENSION_COUNT},
      {"=valid", "=valid", DIMENSION_COUNT},
      {"status=", "", DIMENSION_STATUS},
      {"status=lost", "lost", DIMENSION_STATUS},
      {"status=valid|lost", "lost", DIMENSION_STATUS},
      {"status==valid", "=valid", DIMENSION_STATUS},
      {"tld=", "", DIMENSION_TLD},
      {"tld=co.uk", "co.uk", DIMENSION_TLD},
      {"provider=", "", DIMENSION_PROVIDER},
      {"http_status=99", "99", DIMENSION_HTTP_STATUS},
      {"http_status=1000", "1000", DIMENSION_HTTP_STATUS},
      {"max_age=a", "a", DIMENSION_MAX_AGE},
      {"max_age=2-1", "2-1", DIMENSION_MAX_AGE},
      {"rank<", "", DIMENSION_RANK},
      {"rank<1-2", "1-2", DIMENSION_RANK},
      {"rank<1*", "1*", DIMENSION_RANK},
      {"rank<-1", "-1", DIMENSION_RANK},
      {"status<valid", "valid", DIMENSION_STATUS},
      {"domain>a", "a", DIMENSION_DOMAIN},
      {"expires<soon", "soon", DIMENSION_EXPIRES},
      {"expires=2026-13-01", "2026-13-01", DIMENSION_EXPIRES},
      {"expires<2026-1*", "2026-1*", DIMENSION_EXPIRES},
      {"status<>valid", ">valid", DIMENSION_STATUS},
      {"http_status=20x", "20x", DIMENSION_HTTP_STATUS},
      {"rank=x", "x", DIMENSION_RANK},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct filter where = {0};
    struct filter_fault fault;
    assert_int_equal(ERR_SYNTAX, filter_add(&where, span_of(rows[i].text), &fault));
    assert_true(span_equal(fault.part, span_of(rows[i].part)));
    assert_int_equal(rows[i].dimension, fault.dimension);
  }
}

/* Whatever is told to be allowed, is. */
static void test_choices_that_are_told_are_allowed(void **state) {
  (void)state;
  for (int dimension = 0; dimension < DIMENSION_COUNT; dimension++) {
    char text[1024] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    dimension_print_allowed(out, (enum dimension)dimension);
    assert_int_equal(0, fclose(out));
    struct span rest = span_of(text);
    assert_true(span_here(rest));
    if (!span_starts(rest, SPAN("one of "))) continue;
    for (rest = span_skip(rest, 7); rest.len; rest = span_skip(rest, 1))
      assert_true(dimension_allows((enum dimension)dimension, span_cut(&rest, ',')));
  }
}

static enum err add_conditions(int count) {
  struct filter where = {0};
  struct filter_fault fault;
  enum err err = ERR_NONE;
  for (int i = 0; err == ERR_NONE && i < count; i++)
    err = filter_add(&where, SPAN("tld=se"), &fault);
  return err;
}

static enum err add_values(int count) {
  struct filter where = {0};
  struct filter_fault fault;
  char text[256] = "tld=a";
  for (int i = 1; i < count; i++) strcat(text, "|a");
  return filter_add(&where, span_of(text), &fault);
}

static void test_conditions_and_values_have_a_limit(void **state) {
  (void)state;
  assert_int_equal(ERR_NONE, add_conditions(FILTER_CONDITIONS_MAX));
  assert_int_equal(ERR_LIMIT, add_conditions(FILTER_CONDITIONS_MAX + 1));
  assert_int_equal(ERR_NONE, add_values(FILTER_VALUES_MAX));
  assert_int_equal(ERR_LIMIT, add_values(FILTER_VALUES_MAX + 1));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_conditions_choose),
      cmocka_unit_test(test_comparisons_and_globs_choose),
      cmocka_unit_test(test_labels_choose),
      cmocka_unit_test(test_no_condition_chooses_all),
      cmocka_unit_test(test_what_is_not_understood_is_told),
      cmocka_unit_test(test_choices_that_are_told_are_allowed),
      cmocka_unit_test(test_conditions_and_values_have_a_limit),
  };
  return cmocka_run_group_tests(tests, mark_setup, mark_teardown);
}
