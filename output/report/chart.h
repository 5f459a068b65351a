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

/* Values over time, as a line each; the last stands in the legend. */
struct chart_line {
  const char *label;
  const double *values; /* NAN: none, a gap */
};

enum { CHART_LINES_MAX = 8 };

struct chart_lines {
  const char *label;
  bool share;           /* the values are parts of 1 */
  const int64_t *times; /* of the values, in order: Unix time in ms */
  size_t points;
  const struct chart_line *lines;
  size_t count; /* at most CHART_LINES_MAX */
};

void chart_lines(FILE *out, const struct chart_lines *chart);

/* Columns: the share of each bin of ranks that has deployed, valid below and broken above. */
void chart_ranks(FILE *out, const struct statistics_line *lines, size_t count);

#endif
