/* What the tests of the judges share: an arena, the findings in it, and how they are compared. */
#ifndef TESTS_UNIT_STS_JUDGED_H
#define TESTS_UNIT_STS_JUDGED_H

#include "scanner/sts/finding_list.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* 32 and 33 letters, for names and ids at their limit and over it. */
#define A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A33 A32 "a"

struct judged {
  struct arena arena;
  struct finding_list findings;
};

static inline struct judged *judged_begin(struct judged *judged) {
  *judged = (struct judged){0};
  judged->findings.arena = &judged->arena;
  return judged;
}

/* Every vector must have gone without a failed allocation. */
static inline void judged_end(struct judged *judged) {
  assert_int_equal(judged->arena.err, ERR_NONE);
  arena_free(&judged->arena);
}

static inline const struct finding *judged_find(const struct judged *judged,
                                                enum finding_code code) {
  for (const struct finding *f = judged->findings.first; f; f = f->next)
    if (f->code == code) return f;
  return NULL;
}

/* codes: all of them in the order of the table, blanks between. */
static inline void assert_codes(const struct judged *judged, const char *codes, const char *input) {
  char got[1024] = "";
  size_t len = 0;
  for (const struct finding *f = judged->findings.first; f; f = f->next)
    len += (size_t)snprintf(got + len, sizeof got - len, "%s%s", len ? " " : "",
                            finding_info(f->code)->name);
  if (strcmp(got, codes) != 0) print_error("input: %s\n", input);
  assert_string_equal(got, codes);
}

static inline void assert_span(struct span got, const char *expected) {
  assert_int_equal(span_here(got), expected != NULL);
  if (!expected) return;
  if (got.len != strlen(expected)) print_error("got: %.*s\n", SPAN_ARG(got));
  assert_int_equal(got.len, strlen(expected));
  assert_memory_equal(got.ptr, expected, got.len);
}

static inline void assert_holds(struct span text, const char *part) {
  bool holds = text.len && memmem(text.ptr, text.len, part, strlen(part)) != NULL;
  if (!holds) print_error("\"%s\" is not in: %.*s\n", part, SPAN_ARG(text));
  assert_true(holds);
}

static inline void assert_detail_holds(const struct judged *judged, enum finding_code code,
                                       const char *part) {
  const struct finding *finding = judged_find(judged, code);
  if (!finding) print_error("no %s\n", finding_info(code)->name);
  assert_non_null(finding);
  assert_holds(finding->detail, part);
}

#endif
