/* The lists, as one stream of numbered lines that workers take in batches.
 *
 * A thread of its own reads the lists one after the other into a bounded number of batches, so
 * that a worker's loop never waits for a disk or a pipe, and memory does not grow with the list.
 * Lines are numbered from 1 through all lists; blank lines and '#' comments are numbered but not
 * given. All calls may come from any thread.
 *
 * Neighbours in a list often share name servers and policy hosts: lines are dealt like cards, to
 * SOURCE_DEAL batches in turn, so that those of a batch stand that far apart in the list. n tells
 * where each stood. Lines that are there are never held back for those that are not yet.
 */
#ifndef SCANNER_RUN_LIST_READER_H
#define SCANNER_RUN_LIST_READER_H

#include "output/base/err.h"
#include "output/results/line_set.h"
#include "scanner/sts/list_entry.h"

enum {
  SOURCE_BATCH_LINES = 256,
  SOURCE_BATCH_BYTES = 64 * 1024,
  SOURCE_DEAL = 64,
  /* One deal is taken while the next is made; each worker holds a batch. */
  SOURCE_BATCHES = 2 * SOURCE_DEAL,
};

struct source_line {
  uint64_t n;
  struct entry entry;
};

struct source_batch {
  struct source_batch *next;
  size_t count;
  size_t used; /* of bytes */
  struct source_line lines[SOURCE_BATCH_LINES];
  char bytes[SOURCE_BATCH_BYTES];
};

struct source_config {
  char *const *paths; /* "-" is standard input; must stay valid */
  int path_count;     /* 0: standard input */
  enum entry_format format;
  unsigned workers;         /* how many take batches */
  void (*wake)(void *data); /* called on the reader's thread when there is something to take,
                               or the end is reached */
  void *data;
};

struct source;

/* Opens each list once, so that one that is missing is known before the scan starts. On ERR_IO
 * *bad names it and errno says why. Reading begins with source_start(). */
enum err source_new(struct source **source, const struct source_config *config, const char **bad);

/* Lines marked in done (may be NULL; must stay as it is) are numbered but not given. */
enum err source_start(struct source *source, const struct line_set *done);

/* Ends the reading, waits for the thread. NULL is allowed. Batches that were taken must have been
 * given back. */
void source_free(struct source *source);

/* The next batch, or NULL with *err: ERR_NONE: nothing just now, wake will be called; ERR_END: no
 * more; else the list in source_bad() could not be read on (ERR_IO with source_errno(), ERR_SYNTAX:
 * damaged gzip, ERR_MEMORY). */
struct source_batch *source_take(struct source *source, enum err *err);
void source_give(struct source *source, struct source_batch *batch);

/* No more lines are read; what is queued is dropped. */
void source_stop(struct source *source);

/* ERR_NONE: not at the end; ERR_END: read to the end, or stopped; else what is wrong, with the
 * list it is wrong with, and the errno of ERR_IO. */
enum err source_end(struct source *source);
const char *source_bad(struct source *source);
int source_errno(struct source *source);

/* Whether all lists were read to their end, and every line of them was taken. */
bool source_is_done(struct source *source);

/* After the end: a list that was longer or shorter than when it was opened, or NULL. */
const char *source_changed(struct source *source);

struct source_progress {
  uint64_t lines;       /* numbered so far, by the reader */
  uint64_t read_bytes;  /* of the lists as they are on disk */
  uint64_t total_bytes; /* 0: not known (a pipe) */
};

void source_progress(struct source *source, struct source_progress *progress);

#endif
