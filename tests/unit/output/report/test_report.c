/* The reports of statistics with known figures: what each shows, and what hostile texts become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "output/report/html.h"
#include "output/report/report_json.h"
#include "output/report/report_text.h"
#include "output/stats/tally.h"
#include <ctype.h>
#include <stdlib.h>

enum { VALID = 3, BROKEN = 2, ABSENT = 5, JSON_SIZE = 1 << 16 };

#define HOSTILE "<script>\x1b[31m\"&'.example"

static void add(struct tally *tally, const char *domain, enum result_status status,
                enum finding_code code) {
  struct finding finding = {.code = code};
  struct result result = {.domain = span_of(domain), .status = status, .findings = &finding};
  if (code == FOUND_COUNT) result.findings = NULL;
  assert_int_equal(tally_add(tally, &result), ERR_NONE);
}

/* Five absent, three valid, two broken: by a certificate, and by MX. */
static struct tally *tally_made(void) {
  struct tally *tally;
  assert_int_equal(tally_new(&tally), ERR_NONE);
  for (int i = 0; i < ABSENT; i++) add(tally, "a.com", STATUS_ABSENT, FOUND_RECORD_ABSENT);
  for (int i = 0; i < VALID; i++) add(tally, "a." HOSTILE, STATUS_VALID, FOUND_COUNT);
  add(tally, "a.org", STATUS_BROKEN, FOUND_POLICY_TLS_EXPIRED);
  add(tally, "a.org", STATUS_BROKEN, FOUND_MX_MISMATCH);
  return tally;
}

struct made {
  struct tally *tally;
  struct statistics statistics;
  struct report report;
};

static void make(struct made *made, const char *where) {
  made->tally = tally_made();
  assert_int_equal(tally_statistics(made->tally, MANAGED_LIMITS_STUDY, &made->statistics),
                   ERR_NONE);
  assert_int_equal(report_make(&made->report, &made->statistics, where), ERR_NONE);
}

static void unmake(struct made *made) {
  report_free(&made->report);
  statistics_free(&made->statistics);
  tally_free(made->tally);
}

static const struct report_row *row_of(const struct report *report, const char *member) {
  for (size_t i = 0; i < report->row_count; i++)
    if (strcmp(report->rows[i].member, member) == 0) return &report->rows[i];
  fail_msg("no row is of %s", member);
  return NULL;
}

static void test_rows_have_their_counts_and_bases(void **state) {
  (void)state;
  static const struct {
    const char *member;
    uint64_t count, base;
  } rows[] = {
      {"status.valid", VALID, ABSENT + VALID + BROKEN},
      {"status.broken", BROKEN, ABSENT + VALID + BROKEN},
      {"stage.policy-tls", 1, VALID + BROKEN},
      {"stage.mx", 1, VALID + BROKEN},
      {"findings.policy-tls-expired", 1, 1}, /* of those that fail at that stage */
  };
  struct made made;
  make(&made, "");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const struct report_row *row = row_of(&made.report, rows[i].member);
    assert_int_equal(row->count, rows[i].count);
    assert_int_equal(row->base, rows[i].base);
  }
  unmake(&made);
}

/* Rows of one section follow each other, and belong to one section. */
static void test_sections_hold_all_rows(void **state) {
  (void)state;
  struct made made;
  size_t next = 0;
  make(&made, "");
  assert_in_range(made.report.section_count, 1, REPORT_SECTIONS_MAX);
  for (size_t i = 0; i < made.report.section_count; i++) {
    const struct report_section *section = &made.report.sections[i];
    assert_int_equal(section->first, next);
    assert_non_null(section->title);
    next += section->count;
  }
  assert_int_equal(next, made.report.row_count);
  unmake(&made);
}

static char *told(const struct made *made, bool colour) {
  const struct report_text_style style = {.colour = colour};
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  report_text(out, &style, &made->report);
  fclose(out);
  assert_int_equal(strlen(text), size);
  return text;
}

static void test_text_is_printable_ascii(void **state) {
  (void)state;
  struct made made;
  make(&made, "tld=com");
  char *text = told(&made, false), *colours = told(&made, true);
  for (const char *at = text; *at; at++) assert_true(*at == '\n' || isprint((unsigned char)*at));
  assert_non_null(strstr(text, "tld=com"));
  assert_non_null(strstr(text, "50.0%"));
  assert_non_null(strstr(colours, "\x1b[1m"));
  free(text);
  free(colours);
  unmake(&made);
}

/* What stands in a record cannot become markup, in text or in an attribute. */
static void test_html_escapes_what_it_did_not_write(void **state) {
  (void)state;
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  html_text(out, SPAN(HOSTILE));
  html_shell_word(out, HOSTILE);
  fclose(out);
  for (const char *at = text; *at; at++)
    assert_true(isprint((unsigned char)*at) && !strchr("<>\"", *at));
  for (const char *at = text; (at = strchr(at, '&')); at++)
    assert_true(at[1] == '#' || islower((unsigned char)at[1]));
  free(text);
}

static void test_json_says_the_same(void **state) {
  (void)state;
  static char memory[JSON_SIZE];
  static const char *const members[] = {"\"domains\":10", "\"valid\":3", "\"broken\":2",
                                        "\"policy-tls-expired\":1"};
  struct tally *tally = tally_made();
  struct json_writer json = json_writer_into(memory, sizeof memory);
  report_json_tally(&json, NULL, tally);
  assert_false(json_writer_overflow(&json));
  struct span text = json_writer_text(&json);
  for (size_t i = 0; i < sizeof members / sizeof *members; i++)
    if (!memmem(text.ptr, text.len, members[i], strlen(members[i])))
      fail_msg("%s is not in %.*s", members[i], SPAN_ARG(text));
  tally_free(tally);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows_have_their_counts_and_bases),
      cmocka_unit_test(test_sections_hold_all_rows),
      cmocka_unit_test(test_text_is_printable_ascii),
      cmocka_unit_test(test_html_escapes_what_it_did_not_write),
      cmocka_unit_test(test_json_says_the_same),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
