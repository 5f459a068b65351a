#include "scanner/sts/policy.h"

#include "judged.h"

#define HEAD    "version: STSv1\n"
#define ENFORCE HEAD "mode: enforce\n"
#define AGE     "max_age: 604800\n"
#define MX      "mx: mail.example.com\n"
#define SOUND   ENFORCE MX AGE
#define BOM     "\xef\xbb\xbf"

/* What a policy says, as one line: "mode max_age mx,mx". */
static const char *summary(const struct result_policy *policy, char *out, size_t size) {
  const char *mode = policy->mode == MODE_COUNT ? "-" : result_mode_text(policy->mode);
  int len = snprintf(out, size, "%s ", mode);
  if (policy->has_max_age)
    len += snprintf(out + len, size - (size_t)len, "%llu", (unsigned long long)policy->max_age);
  else
    len += snprintf(out + len, size - (size_t)len, "-");
  for (size_t i = 0; i < policy->mx.count; i++)
    len += snprintf(out + len, size - (size_t)len, "%s%.*s", i ? "," : " ",
                    SPAN_ARG(policy->mx.at[i]));
  return out;
}

struct vector {
  const char *text;
  const char *says;
  const char *codes;
};

static void assert_vectors(const struct vector *vectors, size_t count) {
  for (size_t i = 0; i < count; i++) {
    struct judged judged;
    struct result_policy policy = {0};
    char says[512];
    judged_begin(&judged);
    policy_parse(span_of(vectors[i].text), &judged.findings, &policy);
    assert_codes(&judged, vectors[i].codes, vectors[i].text);
    if (strcmp(summary(&policy, says, sizeof says), vectors[i].says) != 0)
      print_error("input: %s\n", vectors[i].text);
    assert_string_equal(says, vectors[i].says);
    judged_end(&judged);
  }
}

static void accepts_sound_policies(void **state) {
  static const struct vector vectors[] = {
      {SOUND, "enforce 604800 mail.example.com", ""},
      {"version: STSv1\nmode: testing\nmx: mx1.example.com\nmx: mx2.example.com\n"
       "mx: mx.backup-example.com\nmax_age: 1296000\n",
       "testing 1296000 mx1.example.com,mx2.example.com,mx.backup-example.com", ""},
      /* LF, CRLF and both; blanks and tabs behind a value; no end of the last line */
      {"version:STSv1\r\nmode:\tenforce\r\nmx:  \t\t *.example.com\nmax_age: 86400",
       "enforce 86400 *.example.com", ""},
      {"version: STSv1 \nmode: enforce\nmx: mail.example.com\r\nmx:\t*.example.net\n"
       "mx: backupmx.example.com\nmax_age: 604800",
       "enforce 604800 mail.example.com,*.example.net,backupmx.example.com", ""},
      {"version: STSv1\r\nmode: enforce \t \r\nmx: a.example \r\nmax_age: 86400\t\r\n",
       "enforce 86400 a.example", ""},
      /* the order is free */
      {AGE MX "mode: enforce\n" HEAD, "enforce 604800 mail.example.com", ""},
      /* mode none needs no mx (section 3.2), though seven implementations refuse that */
      {HEAD "mode: none\nmax_age: 86400", "none 86400", ""},
      {HEAD "mode: none\nmax_age: 86400\nmx: a.example", "none 86400 a.example", ""},
      {ENFORCE MX "max_age: 31557600", "enforce 31557600 mail.example.com", ""},
      {ENFORCE MX "max_age: 0000086400", "enforce 86400 mail.example.com", ""},
      {ENFORCE "mx: MAIL.Example.COM\n" AGE, "enforce 604800 MAIL.Example.COM", ""},
      {ENFORCE "mx: localhost\n" AGE, "enforce 604800 localhost", ""},
      {ENFORCE "mx: *.com\n" AGE, "enforce 604800 *.com", ""},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors));
}

