/* What a report tells a researcher: how the scans were made, by their heads, and the figures with
 * their bases and intervals of confidence.
 */
#ifndef OUTPUT_REPORT_HTML_METHOD_H
#define OUTPUT_REPORT_HTML_METHOD_H

#include "output/report/report.h"
#include "output/stats/aggregate.h"

enum { HTML_METHOD_SCANS = 50 /* told one by one */ };

void html_method(FILE *out, const struct report *report, const struct aggregate *aggregate);

#endif
