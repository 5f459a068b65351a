#include "scanner/sts/finding_list.h"

#include "judged.h"

static void keeps_the_order_of_the_table(void **state) {
  struct judged judged;
  (void)state;
  judged_begin(&judged);
  finding_list_add(&judged.findings, (struct finding){.code = FOUND_MX_NULL});
  finding_list_add(&judged.findings, (struct finding){.code = FOUND_RECORD_ID_MISSING});
  finding_list_add(&judged.findings, (struct finding){.code = FOUND_TLSRPT_ABSENT});
  finding_list_add(&judged.findings, (struct finding){.code = FOUND_POLICY_EMPTY});
  assert_codes(&judged, "record-id-missing policy-empty mx-null tlsrpt-absent", "four");
  assert_true(finding_list_has(&judged.findings, FOUND_MX_NULL));
  assert_false(finding_list_has(&judged.findings, FOUND_MX_ABSENT));
  assert_true(finding_list_error_at(&judged.findings, STAGE_RECORD));
  assert_true(finding_list_error_at(&judged.findings, STAGE_POLICY_SYNTAX));
  assert_false(finding_list_error_at(&judged.findings, STAGE_MX)); /* a warning */
  assert_false(finding_list_error_at(&judged.findings, STAGE_POLICY_TLS));
  judged_end(&judged);
}

static void joins_details_and_keeps_the_first_members(void **state) {
  struct judged judged;
  (void)state;
  judged_begin(&judged);
  const struct finding first = {.code = FOUND_POLICY_SYNTAX, .line = 3, .detail = SPAN("a")};
  const struct finding later = {.code = FOUND_POLICY_SYNTAX, .line = 5, .detail = SPAN("b")};
  finding_list_add(&judged.findings, first);
  finding_list_add(&judged.findings, later);
  assert_codes(&judged, "policy-syntax", "two of one code");
  assert_int_equal(judged.findings.first->line, 3);
  assert_span(judged.findings.first->detail, "a; b");
  judged_end(&judged);

  judged_begin(&judged);
  finding_list_add(&judged.findings, (struct finding){.code = FOUND_POLICY_SYNTAX});
  finding_list_add(&judged.findings, later);
  finding_list_add(&judged.findings, later);
  assert_span(judged.findings.first->detail, "b");
  judged_end(&judged);
}

static void joins_so_many_details(void **state) {
  (void)state;
  for (unsigned count = FINDING_LIST_DETAILS_MAX - 1; count <= FINDING_LIST_DETAILS_MAX + 1;
       count++) {
    struct judged judged;
    struct finding finding = {.code = FOUND_POLICY_SYNTAX};
    judged_begin(&judged);
    for (unsigned i = 0; i < count; i++) {
      finding.detail = arena_format(&judged.arena, "%u", i);
      finding_list_add(&judged.findings, finding);
    }
    bool over = count > FINDING_LIST_DETAILS_MAX;
    assert_int_equal(finding_list_full(&judged.findings, FOUND_POLICY_SYNTAX), over);
    assert_false(finding_list_full(&judged.findings, FOUND_POLICY_MODE));
    assert_int_equal(span_ends(judged.findings.first->detail, SPAN("; and more")), over);
    finding_list_tell(&judged.findings, (struct finding){.code = FOUND_POLICY_SYNTAX}, "late",
                      SPAN("x"));
    bool late = span_ends(judged.findings.first->detail, SPAN("late: x"));
    assert_int_equal(late, count < FINDING_LIST_DETAILS_MAX);
    judged_end(&judged);
  }
}

static void joins_so_many_bytes(void **state) {
  static char bytes[FINDING_LIST_DETAIL_MAX];
  const size_t room = FINDING_LIST_DETAIL_MAX - (sizeof "a; ; and more" - 1);
  (void)state;
  memset(bytes, 'b', sizeof bytes);
  for (size_t len = room - 1; len <= room + 1; len++) {
    struct judged judged;
    judged_begin(&judged);
    finding_list_add(&judged.findings,
                     (struct finding){.code = FOUND_POLICY_MODE, .detail = SPAN("a")});
    finding_list_add(&judged.findings,
                     (struct finding){.code = FOUND_POLICY_MODE, .detail = {bytes, len}});
    assert_int_equal(finding_list_full(&judged.findings, FOUND_POLICY_MODE), len > room);
    if (len > room) assert_span(judged.findings.first->detail, "a; and more");
    finding_list_add(&judged.findings,
                     (struct finding){.code = FOUND_POLICY_MODE, .detail = SPAN("cc")});
    assert_true(finding_list_full(&judged.findings, FOUND_POLICY_MODE));
    assert_true(judged.findings.first->detail.len <= FINDING_LIST_DETAIL_MAX);
    judged_end(&judged);
  }
}

