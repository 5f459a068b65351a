/* The evidence of mail servers: concluded, given to a domain's MX, and raised as its findings. */
#include "scanner/sts/mx_tls.h"

#include "judged.h"

#define TEXT(literal)                                                                              \
  { literal, sizeof(literal) - 1 }

enum { MANY = RESULT_MX_PROBED_MAX + 3 };

/* RFC 8461 sections 4.2 and 5: a sender refuses what is an error, and of the rest nothing is known.
 */
static void concludes_by_code(void **state) {
  static const struct {
    enum finding_code codes[3];
    size_t count;
    enum result_verdict verdict;
  } rows[] = {
      {{0}, 0, VERDICT_SECURE},
      {{FOUND_MX_TLS_NO_STARTTLS}, 1, VERDICT_REFUSED},
      {{FOUND_MX_TLS_STARTTLS_REFUSED}, 1, VERDICT_REFUSED},
      {{FOUND_MX_TLS_NAME_MISMATCH}, 1, VERDICT_REFUSED},
      {{FOUND_MX_TLS_EXPIRED}, 1, VERDICT_REFUSED},
      {{FOUND_MX_TLS_NOT_YET_VALID}, 1, VERDICT_REFUSED},
      {{FOUND_MX_TLS_SELF_SIGNED}, 1, VERDICT_REFUSED},
      {{FOUND_MX_TLS_UNTRUSTED}, 1, VERDICT_REFUSED},
      {{FOUND_MX_TLS_CERT_INVALID}, 1, VERDICT_REFUSED},
      {{FOUND_MX_TLS_ALERT}, 1, VERDICT_REFUSED},
      {{FOUND_MX_TLS_PROTOCOL}, 1, VERDICT_REFUSED},
      {{FOUND_MX_TLS_NOT_TLS}, 1, VERDICT_REFUSED},
      {{FOUND_MX_TLS_CLOSED}, 1, VERDICT_REFUSED},
      {{FOUND_MX_TLS_TIMEOUT}, 1, VERDICT_UNKNOWN},
      {{FOUND_MX_TLS_EXPIRES_SOON}, 1, VERDICT_SECURE},
      {{FOUND_MX_SMTP_UNREACHABLE}, 1, VERDICT_UNKNOWN},
      {{FOUND_MX_SMTP_TIMEOUT}, 1, VERDICT_UNKNOWN},
      {{FOUND_MX_SMTP_CLOSED}, 1, VERDICT_UNKNOWN},
      {{FOUND_MX_SMTP_LATER}, 1, VERDICT_UNKNOWN},
      {{FOUND_MX_SMTP_REFUSED}, 1, VERDICT_UNKNOWN},
      {{FOUND_MX_SMTP_INVALID}, 1, VERDICT_UNKNOWN},
      {{FOUND_MX_SMTP_SKIPPED}, 1, VERDICT_UNKNOWN},
      {{FOUND_MX_HOST_ABSENT}, 1, VERDICT_UNKNOWN},
      {{FOUND_MX_HOST_DNS}, 1, VERDICT_UNKNOWN},
      {{FOUND_MX_HOST_NOT_PUBLIC}, 1, VERDICT_UNKNOWN},
      {{FOUND_DANE_MISMATCH}, 1, VERDICT_SECURE},
      {{FOUND_DANE_DNSSEC}, 1, VERDICT_SECURE},
      {{FOUND_MX_TLS_EXPIRED, FOUND_MX_TLS_ALERT, FOUND_DANE_MISMATCH}, 3, VERDICT_REFUSED},
      {{FOUND_MX_TLS_EXPIRED, FOUND_MX_TLS_TIMEOUT}, 2, VERDICT_REFUSED},
      {{FOUND_MX_TLS_TIMEOUT, FOUND_MX_TLS_EXPIRES_SOON}, 2, VERDICT_UNKNOWN},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct judged judged;
    judged_begin(&judged);
    for (size_t k = 0; k < rows[i].count; k++)
      finding_list_add(&judged.findings, (struct finding){.code = rows[i].codes[k]});
    struct result_mx_tls tls = {.verdict = VERDICT_COUNT, .findings = judged.findings.first};
    mx_tls_conclude(&tls);
    if (tls.verdict != rows[i].verdict) fail_msg("row %zu", i);
    for (enum finding_code code = 0; code < FOUND_COUNT; code++)
      assert_int_equal(judged_find(&judged, code) != NULL, finding_codes_has(&tls.codes, code));
    judged_end(&judged);
  }
}

