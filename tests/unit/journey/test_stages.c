/* What each stage makes of lookups and fetches that have ended, without a network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scanner/journey/job.h"
#include "tests/unit/net/block_list_of.h"
#include <stdlib.h>
#include <unistd.h>

enum { RECORDS_MAX = 12, CODES_MAX = 3, PORT = 443 };

#define NO_CODE FOUND_COUNT

/* An answer, or how a lookup failed. */
struct answer {
  enum lookup_end end;
  int rcode;
  const char *data[RECORDS_MAX]; /* as message_read() gives it */
  unsigned preferences[RECORDS_MAX];
  const char *cname;
};

#define V6(last) "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0" last
#define V4(last) "\xc0\0\x02" last

struct fixture {
  struct journey journey;
  struct job job;
  struct deployment deployment;
};

static struct fixture *fixture_new(void) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  fixture->journey.config.https_port = PORT;
  fixture->journey.config.ipv6 = true;
  fixture->job.journey = &fixture->journey;
  fixture->job.domain = SPAN("a.example");
  fixture->job.deployment = &fixture->deployment;
  fixture->deployment.findings.arena = &fixture->job.arena;
  return fixture;
}

static void fixture_free(struct fixture *fixture) {
  assert_int_equal(fixture->job.arena.err, ERR_NONE);
  arena_free(&fixture->job.arena);
  free(fixture);
}

static size_t data_size(enum dns_type type, const char *data) {
  return type == DNS_TYPE_A ? 4 : type == DNS_TYPE_AAAA ? 16 : strlen(data);
}

static void lookup_ends(struct fixture *fixture, struct lookup *lookup, const char *name,
                        enum dns_type type, const struct answer *answer) {
  struct arena *arena = &fixture->job.arena;
  *lookup = (struct lookup){.name = span_of(name), .type = type, .arena = arena, .tries = 2};
  lookup->end = answer->end;
  lookup->answer.rcode = answer->rcode;
  lookup->answer.records = arena_array(arena, RECORDS_MAX, sizeof(struct dns_record));
  for (size_t i = 0; i < RECORDS_MAX && answer->data[i]; i++, lookup->answer.count++)
    lookup->answer.records[i] = (struct dns_record){
        .data = {answer->data[i], data_size(type, answer->data[i])},
        .preference = answer->preferences[i],
    };
  if (!answer->cname) return;
  lookup->answer.cname.at = arena_alloc(arena, sizeof(struct span));
  lookup->answer.cname.at[0] = span_of(answer->cname);
  lookup->answer.cname.count = 1;
}

static void assert_codes(const struct fixture *fixture, const enum finding_code *codes) {
  const struct finding *finding = fixture->deployment.findings.first;
  for (size_t i = 0; i < CODES_MAX && codes[i] != NO_CODE; i++, finding = finding->next) {
    assert_non_null(finding);
    assert_string_equal(finding_info(finding->code)->name, finding_info(codes[i])->name);
  }
  assert_null(finding);
}

