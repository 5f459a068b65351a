/* The reasons of findings: which words each cause gets, all causes of one value at once, and in
 * spite of which most senders go on. */
#include "output/findings/reason.h"

#include "judged.h"
#include "scanner/sts/body.h"
#include "scanner/sts/policy.h"
#include "scanner/sts/record.h"
#include "scanner/sts/tlsrpt.h"

#define HEAD  "version: STSv1\n"
#define MX    "mx: mail.example.com\n"
#define AGE   "max_age: 604800\n"
#define SOUND HEAD "mode: enforce\n" MX AGE
#define BOM   "\xef\xbb\xbf"
#define ZWSP  "\xe2\x80\x8b"

/* All words of a finding's set, in the order of the table. */
static const char *words(const struct finding *finding, char *out, size_t size) {
  size_t len = 0;
  out[0] = '\0';
  for (unsigned i = 0; i < reason_count(finding->code); i++)
    if (finding->reasons >> i & 1)
      len += (size_t)snprintf(out + len, size - len, "%s%s", len ? " " : "",
                              reason_info(reason_first(finding->code) + i)->word);
  return out;
}

static void assert_reasons(const struct judged *judged, enum finding_code code,
                           const char *expected, bool lenient, const char *input) {
  const struct finding *finding = judged_find(judged, code);
  char got[512];
  if (!finding) print_error("no %s: %s\n", finding_info(code)->name, input);
  assert_non_null(finding);
  if (strcmp(words(finding, got, sizeof got), expected) != 0) print_error("input: %s\n", input);
  assert_string_equal(got, expected);
  if (finding->lenient != lenient) print_error("leniency of: %s\n", input);
  assert_int_equal(finding->lenient, lenient);
}

static void assert_policy(struct span text, enum finding_code code, const char *expected,
                          bool lenient) {
  struct judged judged;
  struct result_policy policy = {0};
  judged_begin(&judged);
  policy_parse(text, &judged.findings, &policy);
  assert_reasons(&judged, code, expected, lenient, text.ptr);
  judged_end(&judged);
}

