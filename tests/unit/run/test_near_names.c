/* What the names next to the right one say, when their answers are there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scanner/run/near_names.h"

#define DOMAIN "a.example"
#define RECORD "v=STSv1; id=1;"

static struct near_names near;
static struct dns_record records[NEAR_COUNT];

static int set_up(void **state) {
  (void)state;
  near = (struct near_names){.domain.ascii = SPAN(DOMAIN)};
  for (int i = 0; i < NEAR_COUNT; i++) near.at[i] = (struct lookup){.end = LOOKUP_MALFORMED};
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  near_names_free(&near);
  return 0;
}

static void answer(enum near_name which, const char *name, const char *data) {
  records[which] = (struct dns_record){.data = span_of(data)};
  near.at[which] = (struct lookup){.name = span_of(name),
                                   .end = LOOKUP_ANSWERED,
                                   .answer = {.records = &records[which], .count = 1}};
}

static const struct finding *told(struct result *result, enum finding_code code) {
  assert_int_equal(near_names_tell(&near, result), ERR_NONE);
  const struct finding *found = result->findings;
  while (found && found->code != code) found = found->next;
  return found;
}

static void assert_says(const struct finding *found, const char *part) {
  char text[1024];
  assert_non_null(found);
  snprintf(text, sizeof text, "%.*s", SPAN_ARG(found->detail));
  if (!strstr(text, part)) fail_msg("\"%s\" is not in: %s", part, text);
}

static const struct finding absent = {.code = FOUND_RECORD_ABSENT};

static struct result nothing(void) {
  return (struct result){.domain = SPAN(DOMAIN), .status = STATUS_ABSENT, .findings = &absent};
}

static void test_misplaced(void **state) {
  static const char *const names[] = {DOMAIN, "mta-sts." DOMAIN, "_mta-sts." DOMAIN "." DOMAIN};
  (void)state;
  for (int i = NEAR_DOMAIN; i <= NEAR_DOUBLED; i++) {
    struct result result = nothing();
    set_up(NULL);
    answer((enum near_name)i, names[i], RECORD);
    const struct finding *found = told(&result, FOUND_RECORD_MISPLACED);
    assert_says(found, names[i]);
    assert_true(span_equal(found->host, span_of(names[i])));
    assert_int_equal(result.findings->code, FOUND_RECORD_ABSENT); /* in the order of the table */
    near_names_free(&near);
  }
}

static void test_other_text_is_none(void **state) {
  struct result result = nothing();
  (void)state;
  answer(NEAR_DOMAIN, DOMAIN, "v=spf1 -all");
  assert_null(told(&result, FOUND_RECORD_MISPLACED));
}

/* A TLSRPT record at the name of ours. */
static void test_tlsrpt(void **state) {
  struct span text = SPAN("v=TLSRPTv1; rua=mailto:r@a.example");
  struct result result = nothing();
  (void)state;
  result.record.txt = (struct spans){&text, 1};
  assert_says(told(&result, FOUND_RECORD_MISPLACED), "_smtp._tls." DOMAIN);
}

static void test_a_sound_record_stands(void **state) {
  struct result result = {.domain = SPAN(DOMAIN), .status = STATUS_VALID};
  (void)state;
  answer(NEAR_DOMAIN, DOMAIN, RECORD);
  assert_null(told(&result, FOUND_RECORD_MISPLACED));
  const struct finding fetch = {.code = FOUND_POLICY_HTTP_STATUS};
  result.status = STATUS_BROKEN;
  result.findings = &fetch;
  assert_null(told(&result, FOUND_RECORD_MISPLACED));
  const struct finding record = {.code = FOUND_RECORD_SYNTAX};
  result.findings = &record;
  assert_non_null(told(&result, FOUND_RECORD_MISPLACED));
}

static void test_policy_host_without_a_record(void **state) {
  struct result result = nothing();
  (void)state;
  assert_int_equal(told(&result, FOUND_RECORD_ABSENT)->detail.len, 0);
  answer(NEAR_ADDRESS, "mta-sts." DOMAIN, "\xc0");
  result = nothing();
  assert_says(told(&result, FOUND_RECORD_ABSENT), "mta-sts." DOMAIN " has an address");
}

static void test_the_policy_host_itself(void **state) {
  struct result result = nothing();
  (void)state;
  near.domain.ascii = result.domain = SPAN("mta-sts." DOMAIN);
  assert_says(told(&result, FOUND_RECORD_ABSENT), "stscan check " DOMAIN);
  result = nothing();
  near.domain.ascii = result.domain = SPAN("_mta-sts." DOMAIN);
  assert_says(told(&result, FOUND_RECORD_ABSENT), "stscan check " DOMAIN);
}

static void test_nothing_is_told_of(void **state) {
  struct result result = nothing();
  (void)state;
  answer(NEAR_DOMAIN, DOMAIN, RECORD);
  result.status = STATUS_BLOCKED;
  assert_null(told(&result, FOUND_RECORD_MISPLACED));
  result = nothing();
  result.domain = SPAN("b.example");
  assert_null(told(&result, FOUND_RECORD_MISPLACED));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(test_misplaced),
      TEST(test_other_text_is_none),
      TEST(test_tlsrpt),
      TEST(test_a_sound_record_stands),
      TEST(test_policy_host_without_a_record),
      TEST(test_the_policy_host_itself),
      TEST(test_nothing_is_told_of),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
