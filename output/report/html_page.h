/* The page that every report is: one file that needs no network, with its style and its script. */
#ifndef OUTPUT_REPORT_HTML_PAGE_H
#define OUTPUT_REPORT_HTML_PAGE_H

#include "output/base/span.h"
#include <stdint.h>
#include <stdio.h>

/* In the head, by which a report is known (output/base/whole_file.h). */
#define HTML_PAGE_GENERATOR "<meta name=\"generator\" content=\"stscan\">"
#define HTML_PAGE_MARK      SPAN(HTML_PAGE_GENERATOR)

/* Up to the title as a heading; what is written next stands below it, until html_page_main(). */
void html_page_begin(FILE *out, const char *title);
void html_page_main(FILE *out);

/* The foot, with what it says of the page before who made it, and when (Unix time in ms). */
void html_page_end(FILE *out, const char *foot, int64_t at);

/* A region that scrolls sideways, by the keyboard too, and its end; a table in it, up to its
 * caption. class, id: may be empty. */
void html_page_scroll(FILE *out, const char *label);
void html_page_scroll_end(FILE *out);
void html_page_table(FILE *out, const char *class, const char *id, const char *caption);

/* "2026-11-26 20:15" in UTC; at: Unix time in ms. */
void html_page_time(FILE *out, int64_t at);

/* output/report/html_style.c: the style, in parts with NULL at the end, and the script. */
extern const char *const html_style_sheet[];
extern const char html_style_script[];

#endif
