/* What a person is told of a result: the steps, the limits of what is shown, what to publish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scanner/cli/diagnosis.h"
#include "scanner/cli/diagnosis_step.h"
#include "scanner/cli/suggestion.h"
#include <stdlib.h>

enum { MANY = SUGGESTION_MX_MAX + 1 };

static char *told(const struct result *result) {
  char *text = NULL;
  size_t size = 0;
  const struct explain_style style = {.width = 80, .domain = result->domain};
  FILE *out = open_memstream(&text, &size);
  assert_non_null(out);
  diagnosis_print(out, &style, result);
  fclose(out);
  assert_int_equal(strlen(text), size);
  return text;
}

static void assert_told(const struct result *result, const char *there, const char *not_there) {
  char *text = told(result);
  if (there && !strstr(text, there)) fail_msg("\"%s\" is not in: %s", there, text);
  if (not_there && strstr(text, not_there)) fail_msg("\"%s\" is in: %s", not_there, text);
  free(text);
}

static void assert_proposed(const struct result *result, const char *expected) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  assert_non_null(out);
  suggestion_policy(out, 0, result);
  fclose(out);
  assert_string_equal(text, expected);
  free(text);
}

static struct result sample(enum result_status status) {
  return (struct result){
      .domain = SPAN("a.example"),
      .status = status,
      .has_effect = true,
      .effect = EFFECT_OPPORTUNISTIC,
      .record.lookup = {.asked = true, .tries = 1},
      .fetch = {.connect_ms = -1, .tls_ms = -1},
  };
}

static void test_rows_are_bounded(void **state) {
  (void)state;
  struct span rows[DIAGNOSIS_ROWS_MAX + 1];
  struct result result = sample(STATUS_VALID);
  for (size_t i = 0; i < DIAGNOSIS_ROWS_MAX + 1; i++) rows[i] = SPAN("v=STSv1; id=1;");
  for (size_t count = DIAGNOSIS_ROWS_MAX - 1; count <= DIAGNOSIS_ROWS_MAX + 1; count++) {
    result.record.txt = (struct spans){rows, count};
    bool over = count > DIAGNOSIS_ROWS_MAX;
    assert_told(&result, over ? "... and 1 more" : NULL, over ? NULL : "more");
  }
}

static void test_texts_are_bounded(void **state) {
  (void)state;
  char bytes[DIAGNOSIS_TEXT_MAX + 1];
  struct result result = sample(STATUS_VALID);
  memset(bytes, 'x', sizeof bytes);
  for (size_t len = DIAGNOSIS_TEXT_MAX - 1; len <= DIAGNOSIS_TEXT_MAX + 1; len++) {
    struct span text = {bytes, len};
    result.record.txt = (struct spans){&text, 1};
    bool over = len > DIAGNOSIS_TEXT_MAX;
    assert_told(&result, over ? "(513 bytes in all)" : NULL, over ? NULL : "in all");
  }
}

static void test_lines_of_a_policy_are_bounded(void **state) {
  (void)state;
  char text[2 * (DIAGNOSIS_ROWS_MAX + 1)];
  struct result result = sample(STATUS_VALID);
  for (size_t i = 0; i < sizeof text; i++) text[i] = i % 2 ? '\n' : 'a';
  result.policy.here = true;
  for (size_t lines = DIAGNOSIS_ROWS_MAX - 1; lines <= DIAGNOSIS_ROWS_MAX + 1; lines++) {
    result.policy.text = (struct span){text, 2 * lines};
    bool over = lines > DIAGNOSIS_ROWS_MAX;
    assert_told(&result, over ? "... and 2 bytes more" : NULL, over ? NULL : "more");
  }
}

static void test_nothing_hostile_reaches_the_terminal(void **state) {
  (void)state;
  static const char hostile[] = "\x1b]0;x\x07\xe2\x80\xae\xff\x9b\r";
  struct span text = {hostile, sizeof hostile - 1};
  struct spans one = {&text, 1};
  struct result_attempt attempt = {.address = text, .code = FOUND_COUNT};
  struct result_mx_tls tls = {
      .verdict = VERDICT_SECURE,
      .greeting = 220,
      .greeting_text = text,
      .cname = one,
      .version = text,
      .certificate = {.here = true, .subject = text, .issuer = text, .names = one},
      .attempts = {&attempt, 1},
      .tlsa = {.here = true, .base = text, .records = one},
  };
  struct result_mx mx = {.host = text, .judged = true, .tls = &tls};
  struct finding finding = {.code = FOUND_POLICY_MODE, .detail = text};
  struct result result = sample(STATUS_BROKEN);
  result.findings = &finding;
  result.record.txt = result.record.lookup.cname = one;
  result.policy_host = (struct result_policy_host){.lookup.asked = true, .addresses = one};
  result.fetch = (struct result_fetch){.asked = true,
                                       .http_status = 302,
                                       .location = text,
                                       .content_type = text,
                                       .tls = text,
                                       .attempts = {&attempt, 1}};
  result.certificate =
      (struct result_certificate){.here = true, .subject = text, .issuer = text, .names = one};
  result.policy = (struct result_policy){
      .here = true, .mode = MODE_COUNT, .version = text, .mx = one, .text = text};
  result.mx = (struct result_mx_set){.lookup.asked = true, .at = &mx, .count = 1};
  result.tlsrpt = (struct result_tlsrpt){.lookup.asked = true, .txt = one, .rua = one};
  char *all = told(&result);
  for (const char *c = all; *c; c++) assert_true(*c == '\n' || (*c >= 0x20 && *c < 0x7f));
  free(all);
}

#define TEXT(literal)                                                                              \
  { literal, sizeof(literal) - 1 }
static struct span told_names[] = {{"*.a.example", 11}, {"b.example", 9}};
static struct result_attempt told_attempts[] = {{{"192.0.2.1", 9}, FOUND_MX_SMTP_TIMEOUT, 60000},
                                                {{"192.0.2.2", 9}, FOUND_COUNT, 412}};
static struct span told_records[] = {{"3 1 1 8bd2", 10}};
static struct result_mx_tls told_secure = {
    .verdict = VERDICT_SECURE,
    .greeting = 220,
    .greeting_text = TEXT("m.a.example ESMTP"),
    .ehlo = 250,
    .starttls = 220,
    .version = TEXT("TLSv1.3"),
    .certificate = {.here = true,
                    .subject = TEXT("CN=x"),
                    .issuer = TEXT("CN=R11"),
                    .names = {told_names, 2},
                    .names_count = 80,
                    .chain = 2},
    .attempts = {told_attempts, 2},
    .tlsa = {.here = true, .records = {told_records, 1}, .dane = DANE_MATCH}};

static void test_a_block_for_each_mail_server(void **state) {
  struct result_mx_tls secure = told_secure,
                       refused = {.verdict = VERDICT_REFUSED, .ehlo = 502, .helo = 250},
                       unknown = {.verdict = VERDICT_UNKNOWN};
  struct result_mx mx[] = {{.host = SPAN("m.a.example"), .tls = &secure},
                           {.host = SPAN("n.a.example"), .tls = &refused},
                           {.host = SPAN("o.a.example"), .tls = &unknown},
                           {.host = SPAN("p.a.example")}};
  struct finding finding = {.code = FOUND_MX_SMTP_REFUSED, .host = SPAN("o.a.example")};
  struct result result = sample(STATUS_VALID);
  (void)state;
  finding_codes_add(&refused.codes, FOUND_MX_TLS_NO_STARTTLS);
  finding_codes_add(&unknown.codes, FOUND_MX_SMTP_REFUSED);
  result.findings = &finding;
  assert_told(&result, NULL, "port 25\n  ");
  result.mx = (struct result_mx_set){.lookup = {.asked = true, .tries = 1}, .at = mx, .count = 4};
  assert_told(&result,
              "warning Mail servers: TLS on port 25\n"
              "  m.a.example: secure\n"
              "    192.0.2.1: mx-smtp-timeout after 60000 ms\n"
              "    192.0.2.2: TLS after 412 ms\n"
              "    greeting: 220 m.a.example ESMTP\n"
              "    EHLO: 250, STARTTLS: 220\n"
              "    TLSv1.3\n"
              "    for *.a.example\n"
              "    and 79 other names\n"
              "    subject CN=x\n"
              "    issuer CN=R11\n",
              "p.a.example: ");
  result.findings = NULL;
  assert_told(&result, "note    Mail servers: TLS on port 25\n", NULL);
  mx[1].tls = mx[2].tls = NULL;
  assert_told(&result, "ok      Mail servers: TLS on port 25\n", NULL);
  mx[1].tls = &refused;
  mx[2].tls = &unknown;
  result.findings = &finding;
  /* the cure of what is no finding of the domain */
  assert_told(&result,
              "  n.a.example: REFUSED by senders that enforce the policy\n"
              "    EHLO: 502, HELO: 250\n"
              "    mx-tls-no-starttls: A mail server does not offer STARTTLS\n"
              "      Give the mail server a certificate",
              NULL);
  assert_told(&result,
              "  o.a.example: unknown: it could not be found out\n"
              "    mx-smtp-refused: A mail server does not talk to us\n"
              "    warning  mx-smtp-refused\n",
              "Expected: STARTTLS");
  assert_told(&result,
              "ok      Mail servers: DANE (TLSA records)\n"
              "  m.a.example: the certificate fits\n    TLSA 3 1 1 8bd2\n",
              NULL);
  /* the host stands in the texts of its finding */
  assert_told(&result, "o.a.example answered the connection, EHLO or HELO", "MXHOST answered");
  assert_told(&result, "explain --domain a.example mx-smtp-refused (MXHOST: o.a.example)\n", NULL);
  secure.tlsa.here = false;
  assert_told(&result, NULL, "DANE (TLSA records)");
}

