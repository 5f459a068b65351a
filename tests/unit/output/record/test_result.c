/* The names of statuses, effects, modes, kinds, verdicts and rcodes: unique, well formed, and back
 * again. What may pass. */
#include "output/record/result.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void assert_name(const char *name, const char *allowed) {
  assert_non_null(name);
  assert_true(strlen(name) > 0);
  assert_int_equal(strlen(name), strspn(name, allowed));
}

#define WORD "abcdefghijklmnopqrstuvwxyz-"

/* Each value has a name that leads back to it; no other text does. */
#define ROUND_TRIP(noun, count)                                                                    \
  do {                                                                                             \
    for (enum result_##noun value = 0; value < (count); value++) {                                 \
      assert_name(result_##noun##_text(value), WORD);                                              \
      assert_int_equal(value, result_##noun##_by_text(span_of(result_##noun##_text(value))));      \
    }                                                                                              \
    assert_int_equal(count, result_##noun##_by_text(SPAN("")));                                    \
    assert_int_equal(count, result_##noun##_by_text(SPAN("nonsense")));                            \
    struct span cut = span_of(result_##noun##_text(0));                                            \
    assert_int_equal(count, result_##noun##_by_text(span_first(cut, cut.len - 1)));                \
  } while (0)

static void test_names_lead_back(void **state) {
  (void)state;
  ROUND_TRIP(status, STATUS_COUNT);
  ROUND_TRIP(effect, EFFECT_COUNT);
  ROUND_TRIP(mode, MODE_COUNT);
  ROUND_TRIP(kind, KIND_COUNT);
  ROUND_TRIP(verdict, VERDICT_COUNT);
  ROUND_TRIP(step, STEP_COUNT);
  ROUND_TRIP(dane, DANE_COUNT);
}

static void test_rcodes(void **state) { /* IANA, DNS RCODEs */
  static const struct {
    int rcode;
    const char *name;
  } rows[] = {
      {0, "NOERROR"}, {1, "FORMERR"}, {2, "SERVFAIL"}, {3, "NXDOMAIN"},
      {4, "NOTIMP"},  {5, "REFUSED"}, {6, "YXDOMAIN"}, {7, "YXRRSET"},
      {8, "NXRRSET"}, {9, "NOTAUTH"}, {10, "NOTZONE"}, {11, "DSOTYPENI"},
  };
  static const int unnamed[] = {-1, 12, 15, 17, 4095};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_string_equal(rows[i].name, result_rcode_text(rows[i].rcode));
    assert_int_equal(rows[i].rcode, result_rcode_by_text(span_of(rows[i].name)));
  }
  for (size_t i = 0; i < sizeof unnamed / sizeof *unnamed; i++)
    assert_null(result_rcode_text(unnamed[i]));
  assert_int_equal(-1, result_rcode_by_text(SPAN("")));
  assert_int_equal(-1, result_rcode_by_text(SPAN("noerror")));
}

/* A host has a second round of its own, so that what was found there asks for no second look. */
static void test_what_may_pass(void **state) {
  (void)state;
  for (enum finding_code code = 0; code < FOUND_COUNT; code++) {
    const struct finding_info *info = finding_info(code);
    const struct finding finding = {.code = code, .http_status = 503, .smtp_status = 454};
    const struct result result = {.findings = &finding};
    bool passes = info->passing == FINDING_PASSES || info->passing == FINDING_BY_STATUS;
    if (result_may_pass(&result) != passes) fail_msg("%s", info->name);
    if (info->stage == STAGE_MX_TLS || info->stage == STAGE_DANE) assert_false(passes);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names_lead_back),
      cmocka_unit_test(test_rcodes),
      cmocka_unit_test(test_what_may_pass),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
