/* A record read back: one NDJSON line as output/record/record_write.c writes it -> struct result.
 *
 * The line belongs to the caller and is changed (output/base/json_reader.h); the result's
 * spans point into it and its arrays into the reading, so both are good until the next line. All
 * the memory that a line can need follows from its length, so it is had before reading begins.
 * Members that are not known are passed over, whatever they hold; null counts as left out. Made to
 * be used again for line after line; one thread at a time.
 */
#ifndef OUTPUT_RECORD_RECORD_READ_H
#define OUTPUT_RECORD_RECORD_READ_H

#include "output/base/err.h"
#include "output/record/result.h"

enum {
  /* Of one octet of a policy: an escape (6), its share in base64 (4/3), with some to spare. */
  RECORD_READ_POLICY_FACTOR = 8,
  /* All else in a record: DNS answers of 64 kB, certificates of 100 kB and headers of 64 KiB,
   * escaped likewise, which is less than 5 MB. */
  RECORD_READ_REST_MAX = 7 * 1024 * 1024,
  /* bytes; a longer line is not one of ours */
  RECORD_READ_LINE_MAX = RECORD_READ_POLICY_FACTOR * RESULT_POLICY_SIZE_MAX + RECORD_READ_REST_MAX,
};

struct record_read;

enum err record_read_new(struct record_read **reading);
void record_read_free(struct record_read *reading);

/* Reads one line without its line feed; line[len] must be writable. ERR_SYNTAX: not a record (no
 * JSON object, no "v" or "status", a value of another type, a status or effect that is not known).
 * ERR_LIMIT: over RECORD_READ_LINE_MAX. */
enum err record_read_line(struct record_read *reading, char *line, size_t len);

/* What the last good line said. */
const struct result *record_read_result(const struct record_read *reading);

/* Its "v": over RESULT_VERSION it was written by a later version. */
uint64_t record_read_version(const struct record_read *reading);

/* How many of its findings have a code, and so a meaning, that is not known here. */
unsigned record_read_strange(const struct record_read *reading);

#endif