/* One finding, and none about fields. */
static void names_what_is_no_text_of_fields(void **state) {
  const struct {
    struct span text;
    const char *word;
    unsigned line;
  } vectors[] = {
      {SPAN("\xff\xfev\0e\0r\0s\0i\0o\0n\0:\0"), "utf-16", 1},
      {SPAN("\xfe\xff\0v\0e\0r\0s\0i\0o\0n"), "utf-16", 1},
      {SPAN("v\0e\0r\0s\0i\0o\0n\0:\0 \0S\0T\0S\0"), "utf-16", 1},
      {SPAN("v\0\0\0e\0\0\0r\0\0\0"), "utf-16", 1},
      {SPAN("\x1f\x8b\x08\0\0\0\0\0\0\x03"), "compressed", 1},
      {SPAN("PK\x03\x04\x14\0"), "compressed", 1},
      {SPAN("\x28\xb5\x2f\xfd$a"), "compressed", 1},
      {SPAN("\x78\x9c\x2b\x4b"), "compressed", 1},
      {SPAN("\x8b\x1a\x80\x01\x02\x03\x04\x05 abc\x10"), "binary", 1},
      {SPAN("<br />\n<b>Warning</b>: Undefined\n" SOUND), "script-message", 1},
      {SPAN("<br /><b>Warning</b>: x <br />" SOUND), "script-message", 1},
      {SPAN("PHP Warning:  Module already loaded in Unknown on line 0\n" SOUND), "script-message",
       1},
      {SPAN("Traceback (most recent call last)\n" SOUND), "script-message", 1},
      {SPAN("<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code></Error>"), "xml", 1},
      {SPAN("{\"error\":\"Not Found\"}"), "json", 1},
      {SPAN("{\"version\": \"STSv1\",\n \"mode\": \"enforce\"}\n"), "json", 1},
      {SPAN("[{\"version\":\"STSv1\"}]"), "json", 1},
      {SPAN("\"version: STSv1\\nmode: enforce\\nmx: a.example\\n\""), "json", 1},
      {SPAN(BOM "{\"a\":1}"), "json", 1},
      {SPAN("{\\rtf1\\ansi version: STSv1}"), "rtf", 1},
      {SPAN("v=STSv1; id=20240101;"), "txt-record", 1},
      {SPAN("_mta-sts.example.com. IN TXT \"v=STSv1; id=1;\"\n"), "txt-record", 1},
      {SPAN("dmVyc2lvbjogU1RTdjEKbW9kZTogZW5mb3JjZQo="), "base64", 1},
      {SPAN("version%3A%20STSv1%0Amode%3A%20none"), "percent-encoded", 1},
      {SPAN("version: STSv1\\nmode: enforce\\nmx: a.example\\nmax_age: 86400"), "escaped-line-ends",
       1},
      {SPAN("version: STSv1\\r\\nmode: enforce\\r\\n"), "escaped-line-ends", 1},
      {SPAN("version: STSv1; mode: enforce; mx: a.example; max_age: 86400"), "one-line", 1},
      {SPAN("version: STSv1 mode: enforce mx: a.example max_age: 86400\n"), "one-line", 1},
      {SPAN("version: STSv1, mode: none, max_age: 1"), "one-line", 1},
      {SPAN("version: STSv1<br>mode: enforce<br>mx: a.example<br>max_age: 1"), "one-line", 1},
      {SPAN(HEAD "mode: enforce; max_age: 86400\n" MX), "one-line", 2},
      {SPAN("version: STSv1\r\r\nmode: none\r\r\nmax_age: 86400\r\r\n"), "cr-cr-lf", 1},
      {SPAN("version: STSv1<br>\nmode: none<br>\nmax_age: 86400<br>\n"), "markup", 1},
      {SPAN("version=STSv1\nmode=enforce\nmx=a.example\nmax_age=86400\n"), "equals-sign", 1},
      {SPAN("\"version: STSv1\"\n\"mode: none\"\n\"max_age: 86400\"\n"), "quoted", 1},
      {SPAN("\"version: STSv1\nmode: none\nmax_age: 86400\"\n"), "quoted", 1},
      {SPAN("version: STSv1\n\rmode: none\n\rmax_age: 86400\n\r"), "lf-cr", 1},
      {SPAN("garbage"), "no-fields", 1},
      {SPAN("Not Found\n"), "no-fields", 1},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    struct judged judged;
    struct result_policy policy = {0};
    judged_begin(&judged);
    policy_parse(vectors[i].text, &judged.findings, &policy);
    assert_codes(&judged, "policy-syntax", vectors[i].text.ptr);
    assert_reasons(&judged, FOUND_POLICY_SYNTAX, vectors[i].word, false, vectors[i].text.ptr);
    assert_int_equal(judged.findings.first->line, vectors[i].line);
    judged_end(&judged);
  }
}

/* What looks like one of them and is a text of fields. */
static void leaves_texts_of_fields_alone(void **state) {
  static const char *const texts[] = {
      SOUND,
      SOUND "note: mode: none; max_age: 1\n",
      SOUND "Warning: nothing on line 3\n",
      HEAD "mode: enforce # then mode: none\n" MX AGE,
      HEAD "mode: testing // mx: later\n" MX AGE,
      "mx: mode.example.com\n" HEAD "mode: none\n" AGE,
      "mode none\n" HEAD MX AGE,
      SOUND "x: \"a\"\n",
      HEAD "mode: none\n" AGE "max_age: 1<br>\n",
      "json: {\"a\":1}\n" SOUND,
  };
  (void)state;
  for (size_t i = 0; i < COUNT(texts); i++) {
    struct body_kind kind = body_kind(span_of(texts[i]));
    if (kind.reason) print_error("%s: %s\n", reason_info(kind.reason)->word, texts[i]);
    assert_int_equal(kind.reason, REASON_NONE);
  }
}