/* Every code of the stage has a row above, by its severity. */
static void knows_every_code(void **state) {
  size_t errors = 0, others = 0;
  (void)state;
  for (enum finding_code code = 0; code < FOUND_COUNT; code++) {
    if (finding_info(code)->stage != STAGE_MX_TLS) continue;
    if (finding_info(code)->severity == FINDING_ERROR)
      errors++;
    else
      others++;
  }
  assert_int_equal(12, errors);
  assert_int_equal(12, others);
}

static void keeps_names(void **state) {
  static const struct {
    const char *host;
    size_t count, fits_at, fitting, kept; /* names; the first that fits; how many do */
  } rows[] = {
      {"none.example", 0, 0, 0, 0},      {"none.example", 8, 0, 0, 8},
      {"none.example", 63, 0, 0, 63},    {"none.example", 64, 0, 0, 64},
      {"none.example", 65, 0, 0, 64},    {"none.example", 2000, 0, 0, 64},
      {"host.example", 1, 0, 1, 1},      {"host.example", 7, 6, 1, 7},
      {"host.example", 8, 7, 1, 8},      {"host.example", 9, 8, 1, 8},
      {"host.example", 2000, 70, 7, 8},  {"host.example", 2000, 1990, 8, 8},
      {"host.example", 2000, 500, 9, 8}, {"a.host.example", 100, 99, 1, 64},
  };
  static struct span names[2000];
  (void)state;
  for (size_t i = 0; i < COUNT(rows); i++) {
    for (size_t k = 0; k < rows[i].count; k++) {
      bool fits = k >= rows[i].fits_at && k < rows[i].fits_at + rows[i].fitting;
      names[k] = fits ? (k % 2 ? SPAN("HOST.example") : SPAN("*.example")) : SPAN("x.y.example");
    }
    struct result_certificate certificate = {.names = {names, rows[i].count}};
    mx_tls_keep_names(&certificate, span_of(rows[i].host));
    if (certificate.names.count != rows[i].kept) fail_msg("row %zu", i);
    assert_int_equal(rows[i].count, certificate.names_count);
    bool found = span_equal(span_of(rows[i].host), SPAN("host.example"));
    for (size_t k = 0; found && k < rows[i].fitting && k < RESULT_MX_NAMES_FITTING; k++)
      assert_false(span_equal(certificate.names.at[k], SPAN("x.y.example")));
  }
}

static const char *const many_names[MANY] = {"a", "b", "c", "d", "e", "f", "g",
                                             "h", "i", "j", "k", "l", "m"};

static void gives_each_mx_its_host(void **state) {
  (void)state;
  for (size_t count = 1; count <= MANY; count++) {
    struct result_mx at[MANY + 2];
    struct result_mx_set mx = {.at = at};
    struct span hosts[RESULT_MX_PROBED_MAX];
    struct result_mx_tls tls[RESULT_MX_PROBED_MAX];
    const struct result_mx_tls *pointers[RESULT_MX_PROBED_MAX];
    at[mx.count++] = (struct result_mx){.host = SPAN(".")};
    for (size_t i = 0; i < count; i++)
      at[mx.count++] = (struct result_mx){.host = span_of(many_names[i])};
    at[mx.count++] = (struct result_mx){.host = SPAN("a")}; /* once more */
    size_t found = mx_tls_hosts(&mx, hosts);
    assert_int_equal(count < RESULT_MX_PROBED_MAX ? count : RESULT_MX_PROBED_MAX, found);
    for (size_t i = 0; i < found; i++) {
      assert_true(span_equal(hosts[i], span_of(many_names[i])));
      pointers[i] = &tls[i];
    }
    mx_tls_place(&mx, hosts, pointers, found);
    assert_null(at[0].tls);
    for (size_t i = 0; i < count; i++) {
      if (i < found) assert_ptr_equal(at[i + 1].tls, &tls[i]);
      if (i < found) continue;
      assert_int_equal(VERDICT_UNKNOWN, at[i + 1].tls->verdict);
      assert_true(finding_codes_has(&at[i + 1].tls->codes, FOUND_MX_SMTP_SKIPPED));
    }
    assert_ptr_equal(at[mx.count - 1].tls, &tls[0]);
  }
}