static void test_mail_servers_are_bounded(void **state) {
  static struct result_mx mx[DIAGNOSIS_ROWS_MAX + 1];
  static const struct result_mx_tls tls = {.verdict = VERDICT_UNKNOWN};
  struct result result = sample(STATUS_VALID);
  (void)state;
  for (size_t i = 0; i <= DIAGNOSIS_ROWS_MAX; i++)
    mx[i] = (struct result_mx){.host = SPAN("m.a.example"), .tls = &tls};
  for (size_t count = DIAGNOSIS_ROWS_MAX - 1; count <= DIAGNOSIS_ROWS_MAX + 1; count++) {
    bool over = count > DIAGNOSIS_ROWS_MAX;
    result.mx = (struct result_mx_set){.at = mx, .count = count};
    assert_told(&result, over ? "... and 1 more" : NULL, over ? NULL : "more");
  }
}

static void test_steps_that_were_not_reached(void **state) {
  (void)state;
  struct result result = sample(STATUS_BROKEN);
  assert_told(&result, "\nnot run Certificate:", "ok      Certificate");
  result.fetch = (struct result_fetch){.asked = true, .connect_ms = 3, .tls_ms = -1};
  assert_told(&result, "connected after 3 ms\n\nnot run Certificate:", NULL);
  result.status = STATUS_UNKNOWN;
  assert_told(&result, "Record: TXT at _mta-sts.a.example", "Certificate");
}

