/* The statistics of domains made with known figures; as JSON, parsed back. */
#include "output/base/json_reader.h"
#include "output/report/report_json.h"
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TEXT_SIZE = 1 << 20 };

#define NOW_MS ((int64_t)1795428000123)
#define DAY_MS ((int64_t)86400000)

static char text[TEXT_SIZE];

static struct tally *tally_made(void) {
  struct tally *tally;
  assert_int_equal(ERR_NONE, tally_new(&tally));
  return tally;
}

static void add(struct tally *tally, const struct result *result) {
  assert_int_equal(ERR_NONE, tally_add(tally, result));
}

/* A deployed domain, "a.com" with a number behind its first letter, whose policy host is an alias
 * of target (NULL: none). */
static void add_deployed(struct tally *tally, const char *name, int number, const char *target,
                         enum result_status status) {
  char domain[64];
  struct span cname = span_of(target);
  struct finding finding = {.code = FOUND_POLICY_TLS_EXPIRED};
  struct result result = {
      .status = status,
      .findings = status == STATUS_BROKEN ? &finding : NULL,
      .policy_host = {.lookup = {.asked = true, .cname = {&cname, target != NULL}}},
  };
  int len = snprintf(domain, sizeof domain, "%c%d.%s", name[0], number, name + 2);
  result.domain = (struct span){domain, (size_t)len};
  add(tally, &result);
}

static const char *written(const struct tally *tally) {
  struct json_writer json = json_writer_into(text, sizeof text - 1);
  report_json_tally(&json, NULL, tally);
  assert_false(json_writer_overflow(&json));
  text[json_writer_text(&json).len] = 0;
  return text;
}

/* Goes to the member or element of that name; false: there is none. */
static bool go_to(struct json_reader *reader, struct span name) {
  struct span key = {0};
  if (name.ptr[0] >= '0' && name.ptr[0] <= '9' && *reader->at == '[') {
    json_reader_open(reader, '[');
    for (int i = atoi(name.ptr); json_reader_element(reader); json_reader_skip(reader))
      if (i-- == 0) return true;
    return false;
  }
  json_reader_open(reader, '{');
  while (json_reader_member(reader, &key)) {
    if (span_equal(key, name)) return true;
    json_reader_skip(reader);
  }
  return false;
}

/* The number at "member/0/member", or -1. */
static long long number_at(const char *statistics, const char *path) {
  static char copy[TEXT_SIZE];
  struct span rest = span_of(path);
  strcpy(copy, statistics);
  struct json_reader reader = json_reader_of(copy, strlen(copy));
  while (rest.len)
    if (!go_to(&reader, span_cut(&rest, '/'))) return -1;
  return (long long)json_reader_uint(&reader);
}

struct expected {
  const char *path;
  long long number;
};

static void assert_numbers(const char *statistics, const struct expected *rows, size_t count) {
  for (size_t i = 0; i < count; i++) {
    long long number = number_at(statistics, rows[i].path);
    if (number != rows[i].number) print_error("%s: %lld\n", rows[i].path, number);
    assert_int_equal(rows[i].number, number);
  }
}

#define ASSERT_NUMBERS(statistics, rows)                                                           \
  assert_numbers(statistics, rows, sizeof(rows) / sizeof *(rows))

static void test_nothing_is_all_zero(void **state) {
  static const struct expected rows[] = {
      {"domains", 0},
      {"status/absent", 0},
      {"status/invalid", 0},
      {"effect/at-risk", 0},
      {"mode/none", 0},
      {"stage/tlsrpt", 0},
      {"max_age/5/domains", 0},
      {"tld/0/domains", -1},
      {"rank/0/domains", -1},
      {"delegation/0/x", -1},
      {"managed/self/domains", 0},
      {"mismatch/typo", 0},
      {"tlsrpt/deployed", 0},
      {"operators/operators", 0},
  };
  (void)state;
  struct tally *tally = tally_made();
  const char *statistics = written(tally);
  ASSERT_NUMBERS(statistics, rows);
  tally_free(tally);
}

