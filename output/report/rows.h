/* The rows and sections of a report, and how they are put together.
 *
 * Texts belong to the statistics and to the program. While a report is made, struct rows is where
 * the next row goes; its error is sticky: after it nothing is added, and it is looked at once, at
 * the end.
 */
#ifndef OUTPUT_REPORT_ROWS_H
#define OUTPUT_REPORT_ROWS_H

#include "output/base/err.h"
#include "output/stats/dimension.h"
#include "output/stats/statistics.h"
#include <stdbool.h>
#include <stdio.h>

enum {
  REPORT_LABEL_SIZE = 64,
  REPORT_MEMBER_SIZE = 96,
  REPORT_LIST_SIZE = 128,
  REPORT_SECTIONS_MAX = 48,
};

enum report_tone { REPORT_PLAIN, REPORT_GOOD, REPORT_BAD };

struct report_row {
  char label[REPORT_LABEL_SIZE];
  const char *note;                /* what the label means; NULL: it says so itself */
  char member[REPORT_MEMBER_SIZE]; /* "status.valid" */
  char list[REPORT_LIST_SIZE];     /* "--list policy-tls-expired"; empty: no options list them */
  uint64_t count, base;
  const char *base_text; /* "deployed": what the base counts */
  enum report_tone tone;
};

/* What a section shows beside its rows, or instead of them. */
enum report_chart {
  REPORT_CHART_NONE,
  REPORT_CHART_EFFECT,
  REPORT_CHART_MANAGERS,
  REPORT_CHART_CAUSES,
  REPORT_CHART_MAIL_CAUSES,
};

struct report_section {
  const char *chapter; /* NULL: that of the section before */
  const char *title;
  const char *about; /* may be empty */
  enum report_chart chart;
  size_t first, count; /* rows */
};

struct report {
  const struct statistics *statistics;
  const char *where; /* the conditions that chose the domains; empty: all */
  struct report_row *rows;
  size_t row_count, row_room;
  struct report_section sections[REPORT_SECTIONS_MAX];
  size_t section_count;
};

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

/* Chapters that have tables of names besides. */
#define REPORT_CHAPTER_OPERATORS "Who runs it"
#define REPORT_CHAPTER_MAIL      "Mail servers"

/* The next section begins a chapter. */
void rows_chapter(struct rows *rows, const char *title);

/* Begins a section whose rows have that tone, until rows->tone is changed. ERR_LIMIT: there are
 * REPORT_SECTIONS_MAX. */
void rows_section(struct rows *rows, const char *title, const char *about, enum report_tone tone);

/* What the last section shows beside its rows. */
void rows_chart(struct rows *rows, enum report_chart chart);

/* A row of the last section, without its texts; NULL after an error. */
struct report_row *rows_add(struct rows *rows, struct rows_counted counted);

/* A row whose member is PARENT.VALUE and whose domains are chosen by dimension=VALUE;
 * DIMENSION_COUNT: no option chooses them. NULL after an error. */
struct report_row *rows_value(struct rows *rows, const char *label, const char *parent,
                              enum dimension dimension, const char *value,
                              struct rows_counted counted);

/* row may be NULL. */
void rows_note(struct report_row *row, const char *text);

/* The sections of mail servers (scan --probe-mx), and of what stands beside MTA-STS (scan --ask),
 * each a file; none where it was not asked. */
void rows_mail(struct rows *rows, const struct statistics *statistics);
void rows_asked(struct rows *rows, const struct statistics *statistics);

#endif