/* The codes of a failure, for each lookup of a domain with a record. */
static void test_failed_lookups(void **state) {
  (void)state;
  static const struct {
    struct answer answer;
    enum finding_code host, mx;
    const char *said;
  } rows[] = {
      {{.rcode = DNS_SERVFAIL}, FOUND_POLICY_DNS_SERVFAIL, FOUND_MX_DNS_SERVFAIL, "SERVFAIL"},
      {{.rcode = DNS_REFUSED}, FOUND_POLICY_DNS_REFUSED, FOUND_MX_DNS_REFUSED, "REFUSED"},
      {{.rcode = DNS_NOTIMP}, FOUND_POLICY_DNS_REFUSED, FOUND_MX_DNS_REFUSED, "NOTIMP"},
      {{.rcode = DNS_NOTAUTH}, FOUND_POLICY_DNS_REFUSED, FOUND_MX_DNS_REFUSED, "NOTAUTH"},
      {{.rcode = 4000}, FOUND_POLICY_DNS_MALFORMED, FOUND_MX_DNS_MALFORMED, "rcode 4000"},
      {{.end = LOOKUP_TIMEOUT}, FOUND_POLICY_DNS_TIMEOUT, FOUND_MX_DNS_TIMEOUT, "no answer"},
      {{.end = LOOKUP_MALFORMED},
       FOUND_POLICY_DNS_MALFORMED,
       FOUND_MX_DNS_MALFORMED,
       "an answer that cannot be read"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct fixture *fixture = fixture_new();
    struct deployment *deployment = &fixture->deployment;
    lookup_ends(fixture, &deployment->host_v6, "mta-sts.a.example", DNS_TYPE_AAAA, &rows[i].answer);
    lookup_ends(fixture, &deployment->host_v4, "mta-sts.a.example", DNS_TYPE_A, &rows[i].answer);
    lookup_ends(fixture, &deployment->mx, "a.example", DNS_TYPE_MX, &rows[i].answer);
    lookup_ends(fixture, &deployment->tlsrpt, "_smtp._tls.a.example", DNS_TYPE_TXT,
                &rows[i].answer);
    stage_policy_host_judge(&fixture->job);
    stage_mx_judge(&fixture->job);
    stage_tlsrpt_judge(&fixture->job); /* says nothing of MTA-STS */
    assert_codes(fixture, (enum finding_code[]){rows[i].host, rows[i].mx, NO_CODE});
    assert_non_null(strstr(deployment->findings.first->detail.ptr, rows[i].said));
    assert_non_null(strstr(deployment->findings.first->detail.ptr, "after 2 tries"));
    assert_false(deployment->result.tlsrpt.lookup.asked);
    fixture_free(fixture);
  }
}

static void test_record(void **state) {
  (void)state;
  static const struct {
    struct answer answer;
    bool deployed;
    enum record_presence presence;
    enum finding_code code; /* of one that is not deployed */
  } rows[] = {
      {{.rcode = DNS_NXDOMAIN}, false, RECORD_NONE, FOUND_RECORD_ABSENT},
      {{.rcode = DNS_NOERROR}, false, RECORD_NONE, FOUND_RECORD_ABSENT},
      {{.end = LOOKUP_TIMEOUT}, false, RECORD_NONE, FOUND_RECORD_DNS_TIMEOUT},
      {{.rcode = DNS_SERVFAIL}, false, RECORD_NONE, FOUND_RECORD_DNS_SERVFAIL},
      {{.data = {"v=STSv1; id=1;"}}, true, RECORD_SOUND, 0},
      {{.data = {"v=spf1 -all"}}, true, RECORD_NONE, 0},
      {{.data = {"v=STSv1; id=1;", "v=STSv1; id=2;"}}, true, RECORD_ATTEMPT, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct fixture *fixture = fixture_new();
    fixture->job.deployment = NULL;
    lookup_ends(fixture, &fixture->job.txt, "_mta-sts.a.example", DNS_TYPE_TXT, &rows[i].answer);
    stage_record_judge(&fixture->job);
    assert_int_equal(fixture->job.deployment != NULL, rows[i].deployed);
    if (rows[i].deployed)
      assert_int_equal(fixture->job.deployment->presence, rows[i].presence);
    else
      assert_int_equal(stage_record_finding(&fixture->job).code, rows[i].code);
    fixture_free(fixture);
  }
}

static const struct {
  const char *what;
  struct answer v6, v4;
  enum finding_code code;
  size_t addresses;
  const char *said;
} host_rows[] = {
    {"both", {.data = {V6("\x01")}}, {.data = {V4("\x01")}}, NO_CODE, 2, NULL},
    {"one family", {.rcode = 0}, {.data = {V4("\x01")}}, NO_CODE, 1, NULL},
    {"one fails, the other has it",
     {.end = LOOKUP_TIMEOUT},
     {.data = {V4("\x01")}},
     NO_CODE,
     1,
     NULL},
    {"neither",
     {.rcode = 0},
     {.rcode = 0},
     FOUND_POLICY_DNS_NODATA,
     0,
     "mta-sts.a.example has neither AAAA nor A"},
    {"an alias of nothing",
     {.cname = "b.example"},
     {.cname = "b.example"},
     FOUND_POLICY_DNS_NODATA,
     0,
     "is an alias of b.example, which has neither AAAA nor A"},
    {"no such name",
     {.rcode = DNS_NXDOMAIN},
     {.rcode = DNS_NXDOMAIN},
     FOUND_POLICY_DNS_NXDOMAIN,
     0,
     "mta-sts.a.example does not exist"},
    {"no such name, says one",
     {.end = LOOKUP_TIMEOUT},
     {.rcode = DNS_NXDOMAIN},
     FOUND_POLICY_DNS_NXDOMAIN,
     0,
     NULL},
    {"a failure outweighs no data",
     {.rcode = 0},
     {.rcode = DNS_SERVFAIL},
     FOUND_POLICY_DNS_SERVFAIL,
     0,
     NULL},
};

static void test_policy_host(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof host_rows / sizeof *host_rows; i++) {
    struct fixture *fixture = fixture_new();
    struct deployment *deployment = &fixture->deployment;
    lookup_ends(fixture, &deployment->host_v6, "mta-sts.a.example", DNS_TYPE_AAAA,
                &host_rows[i].v6);
    lookup_ends(fixture, &deployment->host_v4, "mta-sts.a.example", DNS_TYPE_A, &host_rows[i].v4);
    stage_policy_host_judge(&fixture->job);
    assert_codes(fixture, (enum finding_code[]){host_rows[i].code, NO_CODE});
    assert_int_equal(deployment->address_count, host_rows[i].addresses);
    assert_int_equal(deployment->result.policy_host.addresses.count, host_rows[i].addresses);
    if (host_rows[i].said)
      assert_non_null(strstr(deployment->findings.first->detail.ptr, host_rows[i].said));
    fixture_free(fixture);
  }
}

/* Below, at and over what is tried of each family; the record has them all. */
static void test_policy_host_with_many_addresses(void **state) {
  (void)state;
  for (size_t count = FETCHER_ADDRESS_MAX - 1; count <= FETCHER_ADDRESS_MAX + 1; count++)
    for (int ipv6 = 0; ipv6 < 2; ipv6++) {
      struct fixture *fixture = fixture_new();
      struct deployment *deployment = &fixture->deployment;
      struct answer v6 = {0}, v4 = {0};
      for (size_t i = 0; i < count; i++) v6.data[i] = V6("\x01"), v4.data[i] = V4("\x01");
      fixture->journey.config.ipv6 = ipv6;
      lookup_ends(fixture, &deployment->host_v6, "mta-sts.a.example", DNS_TYPE_AAAA, &v6);
      lookup_ends(fixture, &deployment->host_v4, "mta-sts.a.example", DNS_TYPE_A, &v4);
      stage_policy_host_judge(&fixture->job);
      size_t tried = count < FETCHER_ADDRESS_MAX ? count : FETCHER_ADDRESS_MAX;
      assert_int_equal(deployment->address_count, 2 * tried);
      assert_int_equal(deployment->result.policy_host.addresses.count, 2 * count);
      assert_int_equal(deployment->addresses[0].any.sa_family, ipv6 ? AF_INET6 : AF_INET);
      assert_int_equal(address_port(&deployment->addresses[0]), PORT);
      fixture_free(fixture);
    }
}

/* By its own name, or by one that it is an alias of. */
static void test_policy_host_that_opted_out(void **state) {
  (void)state;
  static const char *const lists[] = {"mta-sts.a.example\n", "provider.example\n"};
  static const struct answer answer = {.data = {V4("\x01")}, .cname = "sts.provider.example"};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    struct fixture *fixture = fixture_new();
    struct deployment *deployment = &fixture->deployment;
    struct block_list *block = block_list_of(lists[i]);
    fixture->journey.config.block = block;
    lookup_ends(fixture, &deployment->host_v6, "mta-sts.a.example", DNS_TYPE_AAAA,
                &(struct answer){0});
    lookup_ends(fixture, &deployment->host_v4, "mta-sts.a.example", DNS_TYPE_A, &answer);
    stage_policy_host_judge(&fixture->job);
    assert_codes(fixture, (enum finding_code[]){FOUND_POLICY_HOST_BLOCKED, NO_CODE});
    assert_int_equal(deployment->address_count, 0);
    block_list_free(block);
    fixture_free(fixture);
  }
}

