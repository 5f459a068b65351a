/* The sections of a report as HTML, in chapters: rows with bars, the chart of effects, and the
 * matrices of who manages the policy hosts. */
#ifndef OUTPUT_REPORT_HTML_SECTIONS_H
#define OUTPUT_REPORT_HTML_SECTIONS_H

#include "output/report/html_sheet.h"

void html_sections(struct html_sheet *sheet);

#endif