static const struct {
  const char *value, *words;
} pattern_vectors[] = {
    {"", "empty"},
    {".", "null-mx"},
    {"mx2.example.com   # one for each", "comment"},
    {"mx2.example.com # one for each.", "comment"},
    {"mx2.example.com.   # one for each", "comment trailing-dot"},
    {"mx2.example.com // main", "comment"},
    {"mx2.example.com (main)", "comment"},
    {"mx2.example.com ; main", "comment"},
    {"10 mail.example.com.", "preference blank trailing-dot"},
    {"10\tmail.example.com", "preference blank"},
    {"a.example.com, b.example.com.", "list blank trailing-dot"},
    {"a.example.com,b.example.com", "list"},
    {"a.example.com;b.example.com", "list"},
    {"a.example.com b.example.com", "list blank"},
    {"mail.example.com;", "semicolon"},
    {"mail.example.com" ZWSP, "invisible-character"},
    {"mail.example.com." ZWSP, "invisible-character trailing-dot"},
    {"mail\xc2\xad.example.com", "invisible-character"},
    {"mail.example.com\xc2\xa0", "invisible-character"},
    {"\"mail.example.com\"", "quoted"},
    {"\"mail.example.com.\"", "quoted trailing-dot"},
    {"\xe2\x80\x9cmail.example.com\xe2\x80\x9d", "quoted"},
    {"'mail.example.com'", "quoted"},
    {"https://mail.example.com/", "url"},
    {"smtp://mail.example.com", "url"},
    {"mail.example.com/", "path"},
    {"mail.example.com:25", "port"},
    {"[192.0.2.1]", "address-in-brackets"},
    {"2001:db8::1", "ipv6-address"},
    {"postmaster@example.com", "e-mail-address"},
    {"*", "wildcard-alone"},
    {"*.", "wildcard-alone"},
    {"mx*.example.com", "wildcard"},
    {"*.*.example.com", "wildcard"},
    {"mail.*.example.com", "wildcard"},
    {"*example.com", "wildcard"},
    {".example.com", "leading-dot"},
    {"mail.example.com.", "trailing-dot"},
    {"*.example.com.", "trailing-dot"},
    {"mail..example.com", "empty-label"},
    {"m\xc3\xb8x.example", "not-a-labels"},
    {"under_score.example", "underscore"},
    {"-a.example", "hyphen"},
    {A33 A32 ".example", "too-long"},
    {"mx: mail.example.com", "field-name"},
    {"<yourdomain>", "placeholder"},
    {"mail.<yourdomain>", "placeholder"},
    {"{{ mx_host }}", "placeholder list blank underscore"},
    {"YOUR MX HOST HERE", "list blank"},
    {"mail.your_domain.com", "placeholder underscore"},
    {"mail.example.com\\", "backslash"},
    {"mail!example", "no-host-name"},
};

static void names_all_causes_of_a_pattern(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(pattern_vectors); i++) {
    char alone[512], beside[512];
    snprintf(alone, sizeof alone, HEAD "mode: enforce\nmx: %s\n" AGE, pattern_vectors[i].value);
    snprintf(beside, sizeof beside, SOUND "mx: %s\n", pattern_vectors[i].value);
    assert_policy(span_of(beside), FOUND_POLICY_MX_INVALID, pattern_vectors[i].words, true);
    assert_policy(span_of(alone), FOUND_POLICY_MX_INVALID, pattern_vectors[i].words, false);
  }
}