static void words_a_detail(void **state) {
  static const struct {
    unsigned line;
    const char *text, *detail;
  } vectors[] = {
      {0, "", "what"},
      {0, "x", "what: x"},
      {7, "", "line 7: what"},
      {7, "x", "line 7: what: x"},
      {0, "\"x\"", "what: \"x\" (holds a quotation mark)"},
      {2, "a\\n", "line 2: what: a\\n (holds \\n as two letters)"},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    struct judged judged;
    judged_begin(&judged);
    finding_list_tell(&judged.findings,
                      (struct finding){.code = FOUND_POLICY_MODE, .line = vectors[i].line}, "what",
                      span_of(vectors[i].text));
    assert_span(judged.findings.first->detail, vectors[i].detail);
    judged_end(&judged);
  }
}

/* At the limit a character of several bytes stands whole or not at all. */
static void quotes_whole_characters(void **state) {
  static const struct {
    const char *character;
    size_t before, quoted; /* bytes */
  } vectors[] = {
      {"a", FINDING_LIST_QUOTE_MAX - 2, FINDING_LIST_QUOTE_MAX - 1},
      {"a", FINDING_LIST_QUOTE_MAX - 1, FINDING_LIST_QUOTE_MAX},
      {"a", FINDING_LIST_QUOTE_MAX, FINDING_LIST_QUOTE_MAX},
      {"\xc3\xa9", FINDING_LIST_QUOTE_MAX - 2, FINDING_LIST_QUOTE_MAX},
      {"\xc3\xa9", FINDING_LIST_QUOTE_MAX - 1, FINDING_LIST_QUOTE_MAX - 1},
      {"\xf0\x9f\x8c\x9f", FINDING_LIST_QUOTE_MAX - 4, FINDING_LIST_QUOTE_MAX},
      {"\xf0\x9f\x8c\x9f", FINDING_LIST_QUOTE_MAX - 3, FINDING_LIST_QUOTE_MAX - 3},
      {"\xf0\x9f\x8c\x9f", FINDING_LIST_QUOTE_MAX - 1, FINDING_LIST_QUOTE_MAX - 1},
  };
  (void)state;
  for (size_t i = 0; i < COUNT(vectors); i++) {
    struct judged judged;
    char text[FINDING_LIST_QUOTE_MAX + 8];
    memset(text, 'x', sizeof text);
    size_t len = vectors[i].before + strlen(vectors[i].character);
    memcpy(text + vectors[i].before, vectors[i].character, len - vectors[i].before);
    judged_begin(&judged);
    finding_list_tell(&judged.findings, (struct finding){.code = FOUND_POLICY_MODE}, "",
                      (struct span){text, len});
    struct span detail = judged.findings.first->detail;
    struct span cause = span_skip(detail, sizeof ": " - 1 + vectors[i].quoted);
    char expected[64];
    snprintf(expected, sizeof expected, "%s%s", vectors[i].quoted < len ? " ..." : "",
             vectors[i].character[0] == 'a' ? "" : " (holds a character that is not ASCII)");
    assert_span(cause, expected);
    judged_end(&judged);
  }
}

static void tells_a_failed_allocation(void **state) {
  struct arena arena = {.limit = 1};
  struct finding_list findings = {.arena = &arena};
  (void)state;
  finding_list_tell(&findings, (struct finding){.code = FOUND_POLICY_MODE}, "what", SPAN("x"));
  assert_null(findings.first);
  assert_int_equal(arena.err, ERR_LIMIT);
  arena_free(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keeps_the_order_of_the_table),
      cmocka_unit_test(joins_details_and_keeps_the_first_members),
      cmocka_unit_test(joins_so_many_details),
      cmocka_unit_test(joins_so_many_bytes),
      cmocka_unit_test(words_a_detail),
      cmocka_unit_test(quotes_whole_characters),
      cmocka_unit_test(tells_a_failed_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
