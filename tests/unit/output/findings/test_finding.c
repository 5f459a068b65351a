/* The table's names: codes that are unique and well formed, and lead back to where they stand. */
#include "output/findings/finding.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Words of letters, one hyphen between two. */
static bool name_is_well_formed(const char *name) {
  size_t len = strlen(name);
  return len > 0 && strspn(name, "abcdefghijklmnopqrstuvwxyz-") == len && name[0] != '-' &&
         name[len - 1] != '-' && !strstr(name, "--");
}

/* A code begins with its stage; but what is wrong with a policy's text or with its addresses is
 * named for the policy alone. */
static struct span name_prefix(enum finding_stage stage) {
  switch (stage) {
  case STAGE_POLICY_SYNTAX: return SPAN("policy");
  case STAGE_POLICY_DNS: return SPAN("policy-");
  case STAGE_MX_TLS: return SPAN("mx-");
  default: return span_of(finding_stage_text(stage));
  }
}

static void test_names_are_well_formed(void **state) {
  (void)state;
  for (enum finding_code code = 0; code < FOUND_COUNT; code++) {
    const struct finding_info *info = finding_info(code);
    struct span name = span_of(info->name);
    if (!name_is_well_formed(info->name)) fail_msg("%s", info->name);
    if (!span_starts(name, name_prefix(info->stage)) && code != FOUND_POLICY_MX_UNUSED)
      fail_msg("%s in stage %s", info->name, finding_stage_text(info->stage));
  }
}

static void test_names_lead_back(void **state) {
  (void)state;
  for (enum finding_code code = 0; code < FOUND_COUNT; code++) {
    struct span name = span_of(finding_info(code)->name);
    assert_int_equal(code, finding_by_name(name));
    assert_int_not_equal(code, finding_by_name(span_first(name, name.len - 1)));
  }
  assert_int_equal(FOUND_COUNT, finding_by_name(SPAN("")));
  assert_int_equal(FOUND_COUNT, finding_by_name(SPAN("RECORD-ABSENT")));
  assert_int_equal(FOUND_COUNT, finding_by_name(SPAN("record-absent ")));
}

static void test_what_scripts_rely_on(void **state) {
  static const struct {
    enum finding_code code;
    const char *name;
    enum finding_severity severity;
    enum finding_stage stage;
  } rows[] = {
      {FOUND_RECORD_ABSENT, "record-absent", FINDING_INFO, STAGE_RECORD},
      {FOUND_RECORD_DUPLICATE_FIELD, "record-duplicate-field", FINDING_WARNING, STAGE_RECORD},
      {FOUND_POLICY_ADDRESS_NOT_PUBLIC, "policy-address-not-public", FINDING_ERROR,
       STAGE_POLICY_DNS},
      {FOUND_POLICY_TLS_EXPIRED, "policy-tls-expired", FINDING_ERROR, STAGE_POLICY_TLS},
      {FOUND_POLICY_HTTP_CONTENT_TYPE, "policy-http-content-type", FINDING_WARNING,
       STAGE_POLICY_HTTP},
      {FOUND_POLICY_HTML, "policy-html", FINDING_INFO, STAGE_POLICY_SYNTAX},
      {FOUND_MX_PARTIAL_MISMATCH, "mx-partial-mismatch", FINDING_ERROR, STAGE_MX},
      {FOUND_POLICY_MX_UNUSED, "policy-mx-unused", FINDING_INFO, STAGE_MX},
      {FOUND_MX_TLS_NO_STARTTLS, "mx-tls-no-starttls", FINDING_ERROR, STAGE_MX_TLS},
      {FOUND_MX_TLS_TIMEOUT, "mx-tls-timeout", FINDING_WARNING, STAGE_MX_TLS},
      {FOUND_MX_SMTP_SKIPPED, "mx-smtp-skipped", FINDING_INFO, STAGE_MX_TLS},
      {FOUND_MX_HOST_DNS, "mx-host-dns", FINDING_WARNING, STAGE_MX_TLS},
      {FOUND_DANE_MISMATCH, "dane-mismatch", FINDING_WARNING, STAGE_DANE},
      {FOUND_TLSRPT_SYNTAX, "tlsrpt-syntax", FINDING_WARNING, STAGE_TLSRPT},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_string_equal(rows[i].name, finding_info(rows[i].code)->name);
    assert_int_equal(rows[i].severity, finding_info(rows[i].code)->severity);
    assert_int_equal(rows[i].stage, finding_info(rows[i].code)->stage);
  }
}

static void test_texts_of_the_columns(void **state) {
  (void)state;
  assert_string_equal("error", finding_severity_text(FINDING_ERROR));
  assert_string_equal("warning", finding_severity_text(FINDING_WARNING));
  assert_string_equal("info", finding_severity_text(FINDING_INFO));
  assert_string_equal("record", finding_stage_text(STAGE_RECORD));
  assert_string_equal("policy-dns", finding_stage_text(STAGE_POLICY_DNS));
  assert_string_equal("tlsrpt", finding_stage_text(STAGE_TLSRPT));
  assert_null(finding_result_type_text(RESULT_TYPE_NONE));
  assert_string_equal("sts-webpki-invalid", finding_result_type_text(RESULT_TYPE_WEBPKI_INVALID));
  assert_string_equal("validation-failure",
                      finding_result_type_text(RESULT_TYPE_VALIDATION_FAILURE));
  assert_string_equal("starttls-not-supported",
                      finding_result_type_text(RESULT_TYPE_STARTTLS_NOT_SUPPORTED));
  assert_string_equal("certificate-host-mismatch",
                      finding_result_type_text(RESULT_TYPE_HOST_MISMATCH));
  assert_null(finding_class_text(CLASS_NONE));
  assert_string_equal("MTASTS_DNS_ERROR", finding_class_text(CLASS_DNS));
  assert_string_equal("MTASTS_MX_MISMATCH", finding_class_text(CLASS_MX));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_names_are_well_formed),
      cmocka_unit_test(test_names_lead_back),
      cmocka_unit_test(test_what_scripts_rely_on),
      cmocka_unit_test(test_texts_of_the_columns),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
