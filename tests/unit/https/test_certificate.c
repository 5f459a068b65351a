#include "scanner/https/attempt.h"
#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "tests/unit/https/made_certificate.h"

#define HOST "mta-sts.example.test"

enum { DAY = MADE_CERTIFICATE_DAY, CODES_MAX = 4 };

/* Which certificates the server sends behind its own. */
enum sent { WHOLE, LEAF_ONLY, WITH_ROOT };

struct row {
  const char *what;
  struct made_certificate_wish leaf, middle, root;
  enum sent sent;
  bool itself;   /* the leaf signs itself */
  bool stranger; /* the root is none of the store's */
  bool trusted;
  enum finding_code codes[CODES_MAX + 1]; /* ended by FOUND_RECORD_ABSENT, the 0 */
  const char *detail;                     /* part of the first one's */
};

#define GOOD                                                                                       \
  { .cn = "any", .san = "DNS:" HOST }
#define LATER (90L * DAY)

static const struct row rows[] = {
    {.what = "sound", .leaf = GOOD, .trusted = true},
    {.what = "sound, RSA",
     .leaf = {.cn = "any", .san = "DNS:" HOST, .rsa_bits = 2048},
     .trusted = true},
    {.what = "sound, for servers",
     .leaf = {.cn = "any", .san = "DNS:" HOST, .usage = "serverAuth"},
     .trusted = true},
    {.what = "the root sent too", .leaf = GOOD, .sent = WITH_ROOT, .trusted = true},
    {.what = "second of its names",
     .leaf = {.cn = "any", .san = "DNS:other.test, DNS:MTA-STS.Example.TEST"},
     .trusted = true},
    {.what = "wildcard of a label",
     .leaf = {.cn = "any", .san = "DNS:*.example.test"},
     .trusted = true},
    {.what = "wildcard of two labels",
     .leaf = {.cn = "any", .san = "DNS:*.test"},
     .codes = {FOUND_POLICY_TLS_NAME_MISMATCH},
     .detail = "not for " HOST " but for *.test"},
    {.what = "wildcard below",
     .leaf = {.cn = "any", .san = "DNS:*." HOST},
     .codes = {FOUND_POLICY_TLS_NAME_MISMATCH}},
    {.what = "partial wildcard at the end",
     .leaf = {.cn = "any", .san = "DNS:mta*.example.test"},
     .codes = {FOUND_POLICY_TLS_NAME_MISMATCH}},
    {.what = "partial wildcard at the beginning",
     .leaf = {.cn = "any", .san = "DNS:*sts.example.test"},
     .codes = {FOUND_POLICY_TLS_NAME_MISMATCH}},
    {.what = "partial wildcard behind a hyphen",
     .leaf = {.cn = "any", .san = "DNS:mta-*.example.test"},
     .codes = {FOUND_POLICY_TLS_NAME_MISMATCH}},
    {.what = "wildcard in the second label",
     .leaf = {.cn = "any", .san = "DNS:mta-sts.*.test"},
     .codes = {FOUND_POLICY_TLS_NAME_MISMATCH}},
    {.what = "other names",
     .leaf = {.cn = HOST, .san = "DNS:www.example.test, DNS:example.test"},
     .codes = {FOUND_POLICY_TLS_NAME_MISMATCH},
     .detail = "but for www.example.test, example.test"},
    {.what = "CN only",
     .leaf = {.cn = HOST},
     .codes = {FOUND_POLICY_TLS_NAME_MISMATCH},
     .detail = "no DNS name"},
    {.what = "the name as an e-mail address",
     .leaf = {.cn = HOST, .san = "email:a@" HOST},
     .codes = {FOUND_POLICY_TLS_NAME_MISMATCH}},
    {.what = "expired",
     .leaf = {.cn = "any", .san = "DNS:" HOST, .from = -2 * DAY, .until = -DAY},
     .codes = {FOUND_POLICY_TLS_EXPIRED},
     .detail = "expired 20"},
    {.what = "not yet valid",
     .leaf = {.cn = "any", .san = "DNS:" HOST, .from = DAY, .until = LATER},
     .codes = {FOUND_POLICY_TLS_NOT_YET_VALID},
     .detail = "not valid before 20"},
    {.what = "expires soon",
     .leaf = {.cn = "any", .san = "DNS:" HOST, .from = -DAY, .until = 13L * DAY},
     .trusted = true,
     .codes = {FOUND_POLICY_TLS_EXPIRES_SOON},
     .detail = "expires 20"},
    {.what = "expires, but not soon",
     .leaf = {.cn = "any", .san = "DNS:" HOST, .from = -DAY, .until = 15L * DAY},
     .trusted = true},
    {.what = "from no date",
     .leaf = {.cn = "any", .san = "DNS:" HOST, .from_text = "269999999999Z"},
     .codes = {FOUND_POLICY_TLS_CERT_INVALID},
     .detail = "notBefore: no date that can be read (the certificate at depth 0)"},
    {.what = "until no date",
     .leaf = {.cn = "any", .san = "DNS:" HOST, .until_text = "for ever"},
     .codes = {FOUND_POLICY_TLS_CERT_INVALID},
     .detail = "notAfter: no date that can be read"},
    {.what = "a date of a form that X.509 has not",
     .leaf = {.cn = "any", .san = "DNS:" HOST, .until_text = "490101000000+0100"},
     .codes = {FOUND_POLICY_TLS_CERT_INVALID},
     .detail = "notAfter: no date"},
    {.what = "an intermediate without dates",
     .leaf = GOOD,
     .middle = {.from_text = "x", .until_text = "y"},
     .codes = {FOUND_POLICY_TLS_CERT_INVALID},
     .detail = "notBefore and notAfter: no date that can be read (the certificate at depth 1)"},
    {.what = "expired intermediate",
     .leaf = GOOD,
     .middle = {.from = -2 * DAY, .until = -DAY},
     .codes = {FOUND_POLICY_TLS_EXPIRED},
     .detail = "depth 1"},
    {.what = "intermediate not yet valid",
     .leaf = GOOD,
     .middle = {.from = DAY, .until = LATER},
     .codes = {FOUND_POLICY_TLS_NOT_YET_VALID},
     .detail = "depth 1"},
    {.what = "intermediate that expires soon",
     .leaf = GOOD,
     .middle = {.from = -DAY, .until = DAY},
     .trusted = true},
    {.what = "expired root",
     .leaf = GOOD,
     .root = {.from = -2 * DAY, .until = -DAY},
     .codes = {FOUND_POLICY_TLS_EXPIRED},
     .detail = "depth 2"},
    {.what = "signed by itself",
     .leaf = GOOD,
     .itself = true,
     .codes = {FOUND_POLICY_TLS_SELF_SIGNED}},
    {.what = "signed by itself, expired, for another name",
     .leaf = {.cn = "any", .san = "DNS:other.test", .from = -2 * DAY, .until = -DAY},
     .itself = true,
     .codes = {FOUND_POLICY_TLS_NAME_MISMATCH, FOUND_POLICY_TLS_EXPIRED,
               FOUND_POLICY_TLS_SELF_SIGNED}},
    {.what = "unknown issuer",
     .leaf = GOOD,
     .stranger = true,
     .codes = {FOUND_POLICY_TLS_UNTRUSTED},
     .detail = "of 2 sent"},
    {.what = "unknown issuer, root sent",
     .leaf = GOOD,
     .sent = WITH_ROOT,
     .stranger = true,
     .codes = {FOUND_POLICY_TLS_UNTRUSTED},
     .detail = "of 3 sent"},
    {.what = "unknown issuer, expired intermediate",
     .leaf = GOOD,
     .middle = {.from = -2 * DAY, .until = -DAY},
     .stranger = true,
     .codes = {FOUND_POLICY_TLS_EXPIRED, FOUND_POLICY_TLS_UNTRUSTED}},
    {.what = "missing intermediate",
     .leaf = GOOD,
     .sent = LEAF_ONLY,
     .codes = {FOUND_POLICY_TLS_UNTRUSTED},
     .detail = "of 1 sent"},
    {.what = "missing intermediate, expired",
     .leaf = {.cn = "any", .san = "DNS:" HOST, .from = -2 * DAY, .until = -DAY},
     .sent = LEAF_ONLY,
     .codes = {FOUND_POLICY_TLS_EXPIRED, FOUND_POLICY_TLS_UNTRUSTED}},
    {.what = "names that cannot be parsed",
     .leaf = {.cn = "any", .san = "DER:30:03:82:05:61"},
     .codes = {FOUND_POLICY_TLS_NAME_MISMATCH, FOUND_POLICY_TLS_UNTRUSTED,
               FOUND_POLICY_TLS_CERT_INVALID}},
    {.what = "for clients only",
     .leaf = {.cn = "any", .san = "DNS:" HOST, .usage = "clientAuth"},
     .codes = {FOUND_POLICY_TLS_CERT_INVALID},
     .detail = "purpose"},
    {.what = "expired and for another name",
     .leaf = {.cn = "any", .san = "DNS:other.test", .from = -2 * DAY, .until = -DAY},
     .codes = {FOUND_POLICY_TLS_NAME_MISMATCH, FOUND_POLICY_TLS_EXPIRED}},
};

