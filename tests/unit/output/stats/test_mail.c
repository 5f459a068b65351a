/* Mail servers in the statistics: what a domain with several of them counts as, who manages the
 * mail, and the limits. */
#include "output/stats/tally.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { HOSTS_MAX = 3 };

/* A deployed domain whose mail servers got these verdicts: a letter each, s, r, u. */
static struct result domain_of(const char *verdicts, struct result_mx mx[HOSTS_MAX]) {
  static const struct result_mx_tls tls[] = {
      {.verdict = VERDICT_SECURE}, {.verdict = VERDICT_REFUSED}, {.verdict = VERDICT_UNKNOWN}};
  size_t count = 0;
  for (; verdicts[count]; count++)
    mx[count] = (struct result_mx){.host = SPAN("mx.mail.example"),
                                   .tls = &tls[strchr("sru", verdicts[count]) - "sru"]};
  return (struct result){.domain = SPAN("a.example"),
                         .status = STATUS_VALID,
                         .mx = {.lookup.asked = true, .at = mx, .count = count}};
}

static struct statistics statistics_of(const struct tally *tally) {
  struct statistics statistics;
  assert_int_equal(ERR_NONE, tally_statistics(tally, MANAGED_LIMITS_STUDY, &statistics));
  return statistics;
}

static struct tally *tally_made(void) {
  struct tally *tally;
  assert_int_equal(ERR_NONE, tally_new(&tally));
  return tally;
}

static void test_any_and_all(void **state) {
  static const struct {
    const char *verdicts;
    struct mail_figures figures; /* in the order of the table */
  } rows[] = {
      {"", {{0, 0, 0, 0, 0, 0}}},    {"s", {{1, 1, 0, 0, 0, 0}}},  {"ss", {{1, 1, 0, 0, 0, 0}}},
      {"r", {{1, 0, 1, 1, 0, 0}}},   {"rr", {{1, 0, 1, 1, 0, 0}}}, {"u", {{1, 0, 0, 0, 1, 1}}},
      {"sr", {{1, 0, 1, 0, 0, 0}}},  {"su", {{1, 0, 0, 0, 1, 0}}}, {"ru", {{1, 0, 1, 0, 1, 0}}},
      {"sru", {{1, 0, 1, 0, 1, 0}}},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct result_mx mx[HOSTS_MAX];
    struct result result = domain_of(rows[i].verdicts, mx);
    struct tally *tally = tally_made();
    assert_int_equal(ERR_NONE, tally_add(tally, &result));
    struct statistics statistics = statistics_of(tally);
    for (int figure = 0; figure < MAIL_FIGURE_COUNT; figure++)
      if (statistics.mail.counts.all.at[figure] != rows[i].figures.at[figure])
        fail_msg("\"%s\": %s", rows[i].verdicts, mail_figure_text(figure));
    assert_int_equal(0, statistics.mail.counts.enforce.at[MAIL_PROBED]);
    assert_int_equal(rows[i].verdicts[0] != 0, statistics_probed(&statistics));
    assert_int_equal(rows[i].verdicts[0] != 0, statistics_has_stage(&statistics, STAGE_MX_TLS));
    assert_false(statistics_has_stage(&statistics, STAGE_DANE));
    statistics_free(&statistics);
    tally_free(tally);
  }
}

/* Domains that are not deployed are in no denominator. */
static void test_only_deployed_domains_count(void **state) {
  (void)state;
  for (int status = 0; status < STATUS_COUNT; status++) {
    struct result_mx mx[HOSTS_MAX];
    struct result result = domain_of("r", mx);
    struct tally *tally = tally_made();
    result.status = (enum result_status)status;
    assert_int_equal(ERR_NONE, tally_add(tally, &result));
    struct statistics statistics = statistics_of(tally);
    assert_int_equal(status == STATUS_VALID || status == STATUS_BROKEN,
                     statistics.mail.counts.all.at[MAIL_PROBED]);
    statistics_free(&statistics);
    tally_free(tally);
  }
}

enum { MADE_PROVIDERS, MADE_ISSUERS };