static void add_every_kind(struct tally *tally) {
  struct finding absent = {.code = FOUND_RECORD_ABSENT};
  struct finding mismatch = {.code = FOUND_MX_MISMATCH, .has_kind = true, .kind = KIND_TYPO};
  struct finding status = {.next = &mismatch, .code = FOUND_POLICY_HTTP_STATUS};
  struct finding redirect = {.next = &status, .code = FOUND_POLICY_HTTP_REDIRECT};
  struct finding rpt = {.code = FOUND_TLSRPT_SYNTAX};
  struct finding no_rpt = {.code = FOUND_TLSRPT_ABSENT};
  struct finding servfail = {.code = FOUND_RECORD_DNS_SERVFAIL};
  struct span txt = SPAN("v=TLSRPTv1; rua=mailto:a@b.example");
  struct result results[] = {
      {.domain = SPAN("a.com"),
       .status = STATUS_ABSENT,
       .has_effect = true,
       .findings = &absent,
       .has_rank = true,
       .rank = 10000},
      {.domain = SPAN("b.com"),
       .status = STATUS_ABSENT,
       .has_effect = true,
       .findings = &absent,
       .has_rank = true,
       .rank = 10001},
      {.domain = SPAN("c.net"),
       .status = STATUS_VALID,
       .has_effect = true,
       .effect = EFFECT_ENFORCED,
       .has_rank = true,
       .rank = 1,
       .findings = &rpt,
       .fetch = {.asked = true, .http_status = 200},
       .policy = {.here = true, .mode = MODE_ENFORCE, .has_max_age = true, .max_age = 86400},
       .tlsrpt = {.lookup = {.asked = true}, .txt = {&txt, 1}}},
      {.domain = SPAN("d.net"),
       .status = STATUS_BROKEN,
       .has_effect = true,
       .effect = EFFECT_OPPORTUNISTIC,
       .findings = &redirect,
       .has_rank = true,
       .rank = 2,
       .fetch = {.asked = true, .http_status = 404},
       .policy = {.here = true, .mode = MODE_COUNT, .has_max_age = true, .max_age = 86399},
       .tlsrpt = {.lookup = {.asked = true}, .txt = {&txt, 1}}},
      {.domain = SPAN("e.net"),
       .status = STATUS_VALID,
       .has_effect = true,
       .effect = EFFECT_TESTING,
       .findings = &no_rpt,
       .fetch = {.asked = true},
       .policy = {.here = true, .mode = MODE_TESTING, .has_max_age = true, .max_age = 31557601},
       .tlsrpt = {.lookup = {.asked = true}, .txt = {&txt, 1}}},
      {.domain = SPAN("f.org"),
       .status = STATUS_UNKNOWN,
       .has_effect = true,
       .effect = EFFECT_UNKNOWN,
       .findings = &servfail},
      {.domain = SPAN("g.org"), .status = STATUS_BLOCKED},
      {.line = SPAN("not a name"), .status = STATUS_INVALID, .has_rank = true, .rank = 3},
  };
  for (size_t i = 0; i < sizeof results / sizeof *results; i++) add(tally, &results[i]);
}

static const struct expected every_kind[] = {
    {"domains", 8},
    {"status/absent", 2},
    {"status/valid", 2},
    {"status/broken", 1},
    {"status/unknown", 1},
    {"status/blocked", 1},
    {"status/invalid", 1},
    {"effect/none", 2},
    {"effect/enforced", 1},
    {"effect/opportunistic", 1},
    {"effect/testing", 1},
    {"effect/unknown", 1},
    {"mode/enforce", 1},
    {"mode/testing", 1},
    {"mode/none", 0},
    {"stage/policy-http", 1},
    {"stage/mx", 1},
    {"stage/record", 1},
    {"stage/tlsrpt", 0},
    {"findings/record-absent", 2},
    {"findings/mx-mismatch", 1},
    {"findings/tlsrpt-syntax", 1},
    {"findings/policy-empty", -1},
    {"http_status/200", 1},
    {"http_status/404", 1},
    {"http_status/0", -1},
    {"max_age/0/from", 0},
    {"max_age/0/to", 86399},
    {"max_age/0/domains", 1},
    {"max_age/1/domains", 1},
    {"max_age/4/to", 31557600},
    {"max_age/5/from", 31557601},
    {"max_age/5/domains", 1},
    {"tld/0/domains", 3}, /* net */
    {"tld/0/deployed", 3},
    {"tld/0/valid", 2},
    {"tld/0/broken", 1},
    {"tld/1/domains", 2}, /* com */
    {"tld/1/deployed", 0},
    {"tld/2/domains", 2}, /* org */
    {"tld/3/domains", -1},
    {"rank/0/from", 1},
    {"rank/0/to", 10000},
    {"rank/0/domains", 4},
    {"rank/0/deployed", 2},
    {"rank/1/from", 10001},
    {"rank/1/domains", 1},
    {"mismatch/typo", 1},
    {"mismatch/domain", 0},
    {"tlsrpt/deployed", 2},
    {"tlsrpt/broken", 1},
    {"managed/unclassified/domains", 3},
};

