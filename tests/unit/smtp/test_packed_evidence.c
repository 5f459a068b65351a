#include "scanner/smtp/packed_evidence.h"

#include "output/record/record_write.h"
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define TEXT(literal)                                                                              \
  { "" literal, sizeof(literal) - 1 }

enum { TEXT_SIZE = 16384 };

static struct span texts[] = {TEXT("a.example"), TEXT(""), TEXT("\xff\x01")};
static struct result_attempt attempts[] = {{TEXT("192.0.2.1"), FOUND_MX_SMTP_TIMEOUT, 30000},
                                           {TEXT("192.0.2.2"), FOUND_MX_TLS_EXPIRED, 17}};
static struct finding second = {.code = FOUND_MX_TLS_NAME_MISMATCH,
                                .detail = TEXT("not for it"),
                                .pattern = TEXT("*.example"),
                                .contested = true,
                                .erratum = TEXT("RFC 8461 section 4.2")};
static struct finding first = {.next = &second,
                               .code = FOUND_MX_TLS_EXPIRED,
                               .detail = TEXT("expired"),
                               .host = TEXT("mx.example")};

static struct result_mx_tls whole(void) {
  return (struct result_mx_tls){
      .verdict = VERDICT_REFUSED,
      .findings = &first,
      .cname = {texts, 1},
      .addresses = {texts, 3},
      .address = SPAN("192.0.2.2"),
      .step = STEP_HANDSHAKE,
      .greeting = 220,
      .greeting_text = SPAN("mx.example ESMTP"),
      .ehlo = 250,
      .starttls = 220,
      .version = SPAN("TLSv1.3"),
      .has_trusted = true,
      .certificate = {.here = true,
                      .subject = SPAN("CN=a"),
                      .issuer = SPAN("CN=b"),
                      .names = {texts, 3},
                      .names_count = 9,
                      .sha256 = SPAN("00"),
                      .key = SPAN("EC 256"),
                      .chain = 2},
      .attempts = {attempts, 2},
      .tlsa = {.here = true, .base = SPAN("b.example"), .has_rcode = true, .records = {texts, 2}},
      .at = 1,
      .ms = 2,
  };
}

/* All that a record says of it. */
static struct span text_of(const struct result_mx_tls *tls, char *out) {
  struct result_mx mx = {.host = SPAN("mx.example"), .tls = tls};
  struct result result = {.findings = tls->findings, .mx = {.at = &mx, .count = 1}};
  struct json_writer json = json_writer_into(out, TEXT_SIZE);
  record_write(&json, &result);
  assert_false(json_writer_overflow(&json));
  return json_writer_text(&json);
}

static struct host_evidence copy_of(struct host_evidence packed, struct arena *arena) {
  return (struct host_evidence){arena_copy(arena, packed.own), arena_copy(arena, packed.shared)};
}

static void check_that_it_moves(const struct result_mx_tls *tls) {
  char before[TEXT_SIZE], after[TEXT_SIZE];
  struct arena arena = {0}, other = {0};
  struct span wanted = text_of(tls, before);
  struct host_evidence packed = packed_evidence_make(tls, &arena);
  for (int i = 0; i < 3; i++) { /* from place to place, the one before being gone */
    struct host_evidence moved = copy_of(packed, &other);
    arena_free(&arena);
    const struct result_mx_tls *read = packed_evidence_open(moved, &other);
    assert_true(span_equal(wanted, text_of(read, after)));
    assert_true(finding_codes_equal(&tls->codes, &read->codes));
    packed = packed_evidence_make(read, &arena);
    arena_free(&other);
  }
  arena_free(&arena);
}

static void test_evidence_moves(void **state) {
  struct result_mx_tls full = whole(), empty = {.verdict = VERDICT_UNKNOWN};
  (void)state;
  check_that_it_moves(&full);
  check_that_it_moves(&empty);
  full.tlsa.here = full.certificate.here = false;
  check_that_it_moves(&full);
}

/* Every member of a finding and the ends of what numbers can be. */
static void test_numbers_and_findings(void **state) {
  const struct finding all = {.code = FOUND_DANE_DNSSEC,
                              .reason = REASON_DANE_MISMATCH_NAME,
                              .reasons = UINT64_MAX,
                              .lenient = true,
                              .contested = true,
                              .erratum = SPAN(""),
                              .has_kind = true,
                              .kind = KIND_COUNT - 1,
                              .line = UINT_MAX,
                              .http_status = 599,
                              .smtp_status = INT_MAX,
                              .has_rcode = true,
                              .rcode = -1};
  const struct result_mx_tls tls = {.findings = &all, .at = INT64_MIN, .ms = INT64_MAX};
  struct arena arena = {0};
  (void)state;
  const struct result_mx_tls *read =
      packed_evidence_open(packed_evidence_make(&tls, &arena), &arena);
  const struct finding *one = read->findings;
  assert_true(read->at == INT64_MIN && read->ms == INT64_MAX);
  assert_true(one->code == all.code && one->reason == all.reason && one->reasons == all.reasons);
  assert_true(one->lenient && one->contested && one->has_kind && one->kind == all.kind);
  assert_true(span_here(one->erratum) && !span_here(one->detail) && !one->next);
  assert_true(one->line == UINT_MAX && one->http_status == 599 && one->smtp_status == INT_MAX);
  assert_true(one->has_rcode && one->rcode == -1);
  arena_free(&arena);
}

