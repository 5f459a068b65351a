/* The sections of a report as HTML, in chapters: rows with bars, the chart of effects, and the
 * matrices of who manages policy hosts and mail. */
#ifndef OUTPUT_REPORT_HTML_SECTIONS_H
#define OUTPUT_REPORT_HTML_SECTIONS_H

#include "output/report/html_sheet.h"

/* after: puts what belongs to the end of a chapter, by its title. */
void html_sections(struct html_sheet *sheet,
                   void (*after)(const struct html_sheet *sheet, const char *chapter));

#endif
