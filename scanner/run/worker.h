/* A worker: one thread with a loop, resolver, fetcher, journey, block of records and tally of its
 * own.
 *
 * It meets the others at the list reader (batches of lines), the results file (whole blocks), the
 * limits that all share, and the snapshot of its counters, which any thread may read at any time.
 */
#ifndef SCANNER_RUN_WORKER_H
#define SCANNER_RUN_WORKER_H

#include "output/results/results_file.h"
#include "output/stats/tally.h"
#include "scanner/https/fetcher.h"
#include "scanner/resolver/resolver.h"
#include "scanner/run/list_reader.h"
#include "scanner/run/mail_probing.h"
#include "scanner/run/resolver_check.h"
#include "scanner/run/worker_counters.h"
#include "scanner/sts/ask.h"
#include <libpsl.h>

enum {
  WORKER_FLUSH_MS = 1000, /* a record waits no longer for its member to be written */
  WORKER_TICK_MS = 50,
};

enum worker_wait {
  WORKER_GOES_ON,
  WORKER_WAITS_SILENT,  /* no resolver answers */
  WORKER_WAITS_FAILING, /* they do, but reach nobody */
  WORKER_KEEPS_ASIDE,   /* no wait: there is no temporary file for those that are put aside */
};

/* What all workers share; outlives them. */
struct worker_config {
  struct list_reader *lists;
  bool gzip;
  struct resolver_config resolver;
  unsigned watch_sockets; /* of the outage watch */
  struct fetcher_config fetcher;
  struct mail_probing mail;    /* without hosts: mail servers are not asked */
  struct prober_config prober; /* but for the trust store */
  bool dane;
  size_t visits_max; /* of this worker, as below */
  size_t deployed_max;
  const psl_ctx_t *psl;
  bool ipv6; /* there is a route */
  unsigned shard, shards;
  size_t jobs_max;    /* of this worker */
  size_t arena_bytes; /* likewise: what is known of its domains in flight */
  struct ask ask;
  unsigned second_look_ms;   /* 0: never */
  size_t second_look_max;    /* domains of this worker that wait for one */
  void (*ended)(void *data); /* on the worker's thread, as the last thing */
  /* On the worker's thread: the worker waits, and why; or no more. */
  void (*waiting)(void *data, enum worker_wait wait);
  void *data;
};

struct worker;

/* ERR_MEMORY; ERR_LIBRARY: *why is a constant phrase, as fetcher_new() gives it, or NULL. */
enum err worker_new(struct worker **worker, const struct worker_config *config, const char **why);
/* Before it is started: what its resolver begins with, one verdict a server. */
void worker_know_servers(struct worker *worker, const enum resolver_check_verdict *verdicts);
/* results outlive the worker. ERR_MEMORY: there is no thread. */
enum err worker_start(struct worker *worker, struct results_file *results);

/* These may be called from any thread. worker_wake: the lists have something. worker_stop: take no
 * more lines; end what is in flight within grace_ms, then drop it. */
void worker_wake(struct worker *worker);
void worker_stop(struct worker *worker, unsigned grace_ms);
void worker_snapshot(const struct worker *worker, struct worker_snapshot *snapshot);

/* Adds what is known of the name servers to sum, which has room for each of the config's. From any
 * thread. */
void worker_servers_add(const struct worker *worker, struct resolver_server *sum);

/* Whether its thread is about to end by itself; then worker_err() is final. From any thread. */
bool worker_is_over(const struct worker *worker);
enum err worker_err(const struct worker *worker);

/* Waits for the thread. ERR_NONE, or what ended it before its time (ERR_IO with errno: the output;
 * ERR_END: the output's reader went away; ERR_MEMORY; ERR_SYNTAX or ERR_IO of a list: see
 * list_reader_take()). */
enum err worker_join(struct worker *worker);

/* After worker_join. */
const struct tally *worker_tally(const struct worker *worker);
uint64_t worker_dropped(const struct worker *worker); /* domains begun without a record */
void worker_visits_add(const struct worker *worker, struct visits_account *sum);
uint64_t worker_left(const struct worker *worker); /* lines taken without a record */
void worker_free(struct worker *worker);

#endif
