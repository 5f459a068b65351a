/* Where sealed members go: a file or standard output, appended whole, in one piece each.
 *
 * A named file is locked (flock) as long as it is open, so that two scans never write to one.
 * Shared by all workers: results_file_append() locks. The file is created exclusively, or gone on
 * with, or truncated, as the caller chose, and written to at its end wherever that is: who empties
 * it meanwhile leaves no hole behind; a thread of the sink syncs it every RESULTS_FILE_SYNC_MS, so
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

enum { RESULTS_FILE_SYNC_MS = 1000 };

enum results_file_mode {
  RESULTS_FILE_CREATE, /* refuse a file that exists: ERR_REFUSED */
  RESULTS_FILE_APPEND,
  RESULTS_FILE_TRUNCATE,
};

struct results_file;

/* path "-": standard output. On ERR_IO errno says why. ERR_REFUSED: it exists; ERR_BUSY:
 * another process writes to it. */
enum err results_file_open(struct results_file **sink, const char *path,
                           enum results_file_mode mode);

/* Appends all bytes. ERR_END: the reader of standard output went away (EPIPE). */
enum err results_file_append(struct results_file *sink, struct span bytes);

/* Cuts a named file off behind so many bytes; to be called before anything is appended. ERR_IO with
 * errno. */
enum err results_file_cut(struct results_file *sink, uint64_t size);

uint64_t results_file_size(struct results_file *sink); /* bytes appended */
uint64_t results_file_file_size(
    struct results_file *sink); /* of a named file: with what was there before */
bool results_file_is_named(
    const struct results_file *sink); /* a regular file of its own, not a stream */

/* Syncs and closes; gives the first error there was. NULL is allowed. */
enum err results_file_close(struct results_file *sink);

#endif
