/* The statistics as OpenMetrics text, for node_exporter's textfile collector: gauges, each with all
 * its values, zeroes too, so that no series ends when a trouble does. A label of the lists splits
 * domains, effects and findings; domains without it have the families' own labels alone.
 */
#ifndef OUTPUT_REPORT_REPORT_METRICS_H
#define OUTPUT_REPORT_REPORT_METRICS_H

#include "output/stats/aggregate.h"
#include <stdio.h>

/* What tells a file of ours, near its front. */
#define REPORT_METRICS_MARK SPAN("# HELP stscan_domains ")

struct report_metrics {
  const struct statistics *statistics;
  const struct aggregate *aggregate;
  const struct split_line *lines; /* of aggregate->split, when it has a label */
  size_t line_count;
};

void report_metrics(FILE *out, const struct report_metrics *metrics);

#endif
