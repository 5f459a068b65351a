/* How the table is told: wrapping, the domain filled in, colours. */
#include "output/findings/explain.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TEXT_SIZE = 65536 };

/* What was written to it, as a string. */
struct page {
  char text[TEXT_SIZE];
  FILE *out;
};

static FILE *page_open(struct page *page) {
  memset(page->text, 0, sizeof page->text);
  page->out = fmemopen(page->text, sizeof page->text, "w");
  assert_non_null(page->out);
  return page->out;
}

static const char *page_close(struct page *page) {
  assert_int_equal(0, fclose(page->out));
  return page->text;
}

static struct page page;

static const char *text_at(unsigned width, const char *domain, const char *text) {
  struct explain_style style = {.width = width, .domain = span_of(domain)};
  explain_text(page_open(&page), &style, 2, text);
  return page_close(&page);
}

static void test_domain_stands_for_the_word_alone(void **state) {
  static const struct {
    const char *text, *expected;
  } rows[] = {
      {"DOMAIN", "  a.example\n"},
      {"_mta-sts.DOMAIN.", "  _mta-sts.a.example.\n"},
      {"(*.DOMAIN) x@DOMAIN", "  (*.a.example) x@a.example\n"},
      {"NXDOMAIN DOMAINS DOMAIN2", "  NXDOMAIN DOMAINS DOMAIN2\n"},
      {"  dig MX DOMAIN", "    dig MX a.example\n"},
      {"DOMAIN,DOMAIN", "  a.example,a.example\n"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_string_equal(rows[i].expected, text_at(0, "a.example", rows[i].text));
}

static void test_without_a_domain_the_word_stays(void **state) {
  (void)state;
  assert_string_equal("  mta-sts.DOMAIN\n", text_at(0, NULL, "mta-sts.DOMAIN"));
}

static void test_paragraphs_wrap_at_the_width(void **state) {
  (void)state;
  assert_string_equal("  aaa bbb\n", text_at(9, NULL, "aaa bbb"));
  assert_string_equal("  aaa\n  bbb\n", text_at(8, NULL, "aaa bbb"));
  assert_string_equal("  aaa bbb ccc\n", text_at(0, NULL, "aaa bbb ccc"));
  assert_string_equal("  a\n  bbbbbbbbbbbb\n  c\n", text_at(6, NULL, "a bbbbbbbbbbbb c"));
  assert_string_equal("  one\n  two\n", text_at(80, NULL, "one\ntwo\n"));
}

static void test_wrapping_counts_the_domain_filled_in(void **state) {
  (void)state;
  assert_string_equal("  x a.example\n", text_at(13, "a.example", "x DOMAIN"));
  assert_string_equal("  x\n  a.example\n", text_at(12, "a.example", "x DOMAIN"));
}

static void test_verbatim_lines_never_wrap(void **state) {
  (void)state;
  assert_string_equal("    dig  +short   TXT x\n", text_at(6, NULL, "  dig  +short   TXT x"));
}

static void test_each_code_is_told_whole(void **state) {
  const struct explain_style style = {.width = 0};
  (void)state;
  for (enum finding_code code = 0; code < FOUND_COUNT; code++) {
    const struct finding_info *info = finding_info(code);
    explain_code(page_open(&page), &style, code);
    const char *text = page_close(&page);
    assert_non_null(strstr(text, info->name));
    assert_non_null(strstr(text, finding_severity_text(info->severity)));
    assert_non_null(strstr(text, info->title));
    assert_non_null(strstr(text, info->reference));
    assert_null(strchr(text, '\033'));
  }
}

static void test_no_paragraph_is_wider_than_the_width(void **state) {
  const struct explain_style style = {.width = 80, .domain = SPAN("a.example")};
  (void)state;
  for (enum finding_code code = 0; code < FOUND_COUNT; code++) {
    explain_code(page_open(&page), &style, code);
    struct span rest = span_of(page_close(&page));
    while (rest.len) {
      struct span line = span_cut(&rest, '\n');
      if (!span_starts(line, SPAN("    "))) assert_in_range(line.len, 0, 80);
    }
  }
}

static void test_list_has_each_code_and_stage_once(void **state) {
  const struct explain_style style = {.width = 0};
  size_t lines = 0;
  (void)state;
  explain_list(page_open(&page), &style);
  struct span rest = span_of(page_close(&page));
  enum finding_code code = 0;
  while (rest.len) {
    struct span line = span_cut(&rest, '\n');
    lines++;
    if (!span_starts(line, SPAN("  "))) continue;
    struct span name = span_skip(line, 2);
    assert_true(span_equal(span_cut(&name, ' '), span_of(finding_info(code)->name)));
    assert_true(span_ends(line, span_of(finding_info(code)->title)));
    code++;
  }
  assert_int_equal(FOUND_COUNT, code);
  assert_int_equal(FOUND_COUNT + 2 * STAGE_COUNT - 1, lines);
}

static void test_colour_only_when_asked_for(void **state) {
  const struct explain_style style = {.width = 80, .colour = true};
  (void)state;
  explain_code(page_open(&page), &style, FOUND_MX_MISMATCH);
  assert_non_null(strstr(page_close(&page), "\033[31merror\033[0m"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_domain_stands_for_the_word_alone),
      cmocka_unit_test(test_without_a_domain_the_word_stays),
      cmocka_unit_test(test_paragraphs_wrap_at_the_width),
      cmocka_unit_test(test_wrapping_counts_the_domain_filled_in),
      cmocka_unit_test(test_verbatim_lines_never_wrap),
      cmocka_unit_test(test_each_code_is_told_whole),
      cmocka_unit_test(test_no_paragraph_is_wider_than_the_width),
      cmocka_unit_test(test_list_has_each_code_and_stage_once),
      cmocka_unit_test(test_colour_only_when_asked_for),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
