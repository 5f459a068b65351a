/* What a browser hides: a sentence for each, and none for anything else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "output/findings/reason.h"
#include "scanner/cli/browser.h"

static const struct row {
  enum finding_code code;
  enum reason reason;
  const char *part; /* of the sentence; NULL: there is none */
} rows[] = {
    {FOUND_POLICY_TLS_UNTRUSTED, REASON_NONE, "intermediate certificates"},
    {FOUND_POLICY_HTTP_REDIRECT, REASON_NONE, "follow redirects"},
    {FOUND_POLICY_HTTP_STATUS, REASON_POLICY_HTTP_STATUS_CHALLENGE, "challenge"},
    {FOUND_POLICY_HTTP_STATUS, REASON_POLICY_HTTP_STATUS_MISSING, NULL},
    {FOUND_POLICY_HTTP_ENCODING, REASON_NONE, "compressed"},
    {FOUND_POLICY_TLS_EXPIRED, REASON_NONE, NULL},
    {FOUND_POLICY_HTTP_TIMEOUT, REASON_NONE, NULL},
};

static void check(const struct result *result, const char *part) {
  const char *sentence = browser_sentence(result);
  if (!part) {
    assert_null(sentence);
  } else {
    assert_non_null(sentence);
    assert_non_null(strstr(sentence, part));
  }
}

static struct finding found(enum finding_code code, enum reason reason) {
  return (struct finding){.code = code, .reason = reason, .reasons = reason_bit(reason)};
}

static void test_rows(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct finding finding = found(rows[i].code, rows[i].reason);
    check(&(struct result){.findings = &finding}, rows[i].part);
  }
  check(&(struct result){0}, NULL);
}

/* Of a text that is no policy, only what a browser shows as one. */
static void test_syntax(void **state) {
  static const char *const words[] = {"compressed", "utf-16", "json"};
  static const char *const parts[] = {"compressed", "UTF-16", NULL};
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    enum reason reason = reason_by_word(FOUND_POLICY_SYNTAX, span_of(words[i]));
    assert_int_not_equal(reason, REASON_NONE);
    struct finding finding = found(FOUND_POLICY_SYNTAX, reason);
    check(&(struct result){.findings = &finding}, parts[i]);
  }
}

/* The first that a browser hides, whatever stands before it. */
static void test_the_first(void **state) {
  struct finding second = found(FOUND_POLICY_HTTP_REDIRECT, REASON_NONE);
  struct finding first = found(FOUND_POLICY_TLS_EXPIRED, REASON_NONE);
  (void)state;
  first.next = &second;
  check(&(struct result){.findings = &first}, "follow redirects");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_syntax),
      cmocka_unit_test(test_the_first),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
