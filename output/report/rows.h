/* A report in the making: sections and their rows, added one after the other. The error is sticky:
 * after it nothing is added, and it is looked at once, at the end.
 */
#ifndef OUTPUT_REPORT_ROWS_H
#define OUTPUT_REPORT_ROWS_H

#include "output/report/report.h"
#include "output/stats/dimension.h"

struct rows {
  struct report *report;
  const char *chapter;   /* of the next section */
  enum report_tone tone; /* of the next rows */
  enum err err;
};

struct rows_counted {
  uint64_t count, base;
  const char *base_text;
};

#define ROWS_OF(count, base, base_text) ((struct rows_counted){count, base, base_text})

/* The next section begins a chapter. */
void rows_chapter(struct rows *rows, const char *title);

/* A section whose rows have that tone, until rows->tone is changed. */
void rows_section(struct rows *rows, const char *title, const char *about, enum report_tone tone);

/* What the last section shows beside its rows. */
void rows_chart(struct rows *rows, enum report_chart chart);

/* A row of the last section, without its texts; NULL after an error. */
struct report_row *rows_add(struct rows *rows, struct rows_counted counted);

/* A row whose member is PARENT.VALUE and whose domains are chosen by facet=VALUE; DIMENSION_COUNT:
 * no option chooses them. NULL after an error. */
struct report_row *rows_value(struct rows *rows, const char *label, const char *parent,
                              enum dimension dimension, const char *value,
                              struct rows_counted counted);

/* What the label of a row means; row may be NULL. */
void rows_note(struct report_row *row, const char *text);

#endif