static void test_every_kind_of_domain_is_counted(void **state) {
  (void)state;
  struct tally *tally = tally_made();
  add_every_kind(tally);
  const char *statistics = written(tally);
  ASSERT_NUMBERS(statistics, every_kind);
  assert_int_equal(8, number_at(written(tally), "domains"));
  assert_int_equal(2, tally_status(tally, STATUS_ABSENT));
  assert_int_equal(1, tally_code(tally, FOUND_MX_MISMATCH));
  tally_free(tally);
}

static void test_marks_count_as_domains_do(void **state) {
  (void)state;
  struct finding absent = {.code = FOUND_RECORD_ABSENT};
  struct result result = {.domain = SPAN("a.com"), .findings = &absent};
  struct tally *tally = tally_made();
  struct domain_facts facts;
  assert_int_equal(ERR_NONE, tally_facts(tally, &result, &facts));
  const char *statistics = written(tally);
  assert_int_equal(0, number_at(statistics, "domains"));
  assert_int_equal(-1, number_at(statistics, "tld/0/domains")); /* named, and not counted */
  assert_int_equal(ERR_NONE, tally_count(tally, &facts));
  assert_int_equal(1, number_at(written(tally), "domains"));
  tally_free(tally);
}

static void add_managed(struct tally *tally) {
  for (int i = 0; i < 5; i++) add_deployed(tally, "a.com", i, "a.five.example", STATUS_VALID);
  for (int i = 0; i < 6; i++) add_deployed(tally, "b.com", i, "b.six.example", STATUS_VALID);
  for (int i = 0; i < 49; i++) add_deployed(tally, "c.com", i, "c.less.example", STATUS_VALID);
  for (int i = 0; i < 50; i++)
    add_deployed(tally, "d.com", i, i % 2 ? "d.fifty.example" : "fifty.example",
                 i < 2 ? STATUS_BROKEN : STATUS_VALID);
  for (int i = 0; i < 7; i++) add_deployed(tally, "e.own.co.uk", i, "sts.own.co.uk", STATUS_BROKEN);
  add_deployed(tally, "f.com", 0, NULL, STATUS_BROKEN);
}

static const struct expected managed[] = {
    {"managed/self/domains", 5 + 7},
    {"managed/self/broken", 7},
    {"managed/self/stage/policy-tls", 7},
    {"managed/third-party/domains", 50},
    {"managed/third-party/stage/policy-tls", 2},
    {"managed/unclassified/domains", 6 + 49 + 1},
    {"managed/unclassified/stage/policy-tls", 1},
    {"delegation/0/domains", 50},
    {"delegation/0/broken", 2},
    {"delegation/0/valid", 48},
    {"delegation/0/stage/policy-tls", 2},
    {"delegation/1/domains", 49},
    {"delegation/4/domains", 5},
    {"delegation/5/domains", -1},
    {"operators/operators", 5},
    {"operators/broken", 2},
    {"operators/stage/policy-tls", 2},
};

static void test_managers_are_told_at_their_limits(void **state) {
  (void)state;
  struct tally *tally = tally_made();
  add_managed(tally);
  const char *statistics = written(tally);
  ASSERT_NUMBERS(statistics, managed);
  assert_non_null(strstr(statistics, "\"delegation\":[{\"provider\":\"fifty.example\","));
  tally_free(tally);
}