/* What a handshake ends in. */
struct shown {
  struct made_certificate leaf, middle, root;
  struct certificate certificate;
  struct arena arena;
  struct finding_list findings;
  bool trusted;
};

static int64_t now(void) {
  return (int64_t)time(NULL) * 1000;
}

static void verify(struct shown *shown, X509_STORE *store, STACK_OF(X509) * sent) {
  X509_STORE_CTX *ctx = X509_STORE_CTX_new();
  ERR_clear_error();
  assert_int_equal(X509_STORE_CTX_init(ctx, store, sk_X509_value(sent, 0), sent), 1);
  X509_STORE_CTX_set_default(ctx, "ssl_server");
  shown->findings.arena = &shown->arena;
  certificate_init(&shown->certificate, SPAN(HOST), &shown->arena);
  assert_int_equal(certificate_verify(ctx, &shown->certificate), 1);
  assert_int_equal(X509_STORE_CTX_get_error(ctx), X509_V_OK);
  assert_int_equal(ERR_peek_error(), 0); /* it would end the handshake */
  X509_STORE_CTX_free(ctx);
  shown->trusted =
      certificate_judge(&shown->certificate, &attempt_certificate_codes, now(), &shown->findings);
}

static void show(struct shown *shown, const struct row *row) {
  struct made_certificate_wish middle = row->middle, root = row->root;
  middle.cn = "Middle";
  root.cn = "Root";
  middle.ca = root.ca = true;
  *shown = (struct shown){.root = made_certificate_make(&root, NULL)};
  shown->middle = made_certificate_make(&middle, &shown->root);
  shown->leaf = made_certificate_make(&row->leaf, row->itself ? NULL : &shown->middle);
  X509_STORE *store = X509_STORE_new();
  STACK_OF(X509) *sent = sk_X509_new_null();
  sk_X509_push(sent, shown->leaf.x509);
  if (row->sent != LEAF_ONLY && !row->itself) sk_X509_push(sent, shown->middle.x509);
  if (row->sent == WITH_ROOT) sk_X509_push(sent, shown->root.x509);
  if (!row->stranger) X509_STORE_add_cert(store, shown->root.x509);
  verify(shown, store, sent);
  sk_X509_free(sent);
  X509_STORE_free(store);
}

