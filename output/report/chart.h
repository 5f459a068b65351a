/* Charts as inline SVG. Colours come from the page's style by class; every number of a chart stands
 * in a table or a legend beside it.
 */
#ifndef OUTPUT_REPORT_CHART_H
#define OUTPUT_REPORT_CHART_H

#include "output/stats/statistics.h"
#include <stdio.h>

/* A bar: a part of a whole. class: "good", "bad" or "plain". */
void chart_bar(FILE *out, const char *class, uint64_t part, uint64_t whole);

struct chart_part {
  const char *label, *class;
  uint64_t count;
};

/* One bar of several parts that are together the whole, and its legend. */
void chart_parts(FILE *out, const char *label, const struct chart_part *parts, size_t count);

/* Columns: the share of each bin of ranks that has deployed, valid below and broken above. */
void chart_ranks(FILE *out, const struct statistics_line *lines, size_t count);

#endif
