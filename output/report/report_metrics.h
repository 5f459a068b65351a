/* The statistics as OpenMetrics text, for node_exporter's textfile collector: gauges, each with all
 * its values, zeroes too, so that no series ends when a trouble does.
 */
#ifndef OUTPUT_REPORT_REPORT_METRICS_H
#define OUTPUT_REPORT_REPORT_METRICS_H

#include "output/stats/aggregate.h"
#include <stdio.h>

/* What tells a file of ours, near its front. */
#define REPORT_METRICS_MARK SPAN("# HELP stscan_domains ")

void report_metrics(FILE *out, const struct statistics *statistics,
                    const struct aggregate *aggregate);

#endif