static struct span patterns[] = {TEXT("*.a.example"), TEXT("mail.b.example")};
static const struct result_policy policy = {.mx = {patterns, 2}, .mode = MODE_ENFORCE};

static void raises_only_for_a_policy_in_use(void **state) {
  static const struct {
    enum result_mode mode;
    size_t patterns;
    const char *codes;
  } rows[] = {
      {MODE_ENFORCE, 1, "mx-tls-expired mx-smtp-skipped dane-mismatch"},
      {MODE_TESTING, 1, "mx-tls-expired mx-smtp-skipped dane-mismatch"},
      {MODE_NONE, 1, "dane-mismatch"},
      {MODE_COUNT, 1, "mx-tls-expired mx-smtp-skipped dane-mismatch"},
      {MODE_ENFORCE, 0, "dane-mismatch"},
  };
  static const struct finding dane = {.code = FOUND_DANE_MISMATCH},
                              expired = {.next = (struct finding *)&dane,
                                         .code = FOUND_MX_TLS_EXPIRED},
                              skipped = {.code = FOUND_MX_SMTP_SKIPPED};
  static const struct result_mx_tls one = {.findings = &expired}, over = {.findings = &skipped};
  struct result_mx at[] = {{.host = SPAN("m.a.example"), .tls = &one},
                           {.host = SPAN("n.a.example"), .tls = &over},
                           {.host = SPAN("o.a.example"), .tls = &over},
                           {.host = SPAN("p.a.example")}};
  struct result_mx_set mx = {.at = at, .count = COUNT(at)};
  (void)state;
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct judged judged;
    struct result_policy used = {.mx = {patterns, rows[i].patterns}, .mode = rows[i].mode};
    mx_tls_judge(SPAN("a.example"), &used, &mx, &judged_begin(&judged)->findings);
    assert_codes(&judged, rows[i].codes, "policy");
    const struct finding *skip = judged_find(&judged, FOUND_MX_SMTP_SKIPPED);
    if (skip) assert_span(skip->host, "n.a.example");
    judged_end(&judged);
  }
}

/* Also of a host that the policy does not cover. */
static void tells_a_code_once_with_the_first_host(void **state) {
  static const struct finding later = {.code = FOUND_MX_SMTP_LATER,
                                       .reason = REASON_MX_SMTP_LATER_EHLO,
                                       .detail = TEXT("450 wait"),
                                       .smtp_status = 450},
                              first = {.code = FOUND_MX_SMTP_LATER,
                                       .reason = REASON_MX_SMTP_LATER_GREETING,
                                       .detail = TEXT("421 busy"),
                                       .smtp_status = 421};
  static const struct result_mx_tls one = {.findings = &first}, two = {.findings = &later};
  struct result_mx at[] = {
      {.host = SPAN("m.z.example"), .judged = true, .tls = &one},
      {.host = SPAN("m.a.example"), .judged = true, .covered = true, .tls = &two},
      {.preference = 20, .host = SPAN("m.z.example"), .judged = true, .tls = &one},
  };
  struct result_mx_set mx = {.at = at, .count = COUNT(at)};
  struct judged judged;
  (void)state;
  mx_tls_judge(SPAN("a.example"), &policy, &mx, &judged_begin(&judged)->findings);
  assert_codes(&judged, "mx-smtp-later", "two hosts");
  const struct finding *got = judged.findings.first;
  assert_span(got->host, "m.z.example");
  assert_int_equal(421, got->smtp_status);
  assert_int_equal(REASON_MX_SMTP_LATER_GREETING, got->reason);
  assert_span(got->detail, "m.z.example: 421 busy; m.a.example: 450 wait");
  judged_end(&judged);
}

