#include "scanner/run/scan_workers.h"

#include "scanner/journey/second_look.h"
#include "scanner/net/ipv6_route.h"
#include "scanner/run/notice.h"

void scan_workers_stop(struct scan *scan, unsigned grace_ms) {
  for (unsigned i = 0; i < scan->made; i++) worker_stop(scan->workers[i], grace_ms);
}

void scan_workers_wake(void *data) {
  struct scan *scan = data;
  for (unsigned i = 0; i < scan->made; i++) worker_wake(scan->workers[i]);
}

void scan_workers_sum(const struct scan *scan, struct worker_snapshot *sum) {
  *sum = (struct worker_snapshot){0};
  for (unsigned i = 0; i < scan->made; i++) {
    struct worker_snapshot one;
    worker_snapshot(scan->workers[i], &one);
    worker_snapshot_add(sum, &one);
  }
}

/* As they are now. */
const struct resolver_server *scan_workers_sum_servers(const struct scan *scan) {
  struct resolver_server *sum = scan->account->servers;
  memset(sum, 0, scan->account->server_count * sizeof *sum);
  for (unsigned i = 0; i < scan->made; i++) worker_servers_add(scan->workers[i], sum);
  return sum;
}

/* A worker's share of the fetches of the whole scan. */
static unsigned scan_workers_fetches(const struct scan *scan) {
  unsigned jobs = (scan->config->concurrency + scan->share.threads - 1) / scan->share.threads;
  unsigned share = FETCHER_IN_FLIGHT_MAX / scan->share.threads;
  if (share < FETCHER_IN_FLIGHT_LEAST) share = FETCHER_IN_FLIGHT_LEAST;
  return share < jobs ? share : jobs;
}

/* Fewer threads, and fewer sockets and fetches of each, when there are too few file descriptors. */
enum err scan_workers_fit_descriptors(struct scan *scan) {
  struct descriptor_share *share = &scan->share;
  const unsigned threads = share->threads;
  share->fetches = scan_workers_fetches(scan);
  share->sockets = resolver_sockets(scan->config->servers.count);
  if (scan->config->mail.ehlo[0]) share->probes = PROBER_IN_FLIGHT_MAX;
  unsigned needed = descriptor_share_needed(share);
  unsigned allowed = descriptor_limit_raise(needed);
  if (allowed >= needed) return ERR_NONE;
  enum err err = descriptor_share_fit(share, allowed);
  scan->account->threads = share->threads;
  if (err != ERR_NONE)
    notice("%u file descriptors are allowed, and one thread needs %u: raise ulimit -n", allowed,
           descriptor_share_least(share));
  else
    notice("%u file descriptors are allowed, %u wanted: %u of %u threads, at most %u policy "
           "fetches at a time",
           allowed, needed, share->threads, threads, share->fetches * share->threads);
  return err;
}

/* Each worker must get on with what a few domains can send. */
static size_t scan_workers_arena_bytes(const struct scan *scan) {
  size_t share = SCAN_WORKERS_ARENA_BYTES / scan->share.threads;
  return share > SCAN_WORKERS_ARENA_LEAST ? share : SCAN_WORKERS_ARENA_LEAST;
}

/* Of what a whole scan may have, at least one. */
static size_t scan_workers_share(const struct scan *scan, size_t of) {
  size_t share = of / scan->share.threads;
  return share ? share : 1;
}

static unsigned scan_workers_queries(const struct scan *scan) {
  unsigned share = RESOLVER_QUERIES_MAX / scan->share.threads;
  return share > RESOLVER_QUERIES_LEAST ? share : RESOLVER_QUERIES_LEAST;
}

static void scan_workers_configure_mail(const struct scan *scan, struct worker_config *worker) {
  worker->mail = scan->mail;
  if (!scan->mail.hosts) return;
  worker->prober = mail_probing_config(&scan->mail, &scan->config->mail, &worker->fetcher);
  worker->prober.in_flight_max = scan->share.probes;
  worker->dane = scan->config->mail.dane;
  worker->visits_max = scan_workers_share(scan, VISITS_MAX);
  worker->deployed_max = scan_workers_share(scan, JOURNEY_DEPLOYED_MAX);
  size_t half = (worker->jobs_max + 1) / 2; /* the rest is for those who have no record */
  if (worker->deployed_max > half) worker->deployed_max = half;
}

static void scan_workers_waiting(void *data, enum worker_wait wait) {
  struct scan *scan = data;
  if (wait == WORKER_KEEPS_ASIDE) {
    atomic_store(&scan->keeps_aside, true);
  } else if (wait == WORKER_GOES_ON) {
    atomic_fetch_sub(&scan->waiting, 1);
  } else {
    atomic_store(&scan->failing, wait == WORKER_WAITS_FAILING);
    atomic_fetch_add(&scan->waiting, 1);
  }
  uv_async_send(&scan->news);
}

enum err scan_workers_make(struct scan *scan) {
  const struct scan_config *config = scan->config;
  bool ipv6;
  enum err err = ipv6_route_look_up(&ipv6);
  if (err != ERR_NONE) {
    notice("%s", err_text(err));
    return err;
  }
  ipv6 &= source_address_has_ipv6(&config->source);
  scan->account->ipv6 = ipv6;
  struct worker_config worker = {
      .lists = scan->lists,
      .gzip = config->gzip,
      .resolver = {.servers = config->servers.at,
                   .server_count = config->servers.count,
                   .source = &config->source,
                   .timeout_ms = config->dns_timeout_ms,
                   .tries = config->dns_tries,
                   .tries_on_loss = config->dns_tries_on_loss,
                   .sockets_max = scan->share.sockets,
                   .queries_max = scan_workers_queries(scan),
                   .rate_limit = scan->dns_limit},
      .watch_sockets = DESCRIPTORS_WATCH,
      .fetcher = config->fetcher,
      .psl = scan->psl,
      .ipv6 = ipv6,
      .shard = config->shard,
      .shards = config->shards,
      .jobs_max = (config->concurrency + scan->share.threads - 1) / scan->share.threads,
      .arena_bytes = scan_workers_arena_bytes(scan),
      .ask = config->ask,
      .second_look_ms = config->second_look_ms,
      .second_look_max = scan_workers_share(scan, SECOND_LOOK_MAX),
      .ended = scan_state_news,
      .waiting = scan_workers_waiting,
      .data = scan,
  };
  worker.fetcher.limits = scan->limits;
  worker.fetcher.own = &scan->own;
  worker.fetcher.source = &config->source;
  worker.fetcher.rate_limit = scan->https_limit;
  worker.fetcher.in_flight_max = scan->share.fetches;
  scan_workers_configure_mail(scan, &worker);
  for (; scan->made < scan->share.threads; scan->made++) {
    const char *why = NULL;
    err = worker_new(&scan->workers[scan->made], &worker, &why);
    if (err == ERR_NONE) continue;
    if (why && config->fetcher.ca_file)
      notice("--ca-file %s: %s", config->fetcher.ca_file, why);
    else
      notice("%s", why ? why : err_text(err));
    return err;
  }
  return ERR_NONE;
}
