/* The table of findings, told to a person: on a terminal, in a pipe, inside a diagnosis.
 *
 * Texts are wrapped at the style's width; verbatim lines (commands, records and policies to
 * publish) never are, so that they can be copied. Only ASCII is written, but for domain and host,
 * which the caller has checked.
 */
#ifndef OUTPUT_FINDINGS_EXPLAIN_H
#define OUTPUT_FINDINGS_EXPLAIN_H

#include "output/findings/finding.h"
#include <stdio.h>

struct explain_style {
  unsigned width;     /* columns; 0: no wrapping */
  bool colour;        /* with ANSI escapes */
  struct span domain; /* in place of the word DOMAIN, which stays when this is not there */
  struct span host;   /* in place of the word MXHOST, likewise */
};

/* Everything about one code. */
void explain_code(FILE *out, const struct explain_style *style, enum finding_code code);

/* All codes by stage, with severity and title. */
void explain_list(FILE *out, const struct explain_style *style);

/* The codes of one class of web checkers, likewise. */
void explain_class(FILE *out, const struct explain_style *style, enum finding_class class);

/* One text of the table, each line of it indented by that many columns (verbatim ones by two
 * more). */
void explain_text(FILE *out, const struct explain_style *style, unsigned indent, const char *text);

/* Words from column `at` on, further lines indented by `indent` columns, and a line end. */
void explain_wrap(FILE *out, const struct explain_style *style, size_t at, size_t indent,
                  struct span text);

#endif
