/* How far a scan is, on standard error: a live line that fits the terminal, or, where that is dumb
 * or standard error is a file, a plain line a minute.
 */
#ifndef SCANNER_RUN_PROGRESS_H
#define SCANNER_RUN_PROGRESS_H

#include "scanner/run/list_reader.h"
#include "scanner/run/worker.h"

enum progress_mode { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER };

enum {
  PROGRESS_LIVE_MS = 500,    /* between live lines */
  PROGRESS_PLAIN_MS = 60000, /* between plain ones */
  PROGRESS_LINE_MAX = 512,
};

/* What a line is made of: the scan sets the first part, progress_show() the second. */
struct progress_facts {
  struct worker_snapshot sum; /* of all workers, and of the runs before */
  const struct resolver_server *servers;
  size_t server_count;
  struct list_reader_progress lists;

  double rate; /* domains a second */
  unsigned shard, shards;
  unsigned width; /* columns that there are; 0: any number */
};

struct progress;

enum err progress_new(struct progress **progress, enum progress_mode mode, unsigned shard,
                      unsigned shards);
void progress_free(struct progress *progress);

/* How often progress_show() wants to be called; 0: never. */
unsigned progress_interval_ms(const struct progress *progress);

/* now: monotonic milliseconds. */
void progress_show(struct progress *progress, struct progress_facts *facts, uint64_t now);

/* The line as it is shown, the most important first: it ends before the first part that does not
 * fit. Pure. */
void progress_line(char text[PROGRESS_LINE_MAX], const struct progress_facts *facts);

/* Takes the live line away, so that something else can be written. */
void progress_clear(struct progress *progress);

#endif
