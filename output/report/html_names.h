/* What a report tells whoever has to act: what to do first, the broken domains by name with cause
 * and since when, and how to fix each cause, in the words of `show` and `explain`.
 */
#ifndef OUTPUT_REPORT_HTML_NAMES_H
#define OUTPUT_REPORT_HTML_NAMES_H

#include "output/stats/statistics.h"
#include "output/stats/worst.h"
#include <stdio.h>

enum { HTML_NAMES_TASKS_MAX = 6 };

/* source: what stands behind "stscan stats --list ..." in a command: conditions and files, as HTML.
 */
void html_names_tasks(FILE *out, const struct statistics *statistics, const char *source);

/* How to fix each of these codes, under a heading of that level; none: nothing. */
void html_names_fixes(FILE *out, int level, const bool codes[FOUND_COUNT]);

/* The domains, worst first; files: what stands behind "stscan show DOMAIN", as HTML. */
void html_names_table(FILE *out, const struct worst *worst, const char *files);

#endif
