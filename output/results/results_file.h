/* Where sealed members go: a file or standard output, appended whole, in one piece each.
 *
 * A named file is locked (flock) as long as it is open, so that two scans never write to one.
 * Shared by all workers: sink_append() locks. The file is created exclusively, or gone on with, or
 * truncated, as the caller chose, and written to at its end wherever that is: who empties it
 * meanwhile leaves no hole behind; a thread of the sink syncs it every SINK_SYNC_MS, so
 * that no appender waits for the disk, and once more when it is closed. Pipes, terminals and
 * standard output are neither synced nor cut. After a failed write nothing more is written: what
 * was there before stays whole (a torn tail is cut off where the file allows it), and every later
 * call gives the same error with the same errno.
 */
#ifndef OUTPUT_RESULTS_RESULTS_FILE_H
#define OUTPUT_RESULTS_RESULTS_FILE_H

#include "output/base/err.h"
#include "output/base/span.h"
#include <stdbool.h>
#include <stdint.h>

enum { SINK_SYNC_MS = 1000 };

enum sink_mode {
  SINK_CREATE, /* refuse a file that exists: ERR_REFUSED */
  SINK_APPEND,
  SINK_TRUNCATE,
};

struct sink;

/* path "-": standard output. On ERR_IO errno says why. ERR_REFUSED: it exists; ERR_BUSY:
 * another process writes to it. */
enum err sink_open(struct sink **sink, const char *path, enum sink_mode mode);

/* Appends all bytes. ERR_END: the reader of standard output went away (EPIPE). */
enum err sink_append(struct sink *sink, struct span bytes);

/* Cuts a named file off behind so many bytes; to be called before anything is appended. ERR_IO with
 * errno. */
enum err sink_cut(struct sink *sink, uint64_t size);

uint64_t sink_size(struct sink *sink);       /* bytes appended */
uint64_t sink_file_size(struct sink *sink);  /* of a named file: with what was there before */
bool sink_is_named(const struct sink *sink); /* a regular file of its own, not a stream */

/* Syncs and closes; gives the first error there was. NULL is allowed. */
enum err sink_close(struct sink *sink);

#endif