static void test_limits_can_be_others(void **state) {
  struct statistics statistics;
  (void)state;
  struct tally *tally = tally_made();
  add_managed(tally);
  struct managed_limits limits = {.self_max = 6, .third_party_min = 49};
  assert_int_equal(ERR_NONE, tally_statistics(tally, limits, &statistics));
  assert_int_equal(5 + 6 + 7, statistics.managed.managers[MANAGER_SELF].domains);
  assert_int_equal(99, statistics.managed.managers[MANAGER_THIRD_PARTY].domains);
  assert_int_equal(1, statistics.managed.managers[MANAGER_UNCLASSIFIED].domains);
  statistics_free(&statistics);
  tally_free(tally);
}

/* Shards that are merged give what one tally gives, whichever comes first. */
static void test_merged_tallies_are_as_one(void **state) {
  (void)state;
  for (int order = 0; order < 2; order++) {
    struct tally *a = tally_made(), *b = tally_made(), *sum = tally_made();
    add_every_kind(a);
    for (int i = 0; i < 20; i++) add_deployed(a, "x.com", i, "fifty.example", STATUS_VALID);
    for (int i = 0; i < 30; i++) add_deployed(b, "y.com", i, "fifty.example", STATUS_VALID);
    for (int i = 0; i < 3; i++) add_deployed(b, "z.com", i, "z.other.example", STATUS_VALID);
    assert_int_equal(ERR_NONE, tally_merge(sum, order ? a : b));
    assert_int_equal(ERR_NONE, tally_merge(sum, order ? b : a));
    const char *statistics = written(sum);
    assert_int_equal(61, number_at(statistics, "domains"));
    assert_int_equal(50, number_at(statistics, "managed/third-party/domains"));
    assert_int_equal(3, number_at(statistics, "managed/self/domains"));
    assert_int_equal(55, number_at(statistics, "tld/0/domains"));
    assert_int_equal(4, number_at(statistics, "rank/0/domains"));
    tally_free(a);
    tally_free(b);
    tally_free(sum);
  }
}

static void test_hosts_without_alias_go_by_their_least_address(void **state) {
  struct span one[] = {SPAN("192.0.2.9"), SPAN("192.0.2.10")};
  struct span two[] = {SPAN("192.0.2.10"), SPAN("192.0.2.9")};
  (void)state;
  struct tally *tally = tally_made();
  for (int i = 0; i < 50; i++) {
    struct result result = {.domain = SPAN("a.com"), .status = STATUS_VALID};
    result.policy_host.addresses = (struct spans){i % 2 ? one : two, 2};
    add(tally, &result);
  }
  const char *statistics = written(tally);
  assert_int_equal(50, number_at(statistics, "managed/third-party/domains"));
  assert_int_equal(1, number_at(statistics, "operators/operators"));
  assert_int_equal(-1, number_at(statistics, "delegation/0/domains"));
  tally_free(tally);
}

