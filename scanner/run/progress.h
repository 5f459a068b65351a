/* The live line on standard error, and the plain line now and then where nobody looks. */
#ifndef SCANNER_RUN_PROGRESS_H
#define SCANNER_RUN_PROGRESS_H

#include "scanner/run/list_reader.h"
#include "scanner/run/worker.h"

enum progress_mode { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER };

enum {
  PROGRESS_LIVE_MS = 500,    /* between live lines */
  PROGRESS_PLAIN_MS = 60000, /* between plain ones */
};

struct progress;

enum err progress_new(struct progress **progress, enum progress_mode mode);
void progress_free(struct progress *progress);

/* How often progress_show() wants to be called; 0: never. */
unsigned progress_interval_ms(const struct progress *progress);

/* sum, servers: of all workers. now: monotonic milliseconds. */
void progress_show(struct progress *progress, const struct worker_snapshot *sum,
                   const struct resolver_server *servers, size_t server_count,
                   const struct list_reader_progress *source, uint64_t now);

/* Takes the live line away, so that something else can be written. */
void progress_clear(struct progress *progress);

#endif
