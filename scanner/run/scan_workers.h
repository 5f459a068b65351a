/* The workers of a scan: how many the file descriptors allow, the share of each in the limits of
 * the whole, and what they have counted, summed.
 */
#ifndef SCANNER_RUN_SCAN_WORKERS_H
#define SCANNER_RUN_SCAN_WORKERS_H

#include "scanner/run/scan_state.h"

enum {
  SCAN_WORKERS_ARENA_BYTES = 12 * 1024 * 1024, /* for what is known of the domains in flight */
  SCAN_WORKERS_ARENA_LEAST = 2 * 1024 * 1024,  /* of each worker */
};

/* Fewer threads, and fewer sockets and fetches of each, when there are too few file descriptors.
 * An error is said. */
enum err scan_workers_fit_descriptors(struct scan *scan);

/* Needs what they share, and the lists. An error is said; what was made is in scan->workers. */
enum err scan_workers_make(struct scan *scan);

/* As worker_wake() and worker_stop(), all of them. data: the scan. */
void scan_workers_wake(void *data);
void scan_workers_stop(struct scan *scan, unsigned grace_ms);

/* As they are now. */
void scan_workers_sum(const struct scan *scan, struct worker_snapshot *sum);
const struct resolver_server *scan_workers_sum_servers(const struct scan *scan);

#endif
