#include "scanner/sts/dane.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { SHA256_SIZE = 32, SHA512_SIZE = 64, RECORD_SIZE = 200 };

static void test_usable(void **state) {
  static const struct {
    unsigned char usage, selector, matching;
    size_t size; /* of the data */
    bool usable;
  } rows[] = {
      {3, 1, 1, SHA256_SIZE, true},
      {3, 0, 1, SHA256_SIZE, true},
      {2, 1, 2, SHA512_SIZE, true},
      {2, 0, 0, 1, true},
      {3, 1, 0, 150, true},
      {0, 1, 1, SHA256_SIZE, false},
      {1, 1, 1, SHA256_SIZE, false},
      {4, 1, 1, SHA256_SIZE, false},
      {255, 1, 1, SHA256_SIZE, false},
      {3, 2, 1, SHA256_SIZE, false},
      {3, 1, 3, SHA256_SIZE, false},
      {3, 1, 1, SHA256_SIZE - 1, false},
      {3, 1, 1, SHA256_SIZE + 1, false},
      {3, 1, 2, SHA512_SIZE - 1, false},
      {3, 1, 2, SHA512_SIZE + 1, false},
      {3, 1, 1, 0, false},
      {2, 0, 0, 0, false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char record[RECORD_SIZE] = {(char)rows[i].usage, (char)rows[i].selector,
                                (char)rows[i].matching};
    assert_int_equal(rows[i].usable, dane_is_usable((struct span){record, 3 + rows[i].size}));
  }
  assert_false(dane_is_usable((struct span){0}));
}

static void test_text(void **state) {
  struct arena arena = {0}, none = {.limit = 1};
  (void)state;
  assert_true(span_equal(SPAN("3 1 1 00ff8b"), dane_text(SPAN("\3\1\1\0\xff\x8b"), &arena)));
  assert_true(span_equal(SPAN("255 0 9 20"), dane_text(SPAN("\xff\0\x09 "), &arena)));
  assert_null(dane_text(SPAN("\3\1\1aa"), &none).ptr);
  arena_free(&arena);
  arena_free(&none);
}

static void test_judge(void **state) {
  static const struct {
    size_t records, usable;
    enum result_dane dane;
    enum finding_code code; /* FOUND_COUNT: none */
  } rows[] = {
      {0, 0, DANE_NONE, FOUND_COUNT},
      {2, 0, DANE_UNUSABLE, FOUND_DANE_UNUSABLE},
      {2, 1, DANE_COUNT, FOUND_COUNT},
      {2, 2, DANE_COUNT, FOUND_COUNT},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct arena arena = {0};
    struct finding_list findings = {.arena = &arena};
    struct result_tlsa tlsa = {.here = true, .ad = true, .records.count = rows[i].records};
    dane_judge(&tlsa, rows[i].usable, &findings);
    assert_int_equal(rows[i].dane, tlsa.dane);
    assert_int_equal(rows[i].code, findings.first ? findings.first->code : FOUND_COUNT);
    arena_free(&arena);
  }
}

/* RFC 7672 sections 3.1.1 and 3.2.2. */
static void test_conclude(void **state) {
  static const struct {
    enum dane_fit fit;
    const char *name;
    enum result_dane dane;
    enum reason reason;
  } rows[] = {
      {DANE_FIT_UNTOLD, "m.a.example", DANE_COUNT, REASON_NONE},
      {DANE_FIT_KEY, "m.a.example", DANE_MATCH, REASON_NONE},
      {DANE_FIT_KEY, "other.example", DANE_MATCH, REASON_NONE},
      {DANE_FIT_ISSUER, "m.a.example", DANE_MATCH, REASON_NONE},
      {DANE_FIT_ISSUER, "*.a.example", DANE_MATCH, REASON_NONE},
      {DANE_FIT_ISSUER, "mx.b.example", DANE_MATCH, REASON_NONE}, /* whose the records are */
      {DANE_FIT_ISSUER, "other.example", DANE_MISMATCH, REASON_DANE_MISMATCH_NAME},
      {DANE_FIT_NOTHING, "m.a.example", DANE_MISMATCH, REASON_DANE_MISMATCH_NONE},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct span name = span_of(rows[i].name);
    struct arena arena = {0};
    struct finding_list findings = {.arena = &arena};
    struct result_tlsa tlsa = {.here = true, .dane = DANE_NONE};
    dane_conclude(&tlsa, rows[i].fit, (struct spans){&name, 1}, SPAN("m.a.example"),
                  SPAN("mx.b.example"), &findings);
    if (tlsa.dane != rows[i].dane) fail_msg("row %zu", i);
    assert_int_equal(rows[i].reason, findings.first ? findings.first->reason : REASON_NONE);
    arena_free(&arena);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_usable),
      cmocka_unit_test(test_text),
      cmocka_unit_test(test_judge),
      cmocka_unit_test(test_conclude),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
