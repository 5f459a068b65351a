/* The file that records go to, or standard output: each block of whole records is appended in one
 * piece.
 *
 * A named file is locked (flock) as long as it is open, so that two scans never write to one. It is
 * created exclusively, or opened to append, or truncated, as the caller chose.
 * Shared by all workers, and none of them ever waits: what they give is queued, and a thread of
 * its own writes it, whoever reads it and however slow the disk is. The lock of the queue is never
 * held over a system call. The same thread syncs a named file every RESULTS_FILE_SYNC_MS, and once
 * more at the end; pipes, terminals and standard output are neither synced nor cut. After a failed
 * write nothing more is written: what was there before stays whole (a torn tail is cut off where
 * the file allows it), what is queued is dropped, and every later call gives the same error with
 * the same errno.
 */
#ifndef OUTPUT_RESULTS_RESULTS_FILE_H
#define OUTPUT_RESULTS_RESULTS_FILE_H

#include "output/base/err.h"
#include "output/base/span.h"
#include <stdbool.h>
#include <stdint.h>

enum {
  RESULTS_FILE_SYNC_MS = 1000,
  RESULTS_FILE_QUEUE_SIZE = 8 * 1024 * 1024, /* bytes that wait; see results_file_has_room() */
};

enum results_file_mode {
  RESULTS_FILE_CREATE, /* refuse a file that exists: ERR_REFUSED */
  RESULTS_FILE_APPEND,
  RESULTS_FILE_TRUNCATE,
};

struct results_file;

/* path "-": standard output. On ERR_IO errno says why. ERR_REFUSED: it exists; ERR_BUSY:
 * another process writes to it. */
enum err results_file_open(struct results_file **file, const char *path,
                           enum results_file_mode mode);

/* Whether less than RESULTS_FILE_QUEUE_SIZE waits to be written. Who is told so may give one block,
 * of whatever size. True after an error, which results_file_give() then returns. */
bool results_file_has_room(struct results_file *file);

/* Queues a copy of the bytes, which hold so many records. ERR_MEMORY; the error of an earlier
 * write; ERR_END: the reader of standard output went away (EPIPE). */
enum err results_file_give(struct results_file *file, struct span bytes, uint64_t records);

/* As results_file_give(), and waits until it is written. Not for a thread that has something else
 * to do. */
enum err results_file_append(struct results_file *file, struct span bytes);

/* Cuts a named file off behind so many bytes; to be called before anything is appended. ERR_IO with
 * errno. */
enum err results_file_cut(struct results_file *file, uint64_t size);

uint64_t results_file_size(struct results_file *file);    /* bytes written */
uint64_t results_file_records(struct results_file *file); /* records written */
/* Bytes of a named file, with what was there before. */
uint64_t results_file_file_size(struct results_file *file);
/* Whether it is a regular file of its own, and no stream. */
bool results_file_is_named(const struct results_file *file);

/* Nothing more will be given: what is queued is written and synced, and then over (may be NULL) is
 * called once, on the writing thread; it must not wait, nor call any of these. Of two calls the
 * later one says what is called; whoever calls it with NULL is not called after it returns. */
void results_file_finish(struct results_file *file, void (*over)(void *data), void *data);
bool results_file_is_over(struct results_file *file);

/* Closes, and gives the first error there was. Without a results_file_finish() before, it waits for
 * the end; after one, one that is not over yet is left alone: ERR_TIMEOUT. Its thread may then
 * be in a write that never returns, and only the end of the process ends it. NULL is allowed. */
enum err results_file_close(struct results_file *file);

#endif