static void test_policy_and_mail_of_one_provider_or_of_two(void **state) {
  static const struct {
    const char *domain, *target, *mx;
    int same, different;
  } rows[] = {
      {"a.com", "mta-sts.tutanota.de", "mail.tutanota.com", 1, 0},
      {"a.com", "x.sts.example", "mx.mail.example", 0, 1},
      {"a.com", "mta-sts.a.com", "mx.mail.example", 0, 0},
      {"a.com", "x.sts.example", "mx.a.com", 0, 0},
      {"a.com", "x.sts.example", ".", 0, 0},
      {"a.com", "x.sts.example", NULL, 0, 0},
      {"a.com", NULL, "mx.mail.example", 0, 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct tally *tally = tally_made();
    struct span cname = span_of(rows[i].target);
    struct result_mx mx = {.host = span_of(rows[i].mx)};
    struct finding finding = {.code = FOUND_MX_MISMATCH};
    struct result result = {
        .domain = span_of(rows[i].domain),
        .status = STATUS_BROKEN,
        .findings = &finding,
        .policy_host = {.lookup = {.cname = {&cname, rows[i].target != NULL}}},
        .mx = {.at = &mx, .count = rows[i].mx != NULL},
    };
    add(tally, &result);
    const char *statistics = written(tally);
    assert_int_equal(rows[i].same, number_at(statistics, "outsourced/same/domains"));
    assert_int_equal(rows[i].same, number_at(statistics, "outsourced/same/mismatch"));
    assert_int_equal(rows[i].different, number_at(statistics, "outsourced/different/domains"));
    tally_free(tally);
  }
}

static void test_certificates_expire_within_days_of_the_record(void **state) {
  static const struct {
    int64_t left_ms;
    int expired, within_7, within_14, within_30;
  } rows[] = {
      {-1, 1, 0, 0, 0},
      {0, 0, 1, 1, 1},
      {7 * DAY_MS, 0, 1, 1, 1},
      {7 * DAY_MS + 1, 0, 0, 1, 1},
      {14 * DAY_MS, 0, 0, 1, 1},
      {30 * DAY_MS, 0, 0, 0, 1},
      {30 * DAY_MS + 1, 0, 0, 0, 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct tally *tally = tally_made();
    struct result result = {
        .domain = SPAN("a.com"),
        .status = STATUS_VALID,
        .certificate = {.here = true, .has_not_after = true, .not_after = NOW_MS + rows[i].left_ms},
        .at = NOW_MS,
    };
    add(tally, &result);
    const char *statistics = written(tally);
    assert_int_equal(1, number_at(statistics, "certificate/seen"));
    assert_int_equal(rows[i].expired, number_at(statistics, "certificate/expired"));
    assert_int_equal(rows[i].within_7, number_at(statistics, "certificate/expiring/0/domains"));
    assert_int_equal(rows[i].within_14, number_at(statistics, "certificate/expiring/1/domains"));
    assert_int_equal(rows[i].within_30, number_at(statistics, "certificate/expiring/2/domains"));
    tally_free(tally);
  }
}

static void test_ranks_have_a_limit(void **state) {
  static const struct {
    uint64_t rank;
    uint32_t bin;
  } rows[] = {
      {0, 0},
      {1, 1},
      {10000, 1},
      {10001, 2},
      {DOMAIN_FACTS_RANK_MAX, DOMAIN_FACTS_RANK_MAX / DOMAIN_FACTS_RANK_BIN},
      {DOMAIN_FACTS_RANK_MAX + 1ULL, 0},
      {UINT64_MAX, 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct result result = {.has_rank = true, .rank = rows[i].rank};
    assert_int_equal(rows[i].bin, domain_facts_of(&result).rank_bin);
  }
}

static void test_marks_come_out_of_few_bits_as_they_went_in(void **state) {
  struct finding unrelated = {.code = FOUND_RECORD_UNRELATED_TXT};
  struct finding absent = {.next = &unrelated, .code = FOUND_RECORD_ABSENT};
  struct finding servfail = {.code = FOUND_RECORD_DNS_SERVFAIL};
  struct finding nodata = {.code = FOUND_POLICY_DNS_NXDOMAIN};
  static const uint32_t tlds[] = {0, 1, 65535, 65536};
  uint64_t bits;
  (void)state;
  const struct {
    struct result result;
    bool fits;
  } rows[] = {
      {{.findings = &absent, .has_effect = true}, true},
      {{.status = STATUS_UNKNOWN,
        .has_effect = true,
        .effect = EFFECT_UNKNOWN,
        .findings = &servfail,
        .has_rank = true,
        .rank = DOMAIN_FACTS_RANK_MAX},
       true},
      {{.status = STATUS_INVALID}, true},
      {{.status = STATUS_BROKEN, .findings = &nodata}, false},
      {{.status = STATUS_VALID, .policy = {.here = true, .mode = MODE_NONE}}, false},
      {{.fetch = {.http_status = 200}}, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (size_t j = 0; j < sizeof tlds / sizeof *tlds; j++) {
      struct domain_facts facts = domain_facts_of(&rows[i].result);
      facts.tld = tlds[j];
      facts.flags |= DOMAIN_FACTS_CHOSEN;
      assert_int_equal(rows[i].fits && tlds[j] < 65536, domain_facts_pack(&facts, &bits));
      if (!rows[i].fits || tlds[j] == 65536) continue;
      assert_true(bits >> DOMAIN_FACTS_PACKED_BITS == 0);
      struct domain_facts again = domain_facts_unpack(bits);
      assert_memory_equal(&facts, &again, sizeof facts);
    }
}

/* A deployed domain of a TLD, with a policy host that is an alias of target or has an address. */
static void add_of(struct tally *tally, struct span tld, struct span target, struct span address) {
  char domain[64];
  int len = snprintf(domain, sizeof domain, "a.%.*s", (int)tld.len, tld.ptr);
  struct result result = {
      .domain = {domain, (size_t)len},
      .status = STATUS_VALID,
      .policy_host = {.lookup = {.asked = true, .cname = {&target, target.len != 0}},
                      .addresses = {&address, address.len != 0}},
  };
  add(tally, &result);
}

enum made { MADE_TLD, MADE_PROVIDER, MADE_ADDRESS };

static void add_made(struct tally *tally, enum made made, unsigned count, unsigned first) {
  for (unsigned i = first; i < first + count; i++) {
    char made_text[64];
    int len = snprintf(made_text, sizeof made_text, "n%u.com", i);
    struct span name = {made_text, (size_t)len}, none = {0};
    if (made == MADE_TLD)
      add_of(tally, span_first(name, name.len - strlen(".com")), none, none);
    else
      add_of(tally, SPAN("com"), made == MADE_PROVIDER ? name : none,
             made == MADE_ADDRESS ? name : none);
  }
}

static const struct statistics_line *line_of_tld(const struct statistics *statistics,
                                                 struct span tld) {
  for (size_t i = 0; i < statistics->tld_count; i++)
    if (span_equal(statistics->tlds[i].text, tld)) return &statistics->tlds[i];
  return NULL;
}

static struct statistics statistics_of(const struct tally *tally) {
  struct statistics statistics;
  assert_int_equal(ERR_NONE, tally_statistics(tally, MANAGED_LIMITS_STUDY, &statistics));
  return statistics;
}

/* Of TLDs over the limit those that exist keep their row, whoever came first. */
static void test_tlds_have_a_limit(void **state) {
  (void)state;
  for (unsigned over = 0; over < 3; over++) {
    unsigned count = TALLY_TLDS_MAX - 1 + over;
    struct tally *tally = tally_made(), *sum = tally_made();
    add_made(tally, MADE_TLD, count, 0);
    add_of(tally, SPAN("com"), SPAN(""), SPAN(""));
    assert_int_equal(ERR_NONE, tally_merge(sum, tally));
    struct statistics statistics = statistics_of(sum);
    const struct statistics_line *other = line_of_tld(&statistics, TEXT_COUNTS_OTHER);
    assert_int_equal(statistics.tld_count, count + 1);
    assert_int_equal(other ? other->domains : 0, over < 2 ? 0 : 1);
    assert_int_equal(line_of_tld(&statistics, SPAN("com"))->domains, 1);
    statistics_free(&statistics);
    tally_free(tally);
    tally_free(sum);
  }
}

static void test_providers_have_a_limit(void **state) {
  (void)state;
  for (unsigned over = 0; over < 4; over++) {
    unsigned count = MANAGED_PROVIDERS_MAX - 1 + over;
    uint64_t rest = over < 2 ? 0 : over - 1;
    struct tally *tally = tally_made(), *sum = tally_made();
    add_made(tally, MADE_PROVIDER, count, 0);
    assert_int_equal(ERR_NONE, tally_merge(sum, tally));
    struct statistics statistics = statistics_of(sum);
    assert_int_equal(statistics.managed.operators.count, count - rest);
    assert_int_equal(statistics.managed.managers[MANAGER_SELF].domains, count - rest);
    assert_int_equal(statistics.managed.managers[MANAGER_UNCLASSIFIED].domains, rest);
    assert_int_equal(statistics.managed.providers.count, count - rest + (rest != 0));
    if (rest > 1) {
      assert_string_equal(statistics.managed.providers.at[0].text.ptr, "other");
      assert_int_equal(statistics.managed.providers.at[0].valid, rest);
    }
    statistics_free(&statistics);
    tally_free(tally);
    tally_free(sum);
  }
}

static void test_addresses_have_a_limit(void **state) {
  (void)state;
  for (unsigned over = 0; over < 3; over++) {
    unsigned count = MANAGED_ADDRESSES_MAX - 1 + over;
    struct tally *tally = tally_made();
    add_made(tally, MADE_ADDRESS, count, 0);
    struct statistics statistics = statistics_of(tally);
    assert_int_equal(statistics.managed.operators.count, count - (over == 2));
    assert_int_equal(statistics.managed.managers[MANAGER_UNCLASSIFIED].domains, over == 2);
    assert_int_equal(statistics.managed.providers.count, 0);
    statistics_free(&statistics);
    tally_free(tally);
  }
}

/* By what malloc counts (a sanitizer's counts nothing). */
static void test_memory_does_not_grow_with_the_list(void **state) {
  (void)state;
  enum { EACH = 700000, MEGABYTES = 30 };
  struct tally *tally = tally_made();
  struct mallinfo2 before = mallinfo2();
  for (int made = MADE_TLD; made <= MADE_ADDRESS; made++) add_made(tally, (enum made)made, EACH, 0);
  struct mallinfo2 after = mallinfo2();
  size_t grown = after.uordblks + after.hblkhd - before.uordblks - before.hblkhd;
  if (grown > (size_t)MEGABYTES << 20) print_error("%zu octets\n", grown);
  assert_true(grown <= (size_t)MEGABYTES << 20);
  struct statistics statistics = statistics_of(tally);
  assert_int_equal(3 * EACH, statistics.counts.domains);
  statistics_free(&statistics);
  tally_free(tally);
}

/* What resolvers said: of the record's lookup, else of the policy host's. */
static void test_ede(void **state) {
  static const struct expected rows[] = {
      {"ede/0", 1}, {"ede/7", 1}, {"ede/63", 1}, {"ede/other", 2}, {"ede/6", -1},
  };
  static const unsigned codes[] = {0, 63, 64, 65535};
  struct finding servfail = {.code = FOUND_RECORD_DNS_SERVFAIL};
  struct result both = {.domain = SPAN("a.com"), .status = STATUS_UNKNOWN, .findings = &servfail};
  (void)state;
  struct tally *tally = tally_made();
  both.record.lookup.ede = (struct result_ede){.here = true, .code = 7};
  both.policy_host.lookup.ede = (struct result_ede){.here = true, .code = 6};
  add(tally, &both);
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    struct result result = {.domain = SPAN("b.com"), .status = STATUS_VALID};
    result.policy_host.lookup.ede = (struct result_ede){.here = true, .code = codes[i]};
    add(tally, &result);
  }
  const char *statistics = written(tally);
  ASSERT_NUMBERS(statistics, rows);
  tally_free(tally);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ede),
      cmocka_unit_test(test_nothing_is_all_zero),
      cmocka_unit_test(test_every_kind_of_domain_is_counted),
      cmocka_unit_test(test_marks_count_as_domains_do),
      cmocka_unit_test(test_managers_are_told_at_their_limits),
      cmocka_unit_test(test_limits_can_be_others),
      cmocka_unit_test(test_merged_tallies_are_as_one),
      cmocka_unit_test(test_hosts_without_alias_go_by_their_least_address),
      cmocka_unit_test(test_policy_and_mail_of_one_provider_or_of_two),
      cmocka_unit_test(test_certificates_expire_within_days_of_the_record),
      cmocka_unit_test(test_ranks_have_a_limit),
      cmocka_unit_test(test_tlds_have_a_limit),
      cmocka_unit_test(test_providers_have_a_limit),
      cmocka_unit_test(test_addresses_have_a_limit),
      cmocka_unit_test(test_memory_does_not_grow_with_the_list),
      cmocka_unit_test(test_marks_come_out_of_few_bits_as_they_went_in),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
