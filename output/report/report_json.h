/* The statistics as members of a JSON object: those of the agreed form first, in its order
 * (stats.schema.json), then what else is known.
 */
#ifndef OUTPUT_REPORT_REPORT_JSON_H
#define OUTPUT_REPORT_REPORT_JSON_H

#include "output/base/json_writer.h"
#include "output/stats/statistics.h"

void report_json(struct json_writer *json, const struct statistics *statistics);

#endif
