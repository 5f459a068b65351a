/* The statistics as one HTML file that needs no network: light and dark, for phones and paper.
 * Charts are inline SVG beside their numbers; each number says its base, and the command that lists
 * its domains. Whatever texts hold is escaped; no script comes from them.
 */
#ifndef OUTPUT_REPORT_REPORT_HTML_H
#define OUTPUT_REPORT_REPORT_HTML_H

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

void report_html(FILE *out, const struct report_html *html);

#endif