static void hide(struct shown *shown) {
  made_certificate_free(&shown->leaf);
  made_certificate_free(&shown->middle);
  made_certificate_free(&shown->root);
  arena_free(&shown->arena);
}

static void check_row(const struct row *row) {
  struct shown shown;
  show(&shown, row);
  const struct finding *f = shown.findings.first;
  for (const enum finding_code *code = row->codes; *code; code++, f = f->next) {
    if (!f || f->code != *code)
      fail_msg("%s: no %s but %s", row->what, finding_info(*code)->name,
               f ? finding_info(f->code)->name : "nothing");
  }
  if (f) fail_msg("%s: %s too: %s", row->what, finding_info(f->code)->name, f->detail.ptr);
  if (row->detail && !strstr(shown.findings.first->detail.ptr, row->detail))
    fail_msg("%s: %s", row->what, shown.findings.first->detail.ptr);
  if (shown.trusted != row->trusted) fail_msg("%s: trusted is %d", row->what, shown.trusted);
  hide(&shown);
}

static void test_rows(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) check_row(&rows[i]);
}

static void test_facts(void **state) {
  (void)state;
  struct shown shown;
  show(&shown,
       &(struct row){.leaf = {.cn = "\xc3\xbc,\x01", .san = "DNS:a.test, DNS:b.test, IP:::1"}});
  struct result_certificate facts = shown.certificate.facts;
  assert_true(facts.here);
  assert_true(span_equal(facts.subject, SPAN("CN=\xc3\xbc\\,\\01")));
  assert_true(span_equal(facts.issuer, SPAN("CN=Middle")));
  assert_true(span_equal(facts.key, SPAN("EC 256")));
  assert_int_equal(facts.names.count, 2);
  assert_true(span_equal(facts.names.at[0], SPAN("a.test")));
  assert_true(span_equal(facts.names.at[1], SPAN("b.test")));
  assert_int_equal(facts.chain, 2);
  assert_int_equal(facts.sha256.len, 64);
  assert_int_equal(strspn(facts.sha256.ptr, "0123456789abcdef"), 64);
  assert_true(facts.not_before < now() && now() < facts.not_after);
  assert_int_equal(facts.not_before % 1000, 0);
  hide(&shown);
  show(&shown, &(struct row){.leaf = {.cn = "a", .rsa_bits = 2048}});
  assert_true(span_equal(shown.certificate.facts.key, SPAN("RSA 2048")));
  hide(&shown);
}