static const struct {
  const char *text;
  enum finding_code code;
  const char *words;
  bool lenient;
} value_vectors[] = {
    {HEAD "mode: enforce\n" MX "max_age: 604800   # 4. one week\n", FOUND_POLICY_MAX_AGE, "comment",
     false},
    {HEAD "max_age: -1", FOUND_POLICY_MAX_AGE, "sign", false},
    {HEAD "max_age: 604 800", FOUND_POLICY_MAX_AGE, "blank", false},
    {HEAD "max_age: 604,800", FOUND_POLICY_MAX_AGE, "separator", false},
    {HEAD "max_age: 86_400", FOUND_POLICY_MAX_AGE, "separator", false},
    {HEAD "max_age: 86400.5", FOUND_POLICY_MAX_AGE, "separator", false},
    {HEAD "max_age: 7d", FOUND_POLICY_MAX_AGE, "unit", false},
    {HEAD "max_age: 1 week # or so", FOUND_POLICY_MAX_AGE, "comment unit blank", false},
    {HEAD "max_age: \"604800\"", FOUND_POLICY_MAX_AGE, "quoted", false},
    {HEAD "max_age: 604800;", FOUND_POLICY_MAX_AGE, "semicolon", false},
    {HEAD "max_age: 604800" ZWSP, FOUND_POLICY_MAX_AGE, "invisible-character", false},
    {HEAD "max_age: 01234567890", FOUND_POLICY_MAX_AGE, "too-long", false},
    {HEAD "max_age:", FOUND_POLICY_MAX_AGE, "empty", false},
    {HEAD "max_age: week", FOUND_POLICY_MAX_AGE, "no-number", false},
    {HEAD "max_age: <seconds>", FOUND_POLICY_MAX_AGE, "placeholder", false},
    {HEAD "mode: none\n", FOUND_POLICY_MAX_AGE, "missing", false},
    {HEAD "mode: none\nmax_age: 31557601", FOUND_POLICY_MAX_AGE, "too-large", true},
    {HEAD "mode: Enforce", FOUND_POLICY_MODE, "case", false},
    {HEAD "mode: ENFORCE # now", FOUND_POLICY_MODE, "comment case", false},
    {HEAD "mode: [enforce|testing|none]", FOUND_POLICY_MODE, "placeholder list", false},
    {HEAD "mode: enforce|testing", FOUND_POLICY_MODE, "list", false},
    {HEAD "mode: enforced", FOUND_POLICY_MODE, "other-mode", false},
    {HEAD "mode: mode: enforce", FOUND_POLICY_MODE, "field-name", false},
    {HEAD, FOUND_POLICY_MODE, "missing", false},
    {"mode: none\n" AGE, FOUND_POLICY_VERSION, "missing", false},
    {"version: STSv2\n", FOUND_POLICY_VERSION, "other-version", false},
    {"version: stsv1\n", FOUND_POLICY_VERSION, "case", false},
    {"version: \"STSv1\"\n", FOUND_POLICY_VERSION, "quoted", false},
    {"version:\n", FOUND_POLICY_VERSION, "empty", false},
    /* the text */
    {SOUND "\n", FOUND_POLICY_SYNTAX, "blank-line", true},
    {SOUND "\r\n", FOUND_POLICY_SYNTAX, "blank-line", true},
    {"\n" SOUND, FOUND_POLICY_SYNTAX, "blank-line", true},
    {"  version: STSv1\n  mode: none\n  max_age: 1\n", FOUND_POLICY_SYNTAX, "leading-blank", true},
    {HEAD "mode : none\n" AGE, FOUND_POLICY_SYNTAX, "blank-before-colon", true},
    {HEAD " mode : none\n\n" AGE, FOUND_POLICY_SYNTAX,
     "blank-line leading-blank blank-before-colon", true},
    {SOUND "\nnote\n", FOUND_POLICY_SYNTAX, "blank-line no-colon", false},
    {HEAD "mode: none\nmax_age: 86400\r", FOUND_POLICY_SYNTAX, "final-cr", true},
    {"version: STSv1\r\nmode: none\r\nmax_age: 86400\r", FOUND_POLICY_SYNTAX, "final-cr", true},
    {BOM SOUND, FOUND_POLICY_SYNTAX, "bom", false},
    {"version: STSv1\rmode: none\rmax_age: 1\r", FOUND_POLICY_SYNTAX, "cr-only", false},
    {SOUND "# end\n", FOUND_POLICY_SYNTAX, "comment", false},
    {SOUND "// end\n", FOUND_POLICY_SYNTAX, "comment", false},
    {SOUND "<!-- cached -->\n", FOUND_POLICY_SYNTAX, "markup", false},
    {SOUND "note\n", FOUND_POLICY_SYNTAX, "no-colon", false},
    {SOUND "mode=none\n", FOUND_POLICY_SYNTAX, "equals-sign", false},
    {SOUND "note: \x01\n", FOUND_POLICY_SYNTAX, "control-character value", false},
    {SOUND "m" ZWSP "x: a\n", FOUND_POLICY_SYNTAX, "invisible-character", false},
    {SOUND "_x: a\n", FOUND_POLICY_SYNTAX, "name", false},
    {SOUND "x:\n", FOUND_POLICY_SYNTAX, "empty", false},
    {SOUND "x: \xff\n", FOUND_POLICY_SYNTAX, "not-utf-8", false},
    {"<html></html>", FOUND_POLICY_SYNTAX, "html", false},
};

static void names_all_causes_of_other_values(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(value_vectors); i++)
    assert_policy(span_of(value_vectors[i].text), value_vectors[i].code, value_vectors[i].words,
                  value_vectors[i].lenient);
}