static void tells_what_counts_but_should_be_looked_at(void **state) {
  static const struct vector vectors[] = {
      /* 0 is a non-negative integer: valid, though five implementations refuse it */
      {ENFORCE MX "max_age: 0 \n", "enforce 0 mail.example.com", "policy-max-age-short"},
      {ENFORCE MX "max_age: 86399", "enforce 86399 mail.example.com", "policy-max-age-short"},
      {HEAD "max_age: 8600\nmode:none", "none 8600", "policy-max-age-short"},
      {SOUND "more:ext e  ns ion", "enforce 604800 mail.example.com", "policy-unknown-field"},
      {SOUND "comment: caf\xc3\xa9 au lait\n", "enforce 604800 mail.example.com",
       "policy-unknown-field"},
      {SOUND A32 ": {a}\nx-report: safe\n", "enforce 604800 mail.example.com",
       "policy-unknown-field"},
      {SOUND "badkey: badvalue", "enforce 604800 mail.example.com", "policy-unknown-field"},
      /* section 3.2: the first counts, and later ones are not judged */
      {SOUND "mode: none\n", "enforce 604800 mail.example.com", "policy-duplicate-field"},
      {SOUND "mode: pretend\n", "enforce 604800 mail.example.com", "policy-duplicate-field"},
      {HEAD "mode: none\nmode: enforce\nmax_age: 86400", "none 86400", "policy-duplicate-field"},
      {ENFORCE MX "max_age: 86400\nmax_age: 1\n", "enforce 86400 mail.example.com",
       "policy-duplicate-field"},
      {ENFORCE MX "max_age: 86400\nmax_age: garbage\n", "enforce 86400 mail.example.com",
       "policy-duplicate-field"},
      {SOUND "version: STSv2\n", "enforce 604800 mail.example.com", "policy-duplicate-field"},
      {SOUND "a: 1\na: 2\n", "enforce 604800 mail.example.com",
       "policy-duplicate-field policy-unknown-field"},
      {SOUND "a: 1\na:\n", "enforce 604800 mail.example.com",
       "policy-duplicate-field policy-unknown-field"},
      /* An IPv4 address fits RFC 5321's Domain; two implementations refuse the whole policy. */
      {ENFORCE "mx: mail.pue.de\nmx: *.pue.de\nmx: mout.kundenserver.de\nmx: 212.114.86.56\n"
               "max_age: 15552000",
       "enforce 15552000 mail.pue.de,*.pue.de,mout.kundenserver.de,212.114.86.56",
       "policy-contested"},
      {ENFORCE "mx: 127.0.0.1\nmx: *.1.2.3.4\n" AGE, "enforce 604800 127.0.0.1,*.1.2.3.4",
       "policy-contested"},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors));
}

