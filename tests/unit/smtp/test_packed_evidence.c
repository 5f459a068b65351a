#include "scanner/smtp/packed_evidence.h"

#include "output/record/record_write.h"
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

static void check_that_it_moves(const struct result_mx_tls *tls) {
  char before[TEXT_SIZE], after[TEXT_SIZE];
  struct arena arena = {0}, other = {0};
  struct span wanted = text_of(tls, before);
  struct span packed = packed_evidence_make(tls, &arena);
  for (int i = 0; i < 3; i++) { /* from place to place, the one before being gone */
    struct span moved = arena_copy(&other, packed);
    arena_free(&arena);
    const struct result_mx_tls *read = packed_evidence_open(moved);
    assert_true(span_equal(wanted, text_of(read, after)));
    packed = arena_copy(&arena, moved);
    arena_free(&other);
  }
  arena_free(&arena);
}

static void test_evidence_moves(void **state) {
  struct result_mx_tls full = whole(), empty = {.verdict = VERDICT_UNKNOWN};
  (void)state;
  check_that_it_moves(&full);
  check_that_it_moves(&empty);
}

static void test_the_original_stays(void **state) {
  char before[TEXT_SIZE], after[TEXT_SIZE];
  struct result_mx_tls full = whole();
  struct arena arena = {0};
  (void)state;
  struct span wanted = text_of(&full, before);
  struct span packed = packed_evidence_make(&full, &arena);
  memset((char *)packed.ptr, 0, packed.len);
  assert_true(span_equal(wanted, text_of(&full, after)));
  assert_ptr_equal(&second, first.next);
  arena_free(&arena);
}

static void test_there_is_no_room(void **state) {
  struct result_mx_tls full = whole();
  struct arena arena = {.limit = 1};
  (void)state;
  assert_null(packed_evidence_make(&full, &arena).ptr);
  assert_int_equal(ERR_LIMIT, arena.err);
  arena_free(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_evidence_moves),
      cmocka_unit_test(test_the_original_stays),
      cmocka_unit_test(test_there_is_no_room),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