static void tells_the_line_of_a_last_carriage_return(void **state) {
  struct judged judged;
  struct result_policy policy = {0};
  (void)state;
  judged_begin(&judged);
  policy_parse(SPAN(HEAD "mode: none\r\nmax_age: 86400\r"), &judged.findings, &policy);
  assert_codes(&judged, "policy-syntax", "final CR");
  assert_span(judged.findings.first->detail,
              "line 3: a carriage return without a line feed at the end");
  assert_int_equal(policy.max_age, 86400);
  judged_end(&judged);
}

static void names_the_causes_in_records(void **state) {
  static const struct {
    const char *text;
    enum finding_code code;
    const char *words;
    bool lenient;
  } vectors[] = {
      {"\"v=STSv1; id=1;\"", FOUND_RECORD_VERSION, "quoted", false},
      {"v=STSv1\\; id=1", FOUND_RECORD_VERSION, "backslash", false},
      {BOM "v=STSv1; id=1", FOUND_RECORD_VERSION, "invisible-character", false},
      {" v=STSv1; id=1", FOUND_RECORD_VERSION, "leading-blank", false},
      {" v=stsv1 id=1", FOUND_RECORD_VERSION, "leading-blank case", false},
      {"V=STSv1; id=1", FOUND_RECORD_VERSION, "case", false},
      {"v=STSv2; id=1", FOUND_RECORD_VERSION, "other-version", false},
      {"v=STSv10; id=1", FOUND_RECORD_VERSION, "other-version", false},
      {"v=STSv1 id=1", FOUND_RECORD_VERSION, "no-semicolon", false},
      {"v=STSv1, id=1", FOUND_RECORD_VERSION, "no-semicolon", false},
      {"v = STSv1; id=1", FOUND_RECORD_VERSION, "blank", false},
      {"id=1; v=STSv1;", FOUND_RECORD_VERSION, "order", false},
      {"v=spf1 -allv=STSv1; id=1", FOUND_RECORD_VERSION, "joined", false},
      {"v=STSv1", FOUND_RECORD_ID_MISSING, "bare", false},
      {"v=STSv1;", FOUND_RECORD_ID_MISSING, "bare", false},
      {"v=STSv1; ID=1", FOUND_RECORD_ID_MISSING, "case", false},
      {"v=STSv1; more=1", FOUND_RECORD_ID_MISSING, "missing", false},
      {"v=STSv1; id=", FOUND_RECORD_ID_INVALID, "empty", false},
      {"v=STSv1; id=1v=STSv1; id=2", FOUND_RECORD_ID_INVALID, "joined", false},
      {"v=STSv1; id=2026-04-08", FOUND_RECORD_ID_INVALID, "character", true},
      {"v=STSv1; id=" A33, FOUND_RECORD_ID_INVALID, "too-long", true},
      {"v=STSv1; id=1, more=2", FOUND_RECORD_ID_INVALID, "list blank", false},
      {"v=STSv1; id=\"1\"", FOUND_RECORD_ID_INVALID, "quoted", false},
      {"v=STSv1; id=<id>", FOUND_RECORD_ID_INVALID, "placeholder", false},
      {"v=STSv1; id=1" ZWSP, FOUND_RECORD_ID_INVALID, "invisible-character", false},
      {"v=STSv1; id=1; _a=b", FOUND_RECORD_EXTENSION_INVALID, "name", false},
      {"v=STSv1; id=1; " A33 "=b", FOUND_RECORD_EXTENSION_INVALID, "too-long", false},
      {"v=STSv1; id=1; a=", FOUND_RECORD_EXTENSION_INVALID, "empty", false},
      {"v=STSv1; id=1; a=b c", FOUND_RECORD_EXTENSION_INVALID, "blank", false},
      {"v=STSv1; id=1; a=b=c", FOUND_RECORD_EXTENSION_INVALID, "equals-sign", false},
      {"v=STSv1; id=1;;", FOUND_RECORD_SYNTAX, "empty-field", false},
      {"v=STSv1; id=1; # x", FOUND_RECORD_SYNTAX, "comment", false},
      {"v=STSv1; id=1; x", FOUND_RECORD_SYNTAX, "no-equals-sign", false},
      {"v=STSv1; id=1 ", FOUND_RECORD_SYNTAX, "trailing-blank", false},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    struct judged judged;
    struct span text = span_of(vectors[i].text), id;
    judged_begin(&judged);
    record_judge((struct spans){&text, 1}, &judged.findings, &id);
    assert_reasons(&judged, vectors[i].code, vectors[i].words, vectors[i].lenient, vectors[i].text);
    judged_end(&judged);
  }
}