static void is_contested_where_it_is_at_every_host(void **state) {
  static struct span fits[] = {TEXT("b.example"), TEXT("mx.a.example")},
                     wild[] = {TEXT("*.a.example")}, over[] = {TEXT("*.b.example")},
                     none[] = {TEXT("x.y.a.example"), TEXT("")};
#define WITH(array, finding)                                                                       \
  { .certificate.names = {array, COUNT(array)}, .findings = finding }
  static const struct finding mismatch = {.code = FOUND_MX_TLS_NAME_MISMATCH},
                              contested = {.code = FOUND_MX_TLS_NAME_MISMATCH, .contested = true};
  static const struct result_mx_tls by_pattern = WITH(fits, &mismatch),
                                    by_wildcard = WITH(wild, &mismatch),
                                    by_cover = WITH(over, &mismatch), plain = WITH(none, &mismatch),
                                    by_cn = WITH(none, &contested);
#undef WITH
  static const struct {
    const struct result_mx_tls *one, *two;
    bool contested;
  } rows[] = {
      {&by_pattern, NULL, true},    {&by_wildcard, NULL, true}, {&by_cover, NULL, true},
      {&by_cn, NULL, true},         {&plain, NULL, false},      {&by_pattern, &by_cn, true},
      {&by_pattern, &plain, false}, {&plain, &by_cn, false},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct judged judged;
    struct result_mx at[] = {{.host = SPAN("m.a.example"), .tls = rows[i].one},
                             {.host = SPAN("n.a.example"), .tls = rows[i].two}};
    struct result_mx_set mx = {.at = at, .count = COUNT(at)};
    mx_tls_judge(SPAN("a.example"), &policy, &mx, &judged_begin(&judged)->findings);
    if (judged.findings.first->contested != rows[i].contested) fail_msg("row %zu", i);
    assert_span(judged.findings.first->erratum, rows[i].contested ? "RFC 8461 section 4.2" : NULL);
    judged_end(&judged);
  }
}

static void names_the_section_that_is_contested(void **state) {
  static const struct finding refused = {.code = FOUND_MX_TLS_STARTTLS_REFUSED, .contested = true},
                              protocol = {.code = FOUND_MX_TLS_PROTOCOL, .contested = true};
  static const struct result_mx_tls one = {.findings = &refused}, two = {.findings = &protocol};
  struct result_mx at[] = {{.host = SPAN("m.a.example"), .tls = &one},
                           {.host = SPAN("n.a.example"), .tls = &two}};
  struct result_mx_set mx = {.at = at, .count = COUNT(at)};
  struct judged judged;
  (void)state;
  mx_tls_judge(SPAN("a.example"), &policy, &mx, &judged_begin(&judged)->findings);
  assert_span(judged_find(&judged, FOUND_MX_TLS_STARTTLS_REFUSED)->erratum, "RFC 3207 section 4");
  assert_span(judged_find(&judged, FOUND_MX_TLS_PROTOCOL)->erratum, "RFC 8461 section 7.2");
  judged_end(&judged);
}

/* RFC 7672 section 2.2.1. */
static void wants_validated_mx_for_dane(void **state) {
  static struct span records[] = {TEXT("2 1 1 aa")};
  static const struct finding mismatch = {.code = FOUND_DANE_MISMATCH},
                              unusable = {.code = FOUND_DANE_UNUSABLE};
  static const struct {
    bool mx_ad, tlsa_ad, has_records;
    const struct finding *finding;
    const char *codes;
  } rows[] = {
      {true, true, true, NULL, ""},
      {true, true, true, &mismatch, "dane-mismatch"},
      {true, true, true, &unusable, "dane-unusable"},
      {false, true, true, NULL, "dane-insecure"},
      {false, true, true, &mismatch, "dane-insecure"},
      {false, true, false, NULL, ""},
      {false, false, true, NULL, ""},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct judged judged;
    struct result_mx_tls tls = {.findings = rows[i].finding,
                                .tlsa = {.here = true, .ad = rows[i].tlsa_ad}};
    if (rows[i].has_records) tls.tlsa.records = (struct spans){records, 1};
    struct result_mx at[] = {{.host = SPAN("m.a.example"), .tls = &tls}};
    struct result_mx_set mx = {.lookup.ad = rows[i].mx_ad, .at = at, .count = 1};
    mx_tls_judge(SPAN("a.example"), &policy, &mx, &judged_begin(&judged)->findings);
    char input[16];
    snprintf(input, sizeof input, "row %zu", i);
    assert_codes(&judged, rows[i].codes, input);
    const struct finding *insecure = judged_find(&judged, FOUND_DANE_INSECURE);
    if (insecure) {
      assert_int_equal(REASON_DANE_INSECURE_MX, insecure->reason);
      assert_true(insecure->contested);
      assert_span(insecure->erratum, "RFC 7672 section 2.2.1");
    }
    judged_end(&judged);
  }
}

