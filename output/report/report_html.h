/* The statistics as one HTML file that needs no network: light and dark, for phones and paper.
 * Charts are inline SVG beside their numbers; each number says its base, and the command that lists
 * its domains. Whatever texts hold is escaped; no script comes from them.
 */
#ifndef OUTPUT_REPORT_REPORT_HTML_H
#define OUTPUT_REPORT_REPORT_HTML_H

#include "output/report/html_sheet.h"

void report_html(FILE *out, const struct report_html *html);

#endif