static void test_the_original_stays(void **state) {
  char before[TEXT_SIZE], after[TEXT_SIZE];
  struct result_mx_tls full = whole();
  struct arena arena = {0};
  (void)state;
  struct span wanted = text_of(&full, before);
  struct host_evidence packed = packed_evidence_make(&full, &arena);
  memset((char *)packed.own.ptr, 0, packed.own.len);
  memset((char *)packed.shared.ptr, 0, packed.shared.len);
  assert_true(span_equal(wanted, text_of(&full, after)));
  assert_ptr_equal(&second, first.next);
  arena_free(&arena);
}

/* The certificate is apart from all that is the host's own. */
static void test_equal_certificates_pack_equal(void **state) {
  struct result_mx_tls one = whole(), two = whole();
  struct arena arena = {0};
  (void)state;
  two.greeting_text = SPAN("mx2.example ESMTP");
  two.at = 3;
  struct host_evidence first_packed = packed_evidence_make(&one, &arena);
  struct host_evidence second_packed = packed_evidence_make(&two, &arena);
  assert_true(span_equal(first_packed.shared, second_packed.shared));
  assert_false(span_equal(first_packed.own, second_packed.own));
  two.certificate.sha256 = SPAN("01");
  assert_false(span_equal(first_packed.shared, packed_evidence_make(&two, &arena).shared));
  arena_free(&arena);
}

static void test_there_is_no_room(void **state) {
  struct result_mx_tls full = whole();
  struct arena arena = {.limit = 1}, enough = {0};
  (void)state;
  assert_null(packed_evidence_make(&full, &arena).own.ptr);
  assert_int_equal(ERR_LIMIT, arena.err);
  arena_free(&arena);
  struct host_evidence packed = packed_evidence_make(&full, &enough);
  assert_null(packed_evidence_open(packed, &arena));
  /* Wherever the room ends. */
  for (size_t spared = 0; spared < ARENA_CHUNK_SIZE; spared += 16) {
    struct arena small = {.limit = ARENA_CHUNK_SIZE};
    arena_alloc(&small, spared);
    const struct result_mx_tls *read = packed_evidence_open(packed, &small);
    assert_true((read == NULL) == (small.err != ERR_NONE));
    arena_free(&small);
  }
  arena_free(&enough);
}

/* A host as most are, with a certificate of its own or its operator's. */
static void tell_usual(struct hosts *hosts, unsigned number, bool own_certificate) {
  struct arena arena = {0};
  struct inbox_message message = {0};
  struct hosts_waiter waiter = {.message = message};
  struct host_evidence evidence;
  struct span host = arena_format(&arena, "mail.customer-%u.example", number);
  struct span address = arena_format(&arena, "192.0.%u.%u", number >> 8 & 255, number & 255);
  struct span names[] = {own_certificate ? host : SPAN("*.mail.operator.example")};
  struct result_attempt attempt = {address, FOUND_COUNT, 412};
  struct result_mx_tls tls = {
      .verdict = VERDICT_SECURE,
      .addresses = {&address, 1},
      .address = address,
      .step = STEP_DONE,
      .greeting = 220,
      .greeting_text = arena_join(&arena, host, SPAN(" ESMTP Postfix (Debian/GNU)")),
      .ehlo = 250,
      .starttls = 220,
      .version = SPAN("TLSv1.3"),
      .has_trusted = true,
      .trusted = true,
      .certificate = {.here = true,
                      .subject = arena_join(&arena, SPAN("CN="), names[0]),
                      .issuer = SPAN("CN=R11,O=Let's Encrypt,C=US"),
                      .names = {names, 1},
                      .names_count = 1,
                      .has_not_before = true,
                      .has_not_after = true,
                      .not_before = INT64_C(1760000000000),
                      .not_after = INT64_C(1767776000000),
                      .sha256 = arena_format(&arena, "%064u", own_certificate ? number : 0),
                      .key = SPAN("RSA 2048"),
                      .chain = 2},
      .attempts = {&attempt, 1},
      .at = INT64_C(1764000000000),
      .ms = 412,
  };
  assert_int_equal(HOSTS_YOURS, hosts_ask(hosts, host, 1, &waiter, &arena, &evidence));
  struct host_entry *entry = waiter.entry;
  hosts_leave(hosts, &waiter);
  evidence = packed_evidence_make(&tls, &arena);
  assert_int_equal(ERR_NONE, hosts_tell(hosts, entry, &evidence, 1));
  arena_free(&arena);
}

/* How many of them HOSTS_BYTES_MAX has room for, once it is full. */
static size_t usual_kept(bool own_certificates) {
  struct hosts *hosts;
  assert_int_equal(ERR_NONE, hosts_new(&hosts, HOSTS_BYTES_MAX));
  for (unsigned i = 0; hosts_account(hosts).evicted == 0; i++)
    tell_usual(hosts, i, own_certificates);
  struct hosts_account account = hosts_account(hosts);
  assert_true(account.bytes <= HOSTS_BYTES_MAX);
  assert_int_equal(own_certificates ? account.count : 1, account.shared);
  hosts_free(hosts);
  return account.count;
}

static void test_how_many_hosts_are_kept(void **state) {
  size_t own = usual_kept(true), alike = usual_kept(false);
  (void)state;
  print_message("%zu hosts with certificates of their own, %zu with an operator's\n", own, alike);
  assert_true(own >= 30000);
  assert_true(alike >= 45000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_evidence_moves),
      cmocka_unit_test(test_numbers_and_findings),
      cmocka_unit_test(test_equal_certificates_pack_equal),
      cmocka_unit_test(test_how_many_hosts_are_kept),
      cmocka_unit_test(test_the_original_stays),
      cmocka_unit_test(test_there_is_no_room),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
