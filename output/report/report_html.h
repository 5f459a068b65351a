/* The statistics as one HTML file that needs no network: light and dark, for phones and paper.
 * Charts are inline SVG beside their numbers; each number says its base, and the command that lists
 * its domains. Whatever texts hold is escaped; no script comes from them.
 */
#ifndef OUTPUT_REPORT_REPORT_HTML_H
#define OUTPUT_REPORT_REPORT_HTML_H

#include "output/report/report.h"
#include "output/stats/aggregate.h"

enum { REPORT_HTML_FILES_MAX = 160 }; /* characters of file names in a command; more: RESULT ... */

/* In the head, by which a report is known (output/base/whole_file.h). */
#define REPORT_HTML_GENERATOR "<meta name=\"generator\" content=\"stscan\">"
#define REPORT_HTML_MARK      SPAN(REPORT_HTML_GENERATOR)

void report_html(FILE *out, const struct report *report, const struct aggregate *aggregate);

/* output/report/html_style.c: the style, in parts with NULL at the end, and the script. */
extern const char *const html_style_sheet[];
extern const char html_style_script[];

#endif
