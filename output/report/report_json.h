/* The statistics as members of a JSON object: those of the agreed form first, in its order
 * (stats.schema.json), then what else is known.
 */
#ifndef OUTPUT_REPORT_REPORT_JSON_H
#define OUTPUT_REPORT_REPORT_JSON_H

#include "output/base/json_writer.h"
#include "output/stats/completeness.h"
#include "output/stats/group_by.h"
#include "output/stats/tally.h"
#include <stdio.h>

/* What `stats --json` says. */
struct report_json_source {
  const char *where; /* the conditions; empty: none */
  const struct statistics *statistics;
  const struct aggregate *aggregate;
  const struct completeness *completeness;
  const struct group_by *by; /* NULL: no groups */
  const struct group_by_line *lines;
  size_t line_count;
  int64_t at; /* when the statistics were made: Unix time in ms */
};

/* All of it as one object. ERR_MEMORY: nothing was written. */
enum err report_json_print(FILE *out, const struct report_json_source *source);

/* The statistics' object, by the study's limits, under key or as the top (NULL); empty when there
 * is no memory for it. */
void report_json_tally(struct json_writer *json, const char *key, const struct tally *tally);

#endif