static void test_nothing_shown(void **state) {
  (void)state;
  struct arena arena = {0};
  struct finding_list findings = {.arena = &arena};
  struct certificate certificate;
  certificate_init(&certificate, SPAN(HOST), &arena);
  assert_false(certificate_judge(&certificate, &attempt_certificate_codes, now(), &findings));
  assert_null(findings.first);
}

/* The dates count to the millisecond, and soon is less than CERTIFICATE_EXPIRES_SOON_DAYS. */
static void test_dates(void **state) {
  (void)state;
  const int64_t until = 1700000000000, day = 86400000;
  const struct {
    int64_t now;
    enum finding_code code;
    bool trusted;
  } dates[] = {
      {until - 100 * day - 1, FOUND_POLICY_TLS_NOT_YET_VALID, false},
      {until - 100 * day, FOUND_COUNT, true},
      {until - CERTIFICATE_EXPIRES_SOON_DAYS * day, FOUND_COUNT, true},
      {until - CERTIFICATE_EXPIRES_SOON_DAYS * day + 1, FOUND_POLICY_TLS_EXPIRES_SOON, true},
      {until, FOUND_POLICY_TLS_EXPIRES_SOON, true},
      {until + 1, FOUND_POLICY_TLS_EXPIRED, false},
  };
  for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
    struct arena arena = {0};
    struct finding_list findings = {.arena = &arena};
    struct certificate certificate;
    certificate_init(&certificate, SPAN(HOST), &arena);
    certificate.facts.here = certificate.named = true;
    certificate.dates[certificate.date_count++] =
        (struct certificate_dates){until - 100 * day, until};
    assert_int_equal(
        certificate_judge(&certificate, &attempt_certificate_codes, dates[i].now, &findings),
        dates[i].trusted);
    assert_int_equal(findings.first ? findings.first->code : FOUND_COUNT, dates[i].code);
    if (dates[i].code == FOUND_POLICY_TLS_EXPIRED)
      assert_string_equal(findings.first->detail.ptr, "expired 2023-11-14T22:13:20Z");
    arena_free(&arena);
  }
}

/* A chain of so many intermediates. */
static void show_chain(struct shown *shown, size_t length) {
  struct made_certificate chain[CERTIFICATE_DEPTH_MAX + 2];
  struct made_certificate_wish ca = {.cn = "Root", .ca = true}, leaf = GOOD;
  STACK_OF(X509) *sent = sk_X509_new_null();
  X509_STORE *store = X509_STORE_new();
  *shown = (struct shown){.root = made_certificate_make(&ca, NULL)};
  X509_STORE_add_cert(store, shown->root.x509);
  for (size_t i = 0; i < length; i++) {
    char name[16];
    snprintf(name, sizeof name, "Middle %zu", i);
    ca.cn = name;
    chain[i] = made_certificate_make(&ca, i ? &chain[i - 1] : &shown->root);
    sk_X509_unshift(sent, chain[i].x509);
  }
  shown->leaf = made_certificate_make(&leaf, &chain[length - 1]);
  sk_X509_unshift(sent, shown->leaf.x509);
  verify(shown, store, sent);
  sk_X509_free(sent);
  X509_STORE_free(store);
  for (size_t i = 0; i < length; i++) made_certificate_free(&chain[i]);
}

