/* The statistics arranged for people: sections of rows, each a count with its base, the member of
 * the JSON that it is, and the options that list its domains. The text and the HTML report show
 * what stands here and nothing else.
 */
#ifndef OUTPUT_REPORT_H
#define OUTPUT_REPORT_H

#include "output/err.h"
#include "output/figures.h"

enum {
  REPORT_LABEL_SIZE = 64,
  REPORT_MEMBER_SIZE = 96,
  REPORT_LIST_SIZE = 96,
  REPORT_SECTIONS_MAX = 48,
};

struct report_row {
  char label[REPORT_LABEL_SIZE];
  char member[REPORT_MEMBER_SIZE]; /* "status.valid" */
  char list[REPORT_LIST_SIZE];     /* "--list policy-tls-expired"; empty: no options list them */
  uint64_t count, base;
  const char *base_text; /* "deployed": what the base counts */
};

struct report_section {
  const char *title;
  const char *about;   /* may be empty */
  size_t first, count; /* rows */
};

struct report {
  const struct figures *figures;
  struct report_row *rows;
  size_t row_count, row_room;
  struct report_section sections[REPORT_SECTIONS_MAX];
  size_t section_count;
};

/* The figures must live as long as the report. To be followed by report_free(), whatever it
 * returns. */
enum err report_make(struct report *report, const struct figures *figures);
void report_free(struct report *report);

#endif