static void test_mx(void **state) {
  (void)state;
  static const struct {
    struct answer answer;
    enum finding_code code;
    const char *hosts[3]; /* by preference, then by name */
    const char *said;
  } rows[] = {
      {{.data = {"b.example", "a.example", "c.example"}, .preferences = {10, 10, 5}},
       NO_CODE,
       {"c.example", "a.example", "b.example"},
       NULL},
      {{.data = {"ab.example", "a.example"}, .preferences = {1, 1}},
       NO_CODE,
       {"a.example", "ab.example"},
       NULL},
      {{.data = {"."}}, FOUND_MX_NULL, {"."}, "the domain takes no mail"},
      {{.data = {".", "a.example"}, .preferences = {0, 1}},
       FOUND_MX_NULL,
       {".", "a.example"},
       "beside other MX"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct fixture *fixture = fixture_new();
    const struct result_mx_set *mx = &fixture->deployment.result.mx;
    lookup_ends(fixture, &fixture->deployment.mx, "a.example", DNS_TYPE_MX, &rows[i].answer);
    stage_mx_judge(&fixture->job);
    assert_codes(fixture, (enum finding_code[]){rows[i].code, NO_CODE});
    for (size_t j = 0; j < 3 && rows[i].hosts[j]; j++)
      assert_true(span_equal(mx->at[j].host, span_of(rows[i].hosts[j])));
    const struct finding *found = fixture->deployment.findings.first;
    if (rows[i].said)
      assert_non_null(
          memmem(found->detail.ptr, found->detail.len, rows[i].said, strlen(rows[i].said)));
    fixture_free(fixture);
  }
}

/* RFC 5321 section 5.1. */
static void test_implicit_mx(void **state) {
  (void)state;
  static const struct {
    struct answer v6, v4;
    enum finding_code code;
  } rows[] = {
      {{.data = {V6("\x01")}}, {.rcode = 0}, FOUND_MX_IMPLICIT},
      {{.rcode = 0}, {.data = {V4("\x01")}}, FOUND_MX_IMPLICIT},
      {{.end = LOOKUP_TIMEOUT}, {.data = {V4("\x01")}}, FOUND_MX_IMPLICIT},
      {{.rcode = 0}, {.rcode = 0}, FOUND_MX_ABSENT},
      {{.rcode = DNS_NXDOMAIN}, {.rcode = DNS_NXDOMAIN}, FOUND_MX_ABSENT},
      {{.rcode = 0}, {.end = LOOKUP_TIMEOUT}, FOUND_MX_DNS_TIMEOUT},
      {{.rcode = DNS_SERVFAIL}, {.rcode = 0}, FOUND_MX_DNS_SERVFAIL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct fixture *fixture = fixture_new();
    struct deployment *deployment = &fixture->deployment;
    stage_implicit_mx_judge(&fixture->job); /* not asked: nothing is said */
    assert_null(deployment->findings.first);
    lookup_ends(fixture, &deployment->self_v6, "a.example", DNS_TYPE_AAAA, &rows[i].v6);
    lookup_ends(fixture, &deployment->self_v4, "a.example", DNS_TYPE_A, &rows[i].v4);
    stage_implicit_mx_judge(&fixture->job);
    assert_codes(fixture, (enum finding_code[]){rows[i].code, NO_CODE});
    fixture_free(fixture);
  }
}

static void test_match(void **state) {
  (void)state;
  struct span pattern = SPAN("*.mx.example");
  static const struct {
    const char *hosts[2];
    enum finding_code code;
  } rows[] = {
      {{"a.mx.example"}, NO_CODE},
      {{"other.example"}, FOUND_MX_MISMATCH},
      {{"a.mx.example", "other.example"}, FOUND_MX_PARTIAL_MISMATCH},
      {{"."}, NO_CODE}, /* null MX: no host to hold against the patterns */
      {{NULL}, NO_CODE},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct fixture *fixture = fixture_new();
    struct result *result = &fixture->deployment.result;
    struct result_mx mx[2] = {0};
    for (size_t j = 0; j < 2 && rows[i].hosts[j]; j++, result->mx.count++)
      mx[j].host = span_of(rows[i].hosts[j]);
    result->mx.at = mx;
    stage_match_judge(&fixture->job); /* without a pattern: nothing is said */
    assert_null(fixture->deployment.findings.first);
    result->policy.mode = MODE_ENFORCE;
    result->policy.mx = (struct spans){&pattern, 1};
    stage_match_judge(&fixture->job);
    const struct finding *found = fixture->deployment.findings.first;
    while (found && finding_info(found->code)->severity == FINDING_INFO) found = found->next;
    assert_int_equal(found ? found->code : NO_CODE, rows[i].code);
    fixture_free(fixture);
  }
}

/* What a fetch brought, and whether it was a policy. */
static void test_policy(void **state) {
  (void)state;
  const struct span text = SPAN("version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 604800\n");
  for (int body = 0; body < 2; body++) {
    struct fixture *fixture = fixture_new();
    struct deployment *deployment = &fixture->deployment;
    stage_policy_judge(&fixture->job); /* there was no address */
    assert_false(deployment->result.fetch.asked);
    deployment->fetch = (struct fetch){.data = &fixture->job,
                                       .result = {.asked = true,
                                                  .http_status = body ? 200 : 404,
                                                  .content_type = SPAN("text/html")},
                                       .has_header = true,
                                       .has_body = body,
                                       .body = text};
    stage_policy_judge(&fixture->job);
    const struct result_policy *policy = &deployment->result.policy;
    assert_true(deployment->result.fetch.asked);
    assert_int_equal(policy->here, body);
    assert_int_equal(finding_list_has(&deployment->findings, FOUND_POLICY_HTTP_CONTENT_TYPE), body);
    if (body) {
      assert_int_equal(policy->mode, MODE_ENFORCE);
      assert_int_equal(policy->mx.count, 1);
      assert_int_equal(policy->sha256.len, 64);
      assert_true(span_equal(policy->text, text));
    }
    fixture_free(fixture);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_failed_lookups),
      cmocka_unit_test(test_record),
      cmocka_unit_test(test_policy_host),
      cmocka_unit_test(test_policy_host_with_many_addresses),
      cmocka_unit_test(test_policy_host_that_opted_out),
      cmocka_unit_test(test_mx),
      cmocka_unit_test(test_implicit_mx),
      cmocka_unit_test(test_match),
      cmocka_unit_test(test_policy),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