static void test_depth_limit(void **state) {
  (void)state;
  struct shown shown;
  for (size_t length = CERTIFICATE_DEPTH_MAX - 1; length <= CERTIFICATE_DEPTH_MAX + 1; length++) {
    show_chain(&shown, length);
    assert_int_equal(shown.trusted, length <= CERTIFICATE_DEPTH_MAX);
    assert_int_equal(finding_list_has(&shown.findings, FOUND_POLICY_TLS_CERT_INVALID),
                     length > CERTIFICATE_DEPTH_MAX);
    hide(&shown);
  }
}

static void show_names(struct shown *shown, size_t count) {
  size_t size = count * 16;
  char *san = malloc(size);
  size_t at = 0;
  for (size_t i = 0; i < count; i++)
    at += (size_t)snprintf(san + at, size - at, "%sDNS:n%zu.t", i ? "," : "", i);
  show(shown, &(struct row){.leaf = {.cn = "a", .san = san}});
  free(san);
}

static void test_name_limit(void **state) {
  (void)state;
  struct shown shown;
  for (size_t count = CERTIFICATE_NAME_MAX - 1; count <= CERTIFICATE_NAME_MAX + 1; count++) {
    show_names(&shown, count);
    assert_int_equal(shown.certificate.facts.names.count,
                     count < CERTIFICATE_NAME_MAX ? count : CERTIFICATE_NAME_MAX);
    assert_true(shown.findings.first->detail.len <= FINDING_LIST_DETAIL_MAX);
    assert_false(shown.trusted);
    hide(&shown);
  }
}

static void test_no_memory(void **state) {
  (void)state;
  struct shown shown = {.arena.limit = 1};
  struct made_certificate_wish wish = GOOD;
  shown.leaf = made_certificate_make(&wish, NULL);
  X509_STORE *store = X509_STORE_new();
  STACK_OF(X509) *sent = sk_X509_new_null();
  X509_STORE_add_cert(store, shown.leaf.x509);
  sk_X509_push(sent, shown.leaf.x509);
  verify(&shown, store, sent);
  assert_int_equal(shown.arena.err, ERR_LIMIT);
  sk_X509_free(sent);
  X509_STORE_free(store);
  hide(&shown);
}

/* The codes are those of who judges, and a name in CN is contested only where he says so. */
static void test_codes(void **state) {
  (void)state;
  const struct certificate_codes codes = {
      .name_mismatch = FOUND_MX_MISMATCH, .untrusted = FOUND_MX_ABSENT, .cn_is_contested = true};
  const struct {
    struct made_certificate_wish leaf;
    const struct certificate_codes *codes;
    enum finding_code name, chain;
    bool contested;
  } judged[] = {
      {{.cn = HOST},
       &attempt_certificate_codes,
       FOUND_POLICY_TLS_NAME_MISMATCH,
       FOUND_POLICY_TLS_UNTRUSTED,
       false},
      {{.cn = HOST}, &codes, FOUND_MX_MISMATCH, FOUND_MX_ABSENT, true},
      {{.cn = "other.test"}, &codes, FOUND_MX_MISMATCH, FOUND_MX_ABSENT, false},
  };
  for (size_t i = 0; i < sizeof judged / sizeof *judged; i++) {
    struct shown shown;
    show(&shown, &(struct row){.leaf = judged[i].leaf, .stranger = true});
    struct finding_list findings = {.arena = &shown.arena};
    assert_false(certificate_judge(&shown.certificate, judged[i].codes, now(), &findings));
    assert_true(finding_list_has(&findings, judged[i].chain));
    const struct finding *found = findings.first;
    while (found && found->code != judged[i].name) found = found->next;
    assert_non_null(found);
    assert_int_equal(found->contested, judged[i].contested);
    hide(&shown);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),          cmocka_unit_test(test_facts),
      cmocka_unit_test(test_nothing_shown), cmocka_unit_test(test_dates),
      cmocka_unit_test(test_depth_limit),   cmocka_unit_test(test_name_limit),
      cmocka_unit_test(test_no_memory),     cmocka_unit_test(test_codes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
