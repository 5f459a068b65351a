/* What a report's HTML page is made of, what all its parts need, and what its commands end with. */
#ifndef OUTPUT_REPORT_HTML_SHEET_H
#define OUTPUT_REPORT_HTML_SHEET_H

#include "output/report/report.h"
#include "output/stats/aggregate.h"
#include "output/stats/worst.h"

enum { REPORT_HTML_FILES_MAX = 160 }; /* characters of file names in a command; more: RESULT ... */

struct report_html {
  const struct report *report;
  const struct aggregate *aggregate;
  const struct worst *worst;         /* the domains that it names, in order */
  const struct group_by_line *lines; /* of aggregate->groups */
  size_t line_count;
  const char *title; /* NULL: a plain one */
  int64_t at;        /* when it is made: Unix time in ms */
};

struct html_sheet {
  FILE *out;
  const struct report_html *html;
  const struct report *report;
  const struct statistics *statistics;
  const struct aggregate *aggregate;
};

/* The conditions and files of a command; too many files: RESULT ... */
void html_sheet_source(const struct html_sheet *sheet);

#endif