static void refuses_missing_and_wrong_fields(void **state) {
  static const struct vector vectors[] = {
      {HEAD, "- -", "policy-mode policy-max-age policy-mx-missing"},
      {"max_age: 604800", "- 604800", "policy-version policy-mode policy-mx-missing"},
      {"mode: enforce\n" MX AGE, "enforce 604800 mail.example.com", "policy-version"},
      {"version: STSv2\nmode: enforce\n" MX AGE, "enforce 604800 mail.example.com",
       "policy-version"},
      {"version:STSv10\nmode:none\nmax_age:86400", "none 86400", "policy-version"},
      {"version:STSv0\nmode:none\nmax_age:86400", "none 86400", "policy-version"},
      {"version: stsv1\nmode: none\nmax_age: 86400", "none 86400", "policy-version"},
      {"version:\nmode: none\nmax_age: 86400", "none 86400", "policy-version"},
      {HEAD MX AGE, "- 604800 mail.example.com", "policy-mode"},
      {HEAD "mode: Enforce\n" MX AGE, "- 604800 mail.example.com", "policy-mode"},
      {HEAD "mode: pretend\n" MX AGE, "- 604800 mail.example.com", "policy-mode"},
      {HEAD "mode: enforced\n" MX AGE, "- 604800 mail.example.com", "policy-mode"},
      {HEAD "mode:\n" MX AGE, "- 604800 mail.example.com", "policy-mode"},
      {HEAD "mode: none enforce\n" MX AGE, "- 604800 mail.example.com", "policy-mode"},
      {ENFORCE MX, "enforce - mail.example.com", "policy-max-age"},
      {ENFORCE MX "max_age:", "enforce - mail.example.com", "policy-max-age"},
      {ENFORCE MX "max_age: a", "enforce - mail.example.com", "policy-max-age"},
      {ENFORCE MX "max_age: twenty", "enforce - mail.example.com", "policy-max-age"},
      {ENFORCE MX "max_age: -1", "enforce - mail.example.com", "policy-max-age"},
      {ENFORCE MX "max_age: +86400", "enforce - mail.example.com", "policy-max-age"},
      {ENFORCE MX "max_age: 86400.5", "enforce - mail.example.com", "policy-max-age"},
      {ENFORCE MX "max_age: 86_400", "enforce - mail.example.com", "policy-max-age"},
      {ENFORCE MX "max_age: 1e5", "enforce - mail.example.com", "policy-max-age"},
      {ENFORCE MX "max_age: 100days", "enforce - mail.example.com", "policy-max-age"},
      {ENFORCE MX "max_age: 01234567890", "enforce - mail.example.com", "policy-max-age"},
      {ENFORCE MX "max_age: 99999999999999999999999999", "enforce - mail.example.com",
       "policy-max-age"},
      {ENFORCE MX "max_age: 31557601", "enforce 31557601 mail.example.com", "policy-max-age"},
      {ENFORCE MX "max_age: 99999999", "enforce 99999999 mail.example.com", "policy-max-age"},
      {ENFORCE MX "max_age: 9999999999", "enforce 9999999999 mail.example.com", "policy-max-age"},
      {ENFORCE AGE, "enforce 604800", "policy-mx-missing"},
      {HEAD "mode: testing\n" AGE, "testing 604800", "policy-mx-missing"},
      /* seen live */
      {ENFORCE "nmx: mx0.sc-host.de\n" AGE, "enforce 604800",
       "policy-mx-missing policy-unknown-field"},
      /* names are case-sensitive: another case is an extension */
      {"Version: STSv1\nMode: Enforce\nMX: a.example\nMax_Age: 86400", "- -",
       "policy-version policy-mode policy-max-age policy-mx-missing policy-unknown-field"},
      {"mx: foo.example.com\nmx: bar.example.com\n", "- - foo.example.com,bar.example.com",
       "policy-version policy-mode policy-max-age"},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors));
}

static void refuses_malformed_mx_and_keeps_the_sound(void **state) {
  static const char *const malformed[] = {
      "",
      "*",
      "*.",
      "*.*.example",
      "**.example",
      "**.example-",
      "test.example-",
      "m\xc3\xb8x.example",
      "\xf0\x9f\x8c\x9f.\xf0\x9f\x90\xa2.com", /* an A-label is a MUST, though one test takes it */
      "mail.example.com.",
      ".example.com",
      "service-alpha-inbound-*.mimecast.com",
      "abc.*.com",
      "10 mail.example.com",
      "10\tmail.example.com",
      "mail.example.com:25",
      "a.example, b.example",
      "user@example.com",
      "@@@@",
      "[192.0.2.1]",
      "2001:db8::1",
      "under_score.example",
      "a..example",
      "-a.example",
      A33 A32 ".example",
  };
  (void)state;
  for (size_t i = 0; i < COUNT(malformed); i++) {
    char alone[256], beside[256];
    snprintf(alone, sizeof alone, ENFORCE "mx: %s\n" AGE, malformed[i]);
    snprintf(beside, sizeof beside, ENFORCE "mx: %s\n" MX AGE, malformed[i]);
    /* Only malformed ones are no policy-mx-missing. */
    const struct vector vectors[] = {
        {alone, "enforce 604800", "policy-mx-invalid"},
        {beside, "enforce 604800 mail.example.com", "policy-mx-invalid"},
    };
    assert_vectors(vectors, COUNT(vectors));
  }
}

