/* Stages and codes come from their table alone: with more of them (more_stages.h, compiled into all
 * of output for this test) facts, statistics, filters and reports tell of them too. */
#include "output/report/report.h"
#include "output/report/report_json.h"
#include "output/stats/filter.h"
#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static_assert(STAGE_COUNT > 16, "built with more stages");

static struct finding finding = {.code = FOUND_MADE_UP};
static const struct result broken = {
    .domain = {"a.example", 9}, .status = STATUS_BROKEN, .findings = &finding};

static void test_facts(void **state) {
  (void)state;
  struct domain_facts facts = domain_facts_of(&broken);
  assert_true(domain_facts_has_code(&facts, FOUND_MADE_UP));
  assert_true(facts.stages == (uint64_t)1 << STAGE_MORE_16);
  assert_true(finding_stage_has_errors(STAGE_MORE_16));
  assert_false(finding_stage_has_errors(STAGE_MORE_9));
}

static void test_filter(void **state) {
  (void)state;
  struct tally *tally;
  struct filter filter = {0};
  struct filter_fault fault;
  struct domain_facts facts;
  assert_int_equal(tally_new(&tally), ERR_NONE);
  assert_int_equal(filter_add(&filter, SPAN("stage=more-16,code=made-up"), &fault), ERR_NONE);
  assert_int_equal(tally_facts(tally, &broken, &facts), ERR_NONE);
  struct dimension_domain domain = {.result = &broken, .facts = &facts, .tally = tally};
  assert_true(filter_holds(&filter, &domain));
  facts.stages = 1;
  assert_false(filter_holds(&filter, &domain));
  tally_free(tally);
}

static const struct report_row *row_of(const struct report *report, const char *member) {
  for (size_t i = 0; i < report->row_count; i++)
    if (strcmp(report->rows[i].member, member) == 0) return &report->rows[i];
  return NULL;
}

static void test_reports(void **state) {
  (void)state;
  struct tally *tally;
  struct statistics statistics;
  struct report report;
  assert_int_equal(tally_new(&tally), ERR_NONE);
  assert_int_equal(tally_add(tally, &broken), ERR_NONE);
  assert_int_equal(tally_statistics(tally, MANAGED_LIMITS_STUDY, &statistics), ERR_NONE);
  assert_int_equal(report_make(&report, &statistics, ""), ERR_NONE);
  const struct report_row *row = row_of(&report, "stage.more-16");
  assert_non_null(row);
  assert_int_equal(row->count, 1);
  assert_string_equal(row->note, "what is made up");
  assert_null(row_of(&report, "stage.more-9")); /* nothing can be wrong there */
  assert_int_equal(row_of(&report, "findings.made-up")->count, 1);
  static char text[1 << 20];
  struct json_writer json = json_writer_into(text, sizeof text - 1);
  report_json_tally(&json, NULL, tally);
  text[json_writer_text(&json).len] = 0;
  assert_non_null(strstr(text, "\"more-16\":1"));
  assert_non_null(strstr(text, "\"made-up\":1"));
  report_free(&report);
  statistics_free(&statistics);
  tally_free(tally);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_facts),
      cmocka_unit_test(test_filter),
      cmocka_unit_test(test_reports),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
