/* A record read back: one NDJSON line as output/record/record_write.c writes it -> struct result.
 *
 * The line belongs to the caller and is changed (output/base/json_reader.h); the result's spans
 * point into it and its arrays into the reading, so both are good until the next line. All the
 * memory that a line can need follows from its length, so it is had before reading begins. Members
 * that are not known are passed over, whatever they hold; null counts as left out. Made to be used
 * again for line after line; one thread at a time.
 */
#ifndef OUTPUT_RECORD_RECORD_READ_H
#define OUTPUT_RECORD_RECORD_READ_H

#include "output/base/err.h"
#include "output/record/result.h"

enum { READING_LINE_MAX = 8 * 1024 * 1024 }; /* bytes; a longer line is not one of ours */

struct reading;

enum err reading_new(struct reading **reading);
void reading_free(struct reading *reading);

/* Reads one line without its line feed; line[len] must be writable. ERR_SYNTAX: not a record (no
 * JSON object, no "v" or "status", a value of another type, a status or effect that is not known).
 * ERR_LIMIT: over READING_LINE_MAX. */
enum err reading_line(struct reading *reading, char *line, size_t len);

/* What the last good line said. */
const struct result *reading_result(const struct reading *reading);

/* Its "v": over RESULT_VERSION it was written by a later version. */
uint64_t reading_version(const struct reading *reading);

/* How many of its findings have a code, and so a meaning, that is not known here. */
unsigned reading_strange(const struct reading *reading);

#endif