static void refuses_what_the_grammar_does_not_have(void **state) {
  static const struct vector vectors[] = {
      {"garbage", "- -", "policy-syntax"},
      {SOUND "mode none\n", "enforce 604800 mail.example.com", "policy-syntax"},
      {HEAD "mode none\n" MX AGE, "- 604800 mail.example.com", "policy-mode policy-syntax"},
      {"version: STSv1\n: 8600", "- -",
       "policy-mode policy-max-age policy-mx-missing policy-syntax"},
      /* blank lines */
      {"\n" SOUND, "enforce 604800 mail.example.com", "policy-syntax"},
      {HEAD "\nmode: enforce\n" MX AGE, "enforce 604800 mail.example.com", "policy-syntax"},
      {SOUND "\n", "enforce 604800 mail.example.com", "policy-syntax"},
      {ENFORCE MX "max_age: 604800\r\n\r\n", "enforce 604800 mail.example.com", "policy-syntax"},
      {SOUND "   ", "enforce 604800 mail.example.com", "policy-syntax"},
      /* blanks before the name and before the colon */
      {"  version: STSv1\n  mode: enforce\n  mx: mail.example.com\n  max_age: 604800\n",
       "enforce 604800 mail.example.com", "policy-syntax"},
      {HEAD "mode : enforce\n" MX AGE, "enforce 604800 mail.example.com", "policy-syntax"},
      /* comments, which one implementation joins to the line that follows */
      {"# comment\n" SOUND, "enforce 604800 mail.example.com", "policy-syntax"},
      {SOUND "# mode: none\n", "enforce 604800 mail.example.com", "policy-syntax"},
      {BOM SOUND, "enforce 604800 mail.example.com", "policy-syntax"},
      {"version: STSv1\rmode: enforce\rmx: mail.example.com\rmax_age: 604800\r",
       "enforce 604800 mail.example.com", "policy-syntax"},
      {SOUND "comment: a\rb\n", "enforce 604800 mail.example.com", "policy-syntax"},
      {"version: STSv1\r\r\nmode: none\nmax_age: 86400", "- -", "policy-syntax"},
      /* extensions */
      {SOUND "ext:\n", "enforce 604800 mail.example.com", "policy-syntax"},
      {SOUND A33 ": 1\n", "enforce 604800 mail.example.com", "policy-syntax"},
      {SOUND "_bad:test\n", "enforce 604800 mail.example.com", "policy-syntax"},
      {SOUND "-comment: a\n", "enforce 604800 mail.example.com", "policy-syntax"},
      {SOUND ".comment: a\n", "enforce 604800 mail.example.com", "policy-syntax"},
      {SOUND "bad name: a\n", "enforce 604800 mail.example.com", "policy-syntax"},
      {SOUND "x+comment: a\n", "enforce 604800 mail.example.com", "policy-syntax"},
      {SOUND "caf\xc3\xa9: a\n", "enforce 604800 mail.example.com", "policy-syntax"},
      {SOUND "comment: a\tb\n", "enforce 604800 mail.example.com", "policy-syntax"},
      {SOUND "comment: a\x7f\n", "enforce 604800 mail.example.com", "policy-syntax"},
      {SOUND "comment: a\xff\n", "enforce 604800 mail.example.com", "policy-syntax"},
      {SOUND "comment: \xed\xa0\x80\n", "enforce 604800 mail.example.com", "policy-syntax"},
      /* one pass names all faults, those of good lines behind bad ones too */
      {"version STSv1\nmode: maybe\nmx: a b\nmax_age: 1\nmax_age: x\nnote: y\n", "- 1",
       "policy-version policy-mode policy-mx-invalid policy-syntax policy-duplicate-field "
       "policy-unknown-field policy-max-age-short"},
      {"version: STSv1\\nmode: enforce\\nmx: a.example\\nmax_age: 604800", "- -", "policy-syntax"},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors));
}

static void stops_where_there_is_no_policy(void **state) {
  static const struct vector vectors[] = {
      {"", "- -", "policy-empty"},
      {"\n", "- -", "policy-empty"},
      {" \r\n\t\n", "- -", "policy-empty"},
      {BOM, "- -", "policy-empty"},
      {BOM "\r\n", "- -", "policy-empty"},
      {"<!DOCTYPE html>\n<html></html>\n", "- -", "policy-syntax policy-html"},
      {"\r\n  <html>\nversion: STSv1\n</html>", "- -", "policy-syntax policy-html"},
      {BOM "<html>", "- -", "policy-syntax policy-html"},
  };
  (void)state;
  assert_vectors(vectors, COUNT(vectors));
}