static void test_what_is_wrong(void **state) {
  (void)state;
  for (enum result_status status = 0; status < STATUS_COUNT; status++) {
    struct result result = {.status = status};
    bool fine = status == STATUS_VALID || status == STATUS_ABSENT;
    assert_int_equal(diagnosis_is_wrong(&result), !fine);
  }
}

static void test_a_policy_for_hosts(void **state) {
  (void)state;
  struct span patterns[] = {SPAN("*.b.example"), SPAN("gone.example")};
  struct result_mx mx[] = {{.host = SPAN("x.b.example")},
                           {.host = SPAN("c.example")},
                           {.host = SPAN("no\\032host.example")}};
  struct result result = {.domain = SPAN("a.example"), .mx = {.at = mx, .count = 3}};
  assert_proposed(&result, "version: STSv1\nmode: testing\nmx: x.b.example\nmx: c.example\n"
                           "max_age: 604800\n");
  result.policy = (struct result_policy){.here = true,
                                         .mode = MODE_ENFORCE,
                                         .has_max_age = true,
                                         .max_age = 86400,
                                         .mx = {patterns, 2}};
  assert_proposed(&result, "version: STSv1\nmode: enforce\nmx: *.b.example\nmx: c.example\n"
                           "max_age: 86400\n");
  result.policy.max_age = 86399; /* under a day */
  result.mx.count = 0;
  assert_proposed(&result, "version: STSv1\nmode: enforce\nmx: *.b.example\nmx: gone.example\n"
                           "max_age: 604800\n");
}

