/* The statistics as text, for a terminal or a mail. Only printable ASCII is written, whatever the
 * texts of the figures hold.
 */
#ifndef OUTPUT_REPORT_REPORT_TEXT_H
#define OUTPUT_REPORT_REPORT_TEXT_H

#include "output/report/report.h"
#include "output/stats/group_by.h"

enum {
  REPORT_TEXT_LINES = 20, /* of a table of TLDs, operators or ranks */
  REPORT_TEXT_CAUSES = 3, /* of an operator */
};

struct report_text_style {
  bool colour; /* with ANSI escapes */
};

void report_text(FILE *out, const struct report_text_style *style, const struct report *report);

/* The chosen domains, then a line for each value, or pair of values, of the groups. */
void report_text_groups(FILE *out, const struct report_text_style *style,
                        const struct report *report, const struct group_by *groups,
                        const struct group_by_line *lines, size_t count);

#endif
