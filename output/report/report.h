/* The statistics arranged for people: sections of rows, each a count with its base, the member of
 * the JSON that it is, and the options that list its domains. The text and the HTML report show
 * what stands here and nothing else.
 */
#ifndef OUTPUT_REPORT_REPORT_H
#define OUTPUT_REPORT_REPORT_H

#include "output/base/err.h"
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

/* The figures and the conditions must live as long as the report. To be followed by report_free(),
 * whatever it returns. */
enum err report_make(struct report *report, const struct statistics *statistics, const char *where);
void report_free(struct report *report);

/* Whether any manager's policy hosts have that error. */
bool report_has_cause(const struct managed_statistics *managed, enum finding_code code);

/* A row with a base of nothing says nothing. */
bool report_section_empty(const struct report *report, const struct report_section *section);

/* The row whose base all rows of the section share, or NULL. */
const struct report_row *report_section_base(const struct report *report,
                                             const struct report_section *section);

#endif