static void names_the_causes_in_reports(void **state) {
  static const struct {
    const char *text, *words;
  } vectors[] = {
      {"v=TLSRPTv1; rua=postmaster@example.com", "no-scheme"},
      {"v=TLSRPTv1; rua=http://example.com/", "scheme"},
      {"v=TLSRPTv1; rua=mailto:", "address"},
      {"v=TLSRPTv1; rua=mailto:<address>", "placeholder character"},
      {"v=TLSRPTv1; rua= mailto:a@example.com", "blank"},
      {"v=TLSRPTv1;", "missing"},
      {"v=tlsrptv1; rua=mailto:a@example.com", "version"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    struct judged judged;
    struct span text = span_of(vectors[i].text);
    struct result_tlsrpt tlsrpt = {.txt = {&text, 1}};
    judged_begin(&judged);
    tlsrpt_judge(&tlsrpt, &judged.findings);
    assert_reasons(&judged, FOUND_TLSRPT_SYNTAX, vectors[i].words, false, vectors[i].text);
    judged_end(&judged);
  }
}

/* What is looked at of one value; what is more is cut off, and costs nothing. */
static void looks_at_so_much_of_a_value(void **state) {
  static char value[REASONS_TEXT_MAX + 2];
  (void)state;
  for (size_t at = REASONS_TEXT_MAX - 2; at <= REASONS_TEXT_MAX; at++) {
    struct reasons reasons = {.code = FOUND_POLICY_MX_INVALID};
    memset(value, 'a', sizeof value);
    value[at] = '#';
    reasons_of_value(&reasons, SPAN("mx"), (struct span){value, sizeof value});
    assert_int_equal(reasons_has(&reasons, "comment"), at < REASONS_TEXT_MAX);
  }
}

static void holds_so_many_reasons(void **state) {
  struct reasons reasons = {.code = FOUND_POLICY_MX_INVALID};
  (void)state;
  for (unsigned i = 0; i < reason_count(reasons.code); i++) {
    reasons_add(&reasons, reason_info(reason_first(reasons.code) + i)->word);
    assert_int_equal(reasons.count, i + 1 < REASONS_MAX ? i + 1 : REASONS_MAX);
  }
  reasons = (struct reasons){.code = FOUND_POLICY_MODE};
  reasons_add(&reasons, "trailing-dot"); /* is none of a mode's */
  assert_int_equal(reasons.count, 0);
}

/* The table: rows of a code together, words that lead back, a set that has room for all. */
static void keeps_its_table_sound(void **state) {
  bool met[FOUND_COUNT] = {false};
  (void)state;
  for (enum reason reason = REASON_NONE + 1; reason < REASON_COUNT; reason++) {
    const struct reason_info *info = reason_info(reason);
    bool first = reason == 1 || reason_info(reason - 1)->code != info->code;
    assert_false(first && met[info->code]);
    met[info->code] = true;
    assert_int_equal(reason_by_word(info->code, span_of(info->word)), reason);
    assert_int_equal(strspn(info->word, "abcdefghijklmnopqrstuvwxyz0123456789-_"),
                     strlen(info->word));
    assert_true(info->senders <= REASON_SENDERS);
    assert_true(reason_count(info->code) <= REASON_SET_MAX);
    assert_true(reason_bit(reason) != 0);
  }
  assert_int_equal(reason_by_word(FOUND_POLICY_MODE, SPAN("trailing-dot")), REASON_NONE);
  assert_int_equal(reason_first(FOUND_RECORD_ABSENT), REASON_NONE);
  assert_int_equal(reason_count(FOUND_RECORD_ABSENT), 0);
  assert_false(reason_is_lenient(REASON_NONE));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_what_is_no_text_of_fields),
      cmocka_unit_test(leaves_texts_of_fields_alone),
      cmocka_unit_test(names_all_causes_of_a_pattern),
      cmocka_unit_test(names_all_causes_of_other_values),
      cmocka_unit_test(tells_the_line_of_a_last_carriage_return),
      cmocka_unit_test(names_the_causes_in_records),
      cmocka_unit_test(names_the_causes_in_reports),
      cmocka_unit_test(looks_at_so_much_of_a_value),
      cmocka_unit_test(holds_so_many_reasons),
      cmocka_unit_test(keeps_its_table_sound),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