static void names_line_and_cause(void **state) {
  static const struct {
    const char *text;
    enum finding_code code;
    unsigned line;
    const char *part;
  } vectors[] = {
      {"", FOUND_POLICY_EMPTY, 0, "no bytes"},
      {"\n\n", FOUND_POLICY_EMPTY, 0, "line ends alone"},
      {BOM SOUND, FOUND_POLICY_SYNTAX, 1, "a byte order mark"},
      {"version: STSv1\rmode: none\rmax_age: 86400", FOUND_POLICY_SYNTAX, 1, "CR alone"},
      {HEAD "\n" MX, FOUND_POLICY_SYNTAX, 2, "line 2: a blank line"},
      {SOUND "\n", FOUND_POLICY_SYNTAX, 5, "line 5: a blank line"},
      {HEAD " mode: none\n", FOUND_POLICY_SYNTAX, 2, "a leading blank"},
      {HEAD "mode : none\n", FOUND_POLICY_SYNTAX, 2, "a blank before the colon"},
      {HEAD "mode none\n", FOUND_POLICY_SYNTAX, 2, "no colon: mode none"},
      {HEAD "mode: none\x01\n", FOUND_POLICY_SYNTAX, 2, "a control character"},
      {HEAD "# x\n", FOUND_POLICY_SYNTAX, 2, "a comment"},
      {HEAD "ext:\n", FOUND_POLICY_SYNTAX, 2, "an empty value"},
      {HEAD "ext: a\xff\n", FOUND_POLICY_SYNTAX, 2, "not UTF-8"},
      {HEAD "\xe2\x80\x9cmode\xe2\x80\x9d: none\n", FOUND_POLICY_SYNTAX, 2, "typographic"},
      {"\n <html>", FOUND_POLICY_SYNTAX, 1, "a web page"},
      {"version: \"STSv1\"\n", FOUND_POLICY_VERSION, 1, "a quotation mark"},
      {"version: STSv1\\nmode: none", FOUND_POLICY_SYNTAX, 1, "\\n as two letters"},
      {HEAD "mode: Enforce\n", FOUND_POLICY_MODE, 2, "Enforce"},
      {HEAD "mode: none\n", FOUND_POLICY_MAX_AGE, 0, "no max_age"},
      {HEAD "max_age: 1 day\n", FOUND_POLICY_MAX_AGE, 2,
       "a unit behind the digits, which are seconds; a blank"},
      {HEAD "max_age: 31557601\n", FOUND_POLICY_MAX_AGE, 2, "over 31557600"},
      {HEAD "nmx: a.example\n", FOUND_POLICY_UNKNOWN_FIELD, 2, "is \"mx\" meant?"},
      {HEAD "MX: a.example\n", FOUND_POLICY_UNKNOWN_FIELD, 2, "is \"mx\" meant?"},
      {HEAD "Mode: none\n", FOUND_POLICY_UNKNOWN_FIELD, 2, "is \"mode\" meant?"},
      {HEAD "max-age: 1\n", FOUND_POLICY_UNKNOWN_FIELD, 2, "is \"max_age\" meant?"},
      {HEAD "maxage: 1\n", FOUND_POLICY_UNKNOWN_FIELD, 2, "is \"max_age\" meant?"},
      {HEAD "verson: 1\n", FOUND_POLICY_UNKNOWN_FIELD, 2, "is \"version\" meant?"},
      {HEAD "note: x\n", FOUND_POLICY_UNKNOWN_FIELD, 2, "ignored: note: x"},
      {SOUND "mode: none\n", FOUND_POLICY_DUPLICATE_FIELD, 5, "the first one counts: mode: none"},
      {HEAD "mx:\n", FOUND_POLICY_MX_INVALID, 2, "an empty mx"},
      {HEAD "mx: a.example.\n", FOUND_POLICY_MX_INVALID, 2, "a trailing dot"},
      {HEAD "mx: .example\n", FOUND_POLICY_MX_INVALID, 2, "a leading dot"},
      {HEAD "mx: u@a.example\n", FOUND_POLICY_MX_INVALID, 2, "an e-mail address"},
      {HEAD "mx: 10 a.example\n", FOUND_POLICY_MX_INVALID, 2, "a blank inside"},
      {HEAD "mx: a.example:25\n", FOUND_POLICY_MX_INVALID, 2, "a colon"},
      {HEAD "mx: a.example,b.example\n", FOUND_POLICY_MX_INVALID, 2, "several names"},
      {HEAD "mx: *.*.example\n", FOUND_POLICY_MX_INVALID, 2, "the whole first label"},
      {HEAD "mx: m\xc3\xb8x.example\n", FOUND_POLICY_MX_INVALID, 2, "not in A-labels"},
      {HEAD "mx: a_b.example\n", FOUND_POLICY_MX_INVALID, 2, "an underscore"},
      {HEAD "mx: 192.0.2.1\n", FOUND_POLICY_CONTESTED, 2, "192.0.2.1"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    struct judged judged;
    struct result_policy policy = {0};
    judged_begin(&judged);
    policy_parse(span_of(vectors[i].text), &judged.findings, &policy);
    assert_detail_holds(&judged, vectors[i].code, vectors[i].part);
    assert_int_equal(judged_find(&judged, vectors[i].code)->line, vectors[i].line);
    judged_end(&judged);
  }
}

static void joins_all_of_a_code_and_keeps_the_first(void **state) {
  struct judged judged;
  struct result_policy policy = {0};
  (void)state;
  judged_begin(&judged);
  policy_parse(SPAN(ENFORCE "mx: a.example.\nmx: b@example\n" AGE), &judged.findings, &policy);
  const struct finding *finding = judged_find(&judged, FOUND_POLICY_MX_INVALID);
  assert_int_equal(finding->line, 3);
  assert_span(finding->pattern, "a.example.");
  assert_holds(finding->detail, "line 3: a trailing dot: a.example.");
  assert_holds(finding->detail, "line 4: an e-mail address, not a host name: b@example");
  judged_end(&judged);
}

/* Erratum 7282 for the maximum; the grammar against the text for an address. */
static void marks_what_is_contested(void **state) {
  static const struct {
    const char *text;
    enum finding_code code;
    bool contested;
    const char *erratum;
  } vectors[] = {
      {ENFORCE MX "max_age: 31557601", FOUND_POLICY_MAX_AGE, true, "erratum 7282"},
      {ENFORCE MX "max_age: x", FOUND_POLICY_MAX_AGE, false, NULL},
      {ENFORCE "mx: 192.0.2.1\n" AGE, FOUND_POLICY_CONTESTED, true, "RFC 8461 section 3.2"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    struct judged judged;
    struct result_policy policy = {0};
    judged_begin(&judged);
    policy_parse(span_of(vectors[i].text), &judged.findings, &policy);
    const struct finding *finding = judged_find(&judged, vectors[i].code);
    assert_non_null(finding);
    assert_int_equal(finding->contested, vectors[i].contested);
    assert_span(finding->erratum, vectors[i].erratum);
    judged_end(&judged);
  }
}

static void stands_a_nul(void **state) {
  struct judged judged;
  struct result_policy policy = {0};
  (void)state;
  judged_begin(&judged);
  policy_parse(SPAN(SOUND "no\0te: a\nmx: a\0.example\n"), &judged.findings, &policy);
  assert_codes(&judged, "policy-mx-invalid policy-syntax", "NUL");
  assert_int_equal(policy.mx.count, 1);
  judged_end(&judged);
}

/* The largest policy costs a bounded piece of the arena, however many its faults; patterns alone
 * grow with it. */
static void stands_a_flood_of_faults(void **state) {
  enum { ARENA_BYTES = 64 * 1024 };
  static const char *const units[] = {"\n",          "a\n",    "x:\xff\n", " a : b\n",
                                      "mode:x\n",    "v:1\n",  "\r",       "#\n",
                                      "max_age:1\n", "\x01\n", "m:\n",     "mxx:1\n"};
  static char text[POLICY_SIZE_DEFAULT];
  (void)state;
  for (size_t u = 0; u < COUNT(units); u++) {
    size_t unit = strlen(units[u]), len = sizeof HEAD - 1;
    memcpy(text, HEAD, len);
    for (; len + unit <= sizeof text; len += unit) memcpy(text + len, units[u], unit);
    struct judged judged;
    struct result_policy policy = {0};
    judged_begin(&judged);
    policy_parse((struct span){text, len}, &judged.findings, &policy);
    size_t patterns = u == COUNT(units) - 1 ? sizeof text / unit * sizeof(struct span) : 0;
    assert_true(judged.arena.total <= ARENA_BYTES + patterns);
    for (const struct finding *f = judged.findings.first; f; f = f->next)
      assert_true(f->detail.len <= FINDING_LIST_DETAIL_MAX);
    judged_end(&judged);
  }
}

/* RFC 8461 section 3.2: text/plain, whatever its parameters. */
static void looks_at_the_media_type_alone(void **state) {
  static const struct {
    const char *content_type; /* NULL: there was none */
    bool fits;
  } vectors[] = {
      {"text/plain", true},
      {"TEXT/PLAIN", true},
      {"TeXT/PlAiN", true},
      {"  text/plain  ", true},
      {"text/plain;charset=utf-8", true},
      {"text/plain; charset=utf-8", true},
      {"Text/Plain; charset=UTF-8", true},
      {"text/plain ; charset=UTF-8", true},
      {"text/plain; charset=iso-8859-1", true},
      {"TEXT/PLAIN; charset=US-ASCII; x-extra=ignored", true},
      {"text/html", false},
      {"text/html; charset=utf-8", false},
      {"text/json", false},
      {"application/json", false},
      {"application/octet-stream", false},
      {"application/octet-stream+text/plain", false},
      {"application/json+text/plain", false},
      {"text/plain+", false},
      {"text/plain, text/html", false},
      {"multipart/form-data; boundary=x", false},
      {"invalid/content/type", false},
      {"not a media type", false},
      {"", false},
      {NULL, false},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    struct judged judged;
    judged_begin(&judged);
    policy_judge_content_type(span_of(vectors[i].content_type), &judged.findings);
    assert_codes(&judged, vectors[i].fits ? "" : "policy-http-content-type",
                 vectors[i].content_type ? vectors[i].content_type : "(none)");
    judged_end(&judged);
  }
}

/* A sender may take any of several: one that is not text/plain is one too many. */
static void looks_at_all_media_types(void **state) {
  static const struct {
    const char *types[3];
    size_t count;
    bool fits;
  } vectors[] = {
      {{"text/plain", "text/plain"}, 2, true},
      {{"text/plain", "TEXT/PLAIN; charset=utf-8"}, 2, true},
      {{"text/plain", "application/octet-stream"}, 2, false},
      {{"application/octet-stream", "text/plain"}, 2, false},
      {{"text/plain", "", "text/plain"}, 3, false},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    struct span at[3];
    struct spans types = {at, vectors[i].count};
    struct judged judged;
    for (size_t n = 0; n < types.count; n++) at[n] = span_of(vectors[i].types[n]);
    judged_begin(&judged);
    policy_judge_content_types(types, &judged.findings);
    assert_codes(&judged, vectors[i].fits ? "" : "policy-http-content-type", vectors[i].types[1]);
    for (size_t n = 0; n < types.count && judged.findings.first; n++)
      assert_non_null(memmem(judged.findings.first->detail.ptr, judged.findings.first->detail.len,
                             at[n].ptr, at[n].len));
    judged_end(&judged);
  }
}

static void tells_a_failed_allocation(void **state) {
  struct arena arena = {.limit = 1};
  struct finding_list findings = {.arena = &arena};
  struct result_policy policy = {0};
  (void)state;
  policy_parse(SPAN(SOUND), &findings, &policy);
  assert_int_equal(arena.err, ERR_LIMIT);
  assert_int_equal(policy.mx.count, 0);
  arena_free(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(accepts_sound_policies),
      cmocka_unit_test(tells_what_counts_but_should_be_looked_at),
      cmocka_unit_test(refuses_missing_and_wrong_fields),
      cmocka_unit_test(refuses_malformed_mx_and_keeps_the_sound),
      cmocka_unit_test(refuses_what_the_grammar_does_not_have),
      cmocka_unit_test(stops_where_there_is_no_policy),
      cmocka_unit_test(names_line_and_cause),
      cmocka_unit_test(joins_all_of_a_code_and_keeps_the_first),
      cmocka_unit_test(marks_what_is_contested),
      cmocka_unit_test(stands_a_nul),
      cmocka_unit_test(stands_a_flood_of_faults),
      cmocka_unit_test(looks_at_the_media_type_alone),
      cmocka_unit_test(looks_at_all_media_types),
      cmocka_unit_test(tells_a_failed_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
