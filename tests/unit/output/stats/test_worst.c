/* Which broken domains a report names, in which order, and since when they are broken. */
#include "output/stats/former_mx.h"
#include "output/stats/worst.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct result made(const char *domain, enum result_status status, enum result_effect effect,
                          uint64_t rank, int64_t at) {
  return (struct result){.domain = span_of(domain),
                         .status = status,
                         .has_effect = true,
                         .effect = effect,
                         .has_rank = rank != 0,
                         .rank = rank,
                         .at = at};
}

static void take(struct worst *worst, struct result result, bool counts) {
  struct result kept;
  if (former_mx_keep(&result, &kept)) assert_int_equal(ERR_NONE, worst_take(worst, &kept, counts));
}

static void broken(struct worst *worst, const char *domain, enum result_effect effect,
                   uint64_t rank) {
  take(worst, made(domain, STATUS_BROKEN, effect, rank, 100), true);
}

static void check_names(struct worst *worst, const char *const *names, size_t count) {
  worst_end(worst);
  assert_int_equal(count, worst->count);
  for (size_t i = 0; i < count; i++) assert_string_equal(names[i], worst->domains[i].domain);
}

static void test_those_that_lose_mail_come_first(void **state) {
  (void)state;
  struct worst worst = {.most = 10};
  broken(&worst, "z.example", EFFECT_OPPORTUNISTIC, 1);
  broken(&worst, "b.example", EFFECT_UNDELIVERABLE, 0);
  broken(&worst, "a.example", EFFECT_UNDELIVERABLE, 0);
  broken(&worst, "c.example", EFFECT_UNDELIVERABLE, 7000);
  broken(&worst, "d.example", EFFECT_AT_RISK, 5);
  take(&worst, made("sound.example", STATUS_VALID, EFFECT_ENFORCED, 1, 100), true);
  take(&worst, made("none.example", STATUS_ABSENT, EFFECT_NONE, 1, 100), true);
  static const char *const names[] = {"c.example", "a.example", "b.example", "d.example",
                                      "z.example"};
  check_names(&worst, names, 5);
  assert_int_equal(5, worst.broken);
  worst_free(&worst);
}

static void test_most(void **state) {
  (void)state;
  for (size_t most = 0; most <= 3; most++) {
    struct worst worst = {.most = most};
    char name[16];
    for (int i = 0; i < 1000; i++) {
      snprintf(name, sizeof name, "d%03d.example", (i * 7919) % 1000);
      broken(&worst, name, EFFECT_AT_RISK, 0);
    }
    static const char *const names[] = {"d000.example", "d001.example", "d002.example"};
    check_names(&worst, names, most);
    assert_int_equal(1000, worst.broken);
    worst_free(&worst);
  }
}

static void test_causes_are_the_errors(void **state) {
  (void)state;
  struct worst worst = {.most = 1};
  struct finding last = {.code = FOUND_MX_MISMATCH, .detail = SPAN("mail.example")};
  struct finding note = {.next = &last, .code = FOUND_TLSRPT_ABSENT};
  struct finding first = {.next = &note, .code = FOUND_POLICY_TLS_EXPIRED};
  struct result result = made("a.example", STATUS_BROKEN, EFFECT_OPPORTUNISTIC, 0, 100);
  result.findings = &first;
  take(&worst, result, true);
  worst_end(&worst);
  assert_int_equal(2, worst.domains[0].cause_count);
  assert_int_equal(FOUND_POLICY_TLS_EXPIRED, worst.domains[0].causes[0].code);
  assert_null(worst.domains[0].causes[0].detail);
  assert_string_equal("mail.example", worst.domains[0].causes[1].detail);
  worst_free(&worst);
}

static void test_causes_have_limits(void **state) {
  (void)state;
  struct worst worst = {.most = 1};
  struct finding findings[WORST_CAUSES_MAX + 1] = {0};
  char detail[WORST_DETAIL_MAX + 1];
  memset(detail, 'x', sizeof detail);
  for (int i = 0; i <= WORST_CAUSES_MAX; i++)
    findings[i] = (struct finding){.next = i < WORST_CAUSES_MAX ? &findings[i + 1] : NULL,
                                   .code = FOUND_MX_MISMATCH,
                                   .detail = {detail, sizeof detail}};
  struct result result = made("a.example", STATUS_BROKEN, EFFECT_AT_RISK, 0, 100);
  result.findings = findings;
  take(&worst, result, true);
  assert_int_equal(WORST_CAUSES_MAX, worst.domains[0].cause_count);
  assert_int_equal(WORST_DETAIL_MAX, strlen(worst.domains[0].causes[0].detail));
  worst_free(&worst);
}

/* Earlier records by their times: b broken, v valid; what the domain is broken since. */
static void check_since(const char *states, int64_t since, bool before) {
  struct worst worst = {.most = 2};
  broken(&worst, "other.example", EFFECT_UNDELIVERABLE, 0);
  broken(&worst, "a.example", EFFECT_AT_RISK, 0);
  for (int i = (int)strlen(states); i-- > 0;) /* in no order of time */
    take(&worst,
         made("a.example", states[i] == 'b' ? STATUS_BROKEN : STATUS_VALID,
              states[i] == 'b' ? EFFECT_AT_RISK : EFFECT_ENFORCED, 0, 10 * (i + 1)),
         false);
  worst_end(&worst);
  assert_int_equal(since, worst.domains[1].since);
  assert_int_equal(before, worst.domains[1].before);
  worst_free(&worst);
}

static void test_since(void **state) {
  (void)state;
  check_since("", 100, true);
  check_since("b", 10, true);
  check_since("bbb", 10, true);
  check_since("v", 100, false);
  check_since("vb", 20, false);
  check_since("bvbb", 30, false);
  check_since("bbbv", 100, false);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_those_that_lose_mail_come_first),
      cmocka_unit_test(test_most),
      cmocka_unit_test(test_causes_are_the_errors),
      cmocka_unit_test(test_causes_have_limits),
      cmocka_unit_test(test_since),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
