/* What a worker counts, for the progress line and the account: written by its thread alone, read by
 * any thread at any time.
 */
#ifndef SCANNER_RUN_WORKER_COUNTERS_H
#define SCANNER_RUN_WORKER_COUNTERS_H

#include "scanner/https/fetcher.h"
#include "scanner/journey/journey.h"
#include "scanner/resolver/resolver.h"
#include <pthread.h>
#include <stdatomic.h>

/* Counters for the progress line; each is consistent by itself. The name servers' are apart, since
 * there may be many. */
struct worker_snapshot {
  uint64_t domains; /* records written */
  uint64_t status[STATUS_COUNT];
  uint64_t in_flight;
  uint64_t waiting;      /* for a second look */
  uint64_t waiting_ms;   /* until the last of them has waited */
  uint64_t fetches;      /* in flight */
  uint64_t fetches_done; /* since the start */
};

struct worker_counters {
  atomic_uint_fast64_t domains;
  atomic_uint_fast64_t status[STATUS_COUNT];
  atomic_uint_fast64_t in_flight;
  atomic_uint_fast64_t waiting;
  atomic_uint_fast64_t waiting_ms;
  atomic_uint_fast64_t fetches;
  atomic_uint_fast64_t fetches_done;
  pthread_mutex_t server_lock;
  struct resolver_server *servers; /* of the resolver, each; under server_lock */
  size_t server_count;
};

/* ERR_MEMORY; to be freed also then. counters begin as zeroes. */
enum err worker_counters_init(struct worker_counters *counters, size_t server_count);
void worker_counters_free(struct worker_counters *counters);

/* On the worker's thread: a record is written; how things stand now. */
void worker_counters_record(struct worker_counters *counters, const struct result *result);
void worker_counters_publish(struct worker_counters *counters, const struct journey *journey,
                             const struct fetcher *fetcher, const struct resolver *resolver);

/* From any thread. sum has room for each name server. */
void worker_counters_read(const struct worker_counters *counters, struct worker_snapshot *snapshot);
void worker_counters_servers_add(const struct worker_counters *counters,
                                 struct resolver_server *sum);

void worker_snapshot_add(struct worker_snapshot *sum, const struct worker_snapshot *one);

#endif
