/* Pieces of HTML: text that is escaped whatever it holds, numbers, and words for a shell. */
#ifndef OUTPUT_REPORT_HTML_H
#define OUTPUT_REPORT_HTML_H

#include "output/base/span.h"
#include <stdint.h>
#include <stdio.h>

/* Fit for text and for attribute values; what is no printable ASCII becomes a question mark. */
void html_text(FILE *out, struct span text);

/* "1,234,567", and "12.3%" of a whole. */
void html_number(FILE *out, uint64_t number);
void html_share(FILE *out, uint64_t part, uint64_t whole);

/* A word as a shell takes it: between quotes when it needs them. */
void html_shell_word(FILE *out, const char *word);

/* A heading of a level from 1, which can be linked to by its words, and a paragraph about it when
 * there is one. */
void html_heading(FILE *out, int level, const char *title, const char *about);

/* A figure of the row at the top of a page. class: "good", "bad", "risk" or "plain"; note: what it
 * is a part of, or was; may be empty. */
void html_tile(FILE *out, const char *class, uint64_t count, const char *label, const char *note);

/* A cell that sorts by its number. */
void html_cell(FILE *out, uint64_t value);
void html_share_cell(FILE *out, uint64_t part, uint64_t whole);

#endif
