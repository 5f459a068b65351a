/* What was read for a report: told to people in words, to programs as JSON. */
#ifndef OUTPUT_STATS_INPUT_H
#define OUTPUT_STATS_INPUT_H

#include "output/base/json_writer.h"
#include "output/stats/aggregate.h"

/* "input":{"files":[...],"records":N,"duplicates":N} */
void input_write(struct json_writer *json, const struct aggregate *aggregate);

/* "scan":[{"path":"...","version":"...","libraries":"...","began":"...","options":{},"lists":[]},
 * ...]: each scan that the inputs hold, by its head; those without one are not told of. */
void input_write_scans(struct json_writer *json, const struct aggregate *aggregate);

/* What a line of a head says behind its key; not there: it has no such line. */
struct span input_head(const struct scan_mark *mark, struct span key);

/* One call for each thing worth telling: torn tails, damage, lines left out, empty files,
 * duplicates, later versions, labels asked for that no record has. */
typedef void input_tell(void *context, const char *path, const char *text);
void input_notes(const struct aggregate *aggregate, input_tell *tell, void *context);

/* Why a file failed, in words; err is its own. */
void input_failure(const struct aggregate_file *file, input_tell *tell, void *context);

#endif
