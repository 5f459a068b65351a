/* The files that a command reads: what it was given, and for a folder the result files in it, by
 * name, as the shards of a scan lie there.
 *
 * In a folder a result file is a regular file, not hidden, that begins with a record of ours or
 * with the head of a scan; what else lies there (heads beside plain results, summaries, reports) is
 * passed over, and folders in it too. Owns its texts.
 */
#ifndef OUTPUT_RESULTS_RESULT_PATHS_H
#define OUTPUT_RESULTS_RESULT_PATHS_H

#include "output/base/err.h"
#include <stddef.h>

enum { RESULT_PATHS_MAX = 65535 };

/* Initialise with zeroes. */
struct result_paths {
  char **at;
  size_t count, room;
};

/* ERR_NOT_FOUND: a folder without a result file; ERR_IO with errno; ERR_LIMIT: over
 * RESULT_PATHS_MAX. */
enum err result_paths_add(struct result_paths *paths, const char *operand);
void result_paths_free(struct result_paths *paths);

#endif