static void test_a_policy_without_hosts(void **state) {
  (void)state;
  struct result_mx null = {.host = SPAN(".")};
  struct finding implicit = {.code = FOUND_MX_IMPLICIT};
  struct result result = {.domain = SPAN("a.example")};
  assert_proposed(&result, "version: STSv1\nmode: testing\n"
                           "mx: (one line for each MX host, which is not known here)\n"
                           "max_age: 604800\n");
  result.findings = &implicit;
  assert_proposed(&result, "version: STSv1\nmode: testing\nmx: a.example\nmax_age: 604800\n");
  result.mx = (struct result_mx_set){.at = &null, .count = 1};
  assert_proposed(&result, "version: STSv1\nmode: none\nmax_age: 604800\n");
}

static void test_mx_lines_are_bounded(void **state) {
  (void)state;
  static char names[MANY][16];
  static struct result_mx mx[MANY];
  for (size_t i = 0; i < MANY; i++) {
    int len = snprintf(names[i], sizeof names[i], "m%zu.example", i);
    mx[i].host = (struct span){names[i], (size_t)len};
  }
  for (size_t count = SUGGESTION_MX_MAX - 1; count <= SUGGESTION_MX_MAX + 1; count++) {
    struct result result = {.domain = SPAN("a.example"), .mx = {.at = mx, .count = count}};
    char *text = NULL;
    size_t size = 0, lines = 0;
    FILE *out = open_memstream(&text, &size);
    suggestion_policy(out, 0, &result);
    fclose(out);
    for (const char *at = text; (at = strstr(at, "mx: m")); at++) lines++;
    assert_int_equal(lines, count < SUGGESTION_MX_MAX ? count : SUGGESTION_MX_MAX);
    assert_int_equal(strstr(text, "and so on") != NULL, count > SUGGESTION_MX_MAX);
    free(text);
  }
}

static void test_the_id_is_the_time(void **state) {
  (void)state;
  static const struct {
    int64_t at;
    const char *line;
  } rows[] = {
      {0, "_mta-sts.a.example. IN TXT \"v=STSv1; id=20260101T000000;\"\n"},
      {1795514400123, "_mta-sts.a.example. IN TXT \"v=STSv1; id=20261124T100000;\"\n"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct result result = {.domain = SPAN("a.example"), .at = rows[i].at};
    char text[256] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    suggestion_record(out, 0, &result);
    fclose(out);
    assert_string_equal(text, rows[i].line);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows_are_bounded),
      cmocka_unit_test(test_texts_are_bounded),
      cmocka_unit_test(test_lines_of_a_policy_are_bounded),
      cmocka_unit_test(test_nothing_hostile_reaches_the_terminal),
      cmocka_unit_test(test_a_block_for_each_mail_server),
      cmocka_unit_test(test_mail_servers_are_bounded),
      cmocka_unit_test(test_steps_that_were_not_reached),
      cmocka_unit_test(test_what_is_wrong),
      cmocka_unit_test(test_a_policy_for_hosts),
      cmocka_unit_test(test_a_policy_without_hosts),
      cmocka_unit_test(test_mx_lines_are_bounded),
      cmocka_unit_test(test_the_id_is_the_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