/* count domains, each with a provider, or an issuer, of its own. */
static void add_made(struct tally *tally, int made, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    char host[64], issuer[64], name[64];
    snprintf(host, sizeof host, made == MADE_PROVIDERS ? "mx.p%u.com" : "mx.mail.com", i);
    snprintf(issuer, sizeof issuer, made == MADE_ISSUERS ? "CN=%u" : "CN=R", i);
    snprintf(name, sizeof name, "d%u.org", i);
    struct result_mx_tls tls = {.verdict = VERDICT_REFUSED,
                                .certificate = {.here = true, .issuer = span_of(issuer)}};
    struct result_mx mx = {.host = span_of(host), .tls = &tls};
    struct result result = {
        .domain = span_of(name), .status = STATUS_VALID, .mx = {.at = &mx, .count = 1}};
    assert_int_equal(ERR_NONE, tally_add(tally, &result));
  }
}

static void test_providers_have_a_limit(void **state) {
  (void)state;
  for (unsigned over = 0; over < 3; over++) {
    unsigned count = MAIL_PROVIDERS_MAX - 1 + over, rest = over == 2;
    struct tally *tally = tally_made(), *sum = tally_made();
    add_made(tally, MADE_PROVIDERS, count);
    assert_int_equal(ERR_NONE, tally_merge(sum, tally));
    struct statistics statistics = statistics_of(sum);
    assert_int_equal(count, statistics.mail.counts.all.at[MAIL_PROBED]);
    assert_int_equal(count - rest, statistics.mail.managers[MANAGER_SELF].at[MAIL_PROBED]);
    assert_int_equal(rest, statistics.mail.managers[MANAGER_UNCLASSIFIED].at[MAIL_ALL_REFUSED]);
    assert_int_equal(count - rest, statistics.mail.once.at[MAIL_ANY_REFUSED]);
    assert_int_equal(count, statistics.mail.provider_count);
    statistics_free(&statistics);
    tally_free(tally);
    tally_free(sum);
  }
}

static void test_issuers_have_a_limit(void **state) {
  (void)state;
  for (unsigned over = 0; over < 4; over++) {
    unsigned count = MAIL_ISSUERS_MAX - 1 + over;
    struct tally *tally = tally_made(), *sum = tally_made();
    add_made(tally, MADE_ISSUERS, count);
    assert_int_equal(ERR_NONE, tally_merge(sum, tally));
    struct statistics statistics = statistics_of(sum);
    const struct mail_statistics *mail = &statistics.mail;
    assert_int_equal(count < MAIL_ISSUERS_MAX + 1 ? count : MAIL_ISSUERS_MAX + 1,
                     mail->issuer_count);
    uint64_t domains = 0;
    for (size_t i = 0; i < mail->issuer_count; i++) domains += mail->issuers[i].domains;
    assert_int_equal(count, domains);
    if (over == 3) assert_string_equal("other", mail->issuers[0].text.ptr);
    statistics_free(&statistics);
    tally_free(tally);
    tally_free(sum);
  }
}

/* Whoever signs his own certificate takes no row from an authority. */
static void test_only_issuers_under_a_root_count(void **state) {
  static const enum finding_code codes[] = {FOUND_MX_TLS_EXPIRED, FOUND_MX_TLS_SELF_SIGNED,
                                            FOUND_MX_TLS_UNTRUSTED, FOUND_MX_TLS_CERT_INVALID,
                                            FOUND_MX_TLS_NAME_MISMATCH};
  static const size_t issuers[] = {1, 0, 0, 0, 1};
  (void)state;
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    struct result_mx_tls tls = {.verdict = VERDICT_REFUSED,
                                .certificate = {.here = true, .issuer = SPAN("CN=R")}};
    struct result_mx mx = {.host = SPAN("mx.mail.example"), .tls = &tls};
    struct result result = {
        .domain = SPAN("a.example"), .status = STATUS_VALID, .mx = {.at = &mx, .count = 1}};
    struct tally *tally = tally_made();
    finding_codes_add(&tls.codes, codes[i]);
    assert_int_equal(ERR_NONE, tally_add(tally, &result));
    struct statistics statistics = statistics_of(tally);
    assert_int_equal(issuers[i], statistics.mail.issuer_count);
    statistics_free(&statistics);
    tally_free(tally);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_any_and_all),
      cmocka_unit_test(test_only_deployed_domains_count),
      cmocka_unit_test(test_providers_have_a_limit),
      cmocka_unit_test(test_issuers_have_a_limit),
      cmocka_unit_test(test_only_issuers_under_a_root_count),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
