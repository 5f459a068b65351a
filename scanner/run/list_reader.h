/* The lists, as one stream of numbered lines that workers take in batches.
 *
 * A thread of its own reads the lists one after the other into a bounded number of batches, so
 * that a worker's loop never waits for a disk or a pipe, and memory does not grow with the list.
 * Lines are numbered from 1 through all lists; blank lines and '#' comments are numbered but not
 * given. All calls may come from any thread.
 *
 * Neighbours in a list often share name servers and policy hosts: lines are dealt like cards, to
 * LIST_READER_DEAL batches in turn, so that those of a batch stand that far apart in the list. n
 * tells where each stood. Lines that are there are never held back for those that are not yet.
 */
#ifndef SCANNER_RUN_LIST_READER_H
#define SCANNER_RUN_LIST_READER_H

#include "output/base/err.h"
#include "output/results/line_set.h"
#include "scanner/run/list_rows.h"

enum {
  LIST_READER_NAME_MAX = 1024, /* of a name that does not stand in its line */
  LIST_READER_ENTRY_MAX = LIST_FILE_LINE_MAX + LIST_READER_NAME_MAX + CARRIED_MAX,
  LIST_READER_SAID_MAX = 64, /* messages that wait */
  LIST_READER_BATCH_LINES = 256,
  LIST_READER_BATCH_BYTES = 64 * 1024,
  LIST_READER_DEAL = 64,
  /* One deal is taken while the next is made; each worker holds a batch. */
  LIST_READER_BATCHES = 2 * LIST_READER_DEAL,
};

struct list_reader_line {
  uint64_t n;
  struct list_entry entry;
};

struct list_reader_batch {
  struct list_reader_batch *next;
  size_t count;
  size_t used; /* of bytes */
  struct list_reader_line lines[LIST_READER_BATCH_LINES];
  char bytes[LIST_READER_BATCH_BYTES];
};

struct list_reader_config {
  char *const *paths; /* "-" is standard input; must stay valid */
  int path_count;     /* 0: standard input */
  struct list_form_wish wish;
  const struct filter *where; /* of lists that are results; NULL: all; must stay valid */
  unsigned workers;           /* how many take batches */
  void (*wake)(void *data);   /* called on the reader's thread when there is something to take,
                                 or the end is reached */
  void (*news)(void *data);   /* list_reader_said() has something; may be NULL */
  void *data;
};

struct list_reader;

/* Opens each list once, so that one that is missing, or whose form is not what is wished, is known
 * before the scan starts. On ERR_IO *bad names it and errno says why; on ERR_SYNTAX why does, for
 * people. Reading begins with list_reader_start(). */
enum err list_reader_new(struct list_reader **reader, const struct list_reader_config *config,
                         const char **bad, char why[LIST_ROWS_TEXT_MAX]);

/* Lines marked in done (may be NULL; must stay as it is) are numbered but not given. */
enum err list_reader_start(struct list_reader *reader, const struct line_set *done);

/* Ends the reading, waits for the thread. NULL is allowed. Batches that were taken must have been
 * given back. */
void list_reader_free(struct list_reader *reader);

/* The next batch, or NULL with *err: ERR_NONE: nothing just now, wake will be called; ERR_END: no
 * more; else the list in list_reader_bad() could not be read on (ERR_IO with list_reader_errno(),
 * ERR_SYNTAX: list_reader_why(), ERR_MEMORY). */
struct list_reader_batch *list_reader_take(struct list_reader *reader, enum err *err);
void list_reader_give(struct list_reader *reader, struct list_reader_batch *batch);

/* No more lines are read; what is queued is dropped. */
void list_reader_stop(struct list_reader *reader);

/* ERR_NONE: not at the end; ERR_END: read to the end, or stopped; else what is wrong, with the
 * list it is wrong with, and the errno of ERR_IO. */
enum err list_reader_end(struct list_reader *reader);
const char *list_reader_bad(struct list_reader *reader);
int list_reader_errno(struct list_reader *reader);
/* After the end: of ERR_SYNTAX, for people. */
const char *list_reader_why(struct list_reader *reader);

/* The next line for people about the lists and their forms; false: there is none just now. news is
 * called when there is one. */
bool list_reader_said(struct list_reader *reader, char text[LIST_ROWS_TEXT_MAX]);

/* After the end: none of the first entries of any list was a domain. */
bool list_reader_is_foreign(struct list_reader *reader);

/* Whether all lists were read to their end, and every line of them was taken. */
bool list_reader_is_done(struct list_reader *reader);

/* After the end: a list that was longer or shorter than when it was opened, or NULL. */
const char *list_reader_changed(struct list_reader *reader);

struct list_reader_progress {
  uint64_t lines;       /* numbered so far, by the reader */
  uint64_t read_bytes;  /* of the lists as they are on disk */
  uint64_t total_bytes; /* 0: not known (a pipe) */
};

void list_reader_progress(struct list_reader *reader, struct list_reader_progress *progress);

#endif
