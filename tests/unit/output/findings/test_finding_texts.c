/* What the table of findings says: complete, printable, and agreeing with itself. */
#include "output/findings/finding.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
  TITLE_MAX = 60,
  VERBATIM_MAX = 96, /* fits a terminal of 100 columns with its indent */
};

#define EACH_CODE(code, info)                                                                      \
  for (enum finding_code code = 0; code < FOUND_COUNT; code++)                                     \
    for (const struct finding_info *info = finding_info(code); info; info = NULL)

#define CHECK(info, condition)                                                                     \
  do {                                                                                             \
    if (!(condition)) fail_msg("%s: %s", (info)->name, #condition);                                \
  } while (0)

/* The columns that are texts. */
enum { TEXT_COUNT = 6 };

static const char *text_column(const struct finding_info *info, int column) {
  const char *const columns[TEXT_COUNT] = {info->title,    info->meaning, info->sender,
                                           info->diagnose, info->fix,     info->reference};
  return columns[column];
}

static bool text_is_printable(const char *text) {
  for (; *text; text++)
    if (*text != '\n' && (*text < ' ' || *text > '~')) return false;
  return true;
}

static void test_no_column_is_empty(void **state) {
  (void)state;
  EACH_CODE(code, info) {
    for (int i = 0; i < TEXT_COUNT; i++) {
      CHECK(info, text_column(info, i)[0] != 0);
      CHECK(info, text_is_printable(text_column(info, i)));
    }
  }
}

static void test_titles_fit_a_line(void **state) {
  (void)state;
  EACH_CODE(code, info) {
    size_t length = strlen(info->title);
    CHECK(info, length <= TITLE_MAX);
    CHECK(info, info->title[length - 1] != '.');
    CHECK(info, !strchr(info->title, '\n'));
  }
}

/* A line is a paragraph or, after two blanks, verbatim; never something between. */
static void test_lines_are_paragraphs_or_verbatim(void **state) {
  (void)state;
  EACH_CODE(code, info) {
    for (int i = 0; i < TEXT_COUNT; i++) {
      struct span rest = span_of(text_column(info, i));
      while (rest.len) {
        struct span line = span_cut(&rest, '\n');
        bool verbatim = span_starts(line, SPAN("  "));
        CHECK(info, line.len > 0);
        CHECK(info, verbatim || line.ptr[0] != ' ');
        CHECK(info, line.ptr[line.len - 1] != ' ');
        CHECK(info, !verbatim || line.len <= VERBATIM_MAX);
      }
    }
  }
}

static bool line_is_command(struct span line) {
  return span_starts(line, SPAN("  dig ")) || span_starts(line, SPAN("  curl ")) ||
         span_starts(line, SPAN("  openssl ")) || span_starts(line, SPAN("  telnet "));
}

/* A command may go on over further verbatim lines. */
static bool diagnose_asks_somebody(const char *diagnose) {
  struct span rest = span_of(diagnose);
  bool command = false;
  while (rest.len) {
    struct span line = span_cut(&rest, '\n');
    command = span_starts(line, SPAN("  ")) && (command || line_is_command(line));
    if (command &&
        (memmem(line.ptr, line.len, "DOMAIN", 6) || memmem(line.ptr, line.len, "MXHOST", 6)))
      return true;
  }
  return false;
}

static void test_each_code_has_a_command(void **state) {
  (void)state;
  EACH_CODE(code, info) CHECK(info, diagnose_asks_somebody(info->diagnose));
}

static void test_references_name_a_source(void **state) {
  (void)state;
  EACH_CODE(code, info) {
    struct span reference = span_of(info->reference);
    CHECK(info, span_starts(reference, SPAN("RFC ")) || span_starts(reference, SPAN("erratum ")));
  }
}

static bool class_fits_stage(enum finding_class class, enum finding_stage stage) {
  switch (stage) {
  case STAGE_RECORD: return class == CLASS_DNS || class == CLASS_CONFIG;
  case STAGE_POLICY_DNS:
  case STAGE_POLICY_TCP:
  case STAGE_POLICY_TLS:
  case STAGE_POLICY_HTTP: return class == CLASS_FETCH;
  case STAGE_POLICY_SYNTAX: return class == CLASS_CONFIG;
  case STAGE_MX: return class == CLASS_MX;
  default: return class == CLASS_NONE;
  }
}

/* RFC 8461 section 6: senders report failures once there is a valid record; and what they meet by
 * DANE, of which nothing is an error here. */
static bool result_type_fits(const struct finding_info *info) {
  if (info->stage == STAGE_DANE) return info->severity != FINDING_ERROR;
  bool reported = info->severity == FINDING_ERROR && info->stage != STAGE_RECORD;
  return reported == (info->result_type != RESULT_TYPE_NONE);
}

static void test_classes_and_result_types_follow_stages(void **state) {
  (void)state;
  EACH_CODE(code, info) {
    CHECK(info, class_fits_stage(info->class, info->stage));
    CHECK(info, result_type_fits(info));
  }
}

static void test_codes_are_unique_and_in_order_of_stages(void **state) {
  (void)state;
  enum finding_stage before = STAGE_RECORD;
  EACH_CODE(code, info) {
    CHECK(info, finding_by_name(span_of(info->name)) == code);
    CHECK(info, info->stage >= before);
    before = info->stage;
  }
  assert_int_equal(FOUND_COUNT, finding_by_name(SPAN("no-such-code")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_column_is_empty),
      cmocka_unit_test(test_titles_fit_a_line),
      cmocka_unit_test(test_lines_are_paragraphs_or_verbatim),
      cmocka_unit_test(test_each_code_has_a_command),
      cmocka_unit_test(test_references_name_a_source),
      cmocka_unit_test(test_classes_and_result_types_follow_stages),
      cmocka_unit_test(test_codes_are_unique_and_in_order_of_stages),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
