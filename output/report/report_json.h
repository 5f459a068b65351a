/* The statistics as members of a JSON object: those of the agreed form first, in its order
 * (stats.schema.json), then what else is known.
 */
#ifndef OUTPUT_REPORT_REPORT_JSON_H
#define OUTPUT_REPORT_REPORT_JSON_H

#include "output/base/json_writer.h"
#include "output/stats/tally.h"

void report_json(struct json_writer *json, const struct statistics *statistics);

/* The statistics' object, by the study's limits, under key or as the top (NULL); empty when there
 * is no memory for it. */
void report_json_tally(struct json_writer *json, const char *key, const struct tally *tally);

#endif
