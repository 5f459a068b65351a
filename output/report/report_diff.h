/* What changed between two scans, told: to a person as text, worst first with the counts at the
 * top; to a program as one JSON object.
 */
#ifndef OUTPUT_REPORT_REPORT_DIFF_H
#define OUTPUT_REPORT_REPORT_DIFF_H

#include "output/stats/diff.h"
#include <stdio.h>

struct report_diff {
  const struct diff *diff;
  const struct aggregate *old_aggregate, *new_aggregate; /* what was read */
  bool worse_only;                                       /* of the changes; all are counted */
  bool colour;
};

/* How many changes it tells of: all, or those for the worse. */
uint64_t report_diff_told(const struct report_diff *report);

void report_diff_text(FILE *out, const struct report_diff *report);
enum err report_diff_json(FILE *out, const struct report_diff *report);

#endif