/* RFC 7672 section 3.2.2. */
static void takes_the_domains_own_name_under_an_issuer(void **state) {
  static struct span records[] = {TEXT("2 1 1 aa")};
  static struct span own[] = {TEXT("x"), TEXT("*.example")}, foreign[] = {TEXT("mx.b.example")},
                     alias[] = {TEXT("c.test")}, targets[] = {TEXT("b.test"), TEXT("c.test")};
  static const struct finding by_none = {.code = FOUND_DANE_MISMATCH,
                                         .reason = REASON_DANE_MISMATCH_NONE},
                              expired = {.code = FOUND_MX_TLS_EXPIRED},
                              by_name = {.next = (struct finding *)&expired,
                                         .code = FOUND_DANE_MISMATCH,
                                         .reason = REASON_DANE_MISMATCH_NAME};
  static const struct {
    const struct finding *finding;
    struct spans names, cname;
    bool insecure;
    const char *codes;
    enum result_dane dane;
  } rows[] = {
      {&by_name, {own, 2}, {0}, false, "mx-tls-expired", DANE_MATCH},
      {&by_name, {alias, 1}, {targets, 2}, false, "mx-tls-expired", DANE_MATCH},
      {&by_name, {alias, 1}, {targets, 1}, false, "mx-tls-expired dane-mismatch", DANE_MISMATCH},
      {&by_name, {foreign, 1}, {0}, false, "mx-tls-expired dane-mismatch", DANE_MISMATCH},
      {&by_none, {own, 2}, {0}, false, "dane-mismatch", DANE_MISMATCH},
      {&by_name, {own, 2}, {0}, true, "mx-tls-expired dane-insecure", DANE_MISMATCH},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct judged judged;
    struct result_mx_tls tls = {
        .findings = rows[i].finding,
        .certificate.names = rows[i].names,
        .tlsa = {.here = true, .ad = true, .records = {records, 1}, .dane = DANE_MISMATCH}};
    mx_tls_conclude(&tls);
    struct result_mx at[] = {{.host = SPAN("m.b.example"), .tls = &tls},
                             {.host = SPAN("m.b.example"), .tls = &tls},
                             {.host = SPAN("n.b.example")}};
    struct result_mx_set mx = {
        .lookup = {.ad = !rows[i].insecure, .cname = rows[i].cname}, .at = at, .count = COUNT(at)};
    mx_tls_judge(SPAN("a.example"), &policy, &mx, &judged_begin(&judged)->findings);
    char input[16];
    snprintf(input, sizeof input, "row %zu", i);
    assert_codes(&judged, rows[i].codes, input);
    for (size_t k = 0; k < 2; k++) {
      assert_int_equal(rows[i].dane, at[k].tls->tlsa.dane);
      assert_int_equal(rows[i].dane == DANE_MISMATCH,
                       finding_codes_has(&at[k].tls->codes, FOUND_DANE_MISMATCH));
    }
    assert_int_equal(DANE_MISMATCH, tls.tlsa.dane); /* the host's own evidence is as it was */
    judged_end(&judged);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(concludes_by_code),
      cmocka_unit_test(knows_every_code),
      cmocka_unit_test(keeps_names),
      cmocka_unit_test(gives_each_mx_its_host),
      cmocka_unit_test(raises_only_for_a_policy_in_use),
      cmocka_unit_test(tells_a_code_once_with_the_first_host),
      cmocka_unit_test(is_contested_where_it_is_at_every_host),
      cmocka_unit_test(names_the_section_that_is_contested),
      cmocka_unit_test(wants_validated_mx_for_dane),
      cmocka_unit_test(takes_the_domains_own_name_under_an_issuer),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
