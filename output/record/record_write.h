/* A result as one NDJSON line. The members and their order stand in record.def. Pure: writes into
 * the caller's memory, knows no clock.
 */
#ifndef OUTPUT_RECORD_RECORD_WRITE_H
#define OUTPUT_RECORD_RECORD_WRITE_H

#include "output/base/json_writer.h"
#include "output/record/result.h"

/* Writes the record's object and a line feed. On overflow (json_writer_overflow) the caller gives
 * json->need bytes and calls again. */
void record_write(struct json_writer *json, const struct result *result);

/* "labels":{"customer":"acme"} alone, under key; names and values are a list's. */
void record_write_labels(struct json_writer *json, const char *key, struct result_labels labels);

#endif
