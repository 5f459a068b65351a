#include "scanner/run/worker.h"

#include "scanner/run/outage_watch.h"
#include "scanner/run/record_block.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

struct worker {
  struct worker_config config;
  pthread_t thread;
  uv_loop_t loop;
  bool loop_made;
  bool closed; /* resolver and fetcher are */
  uv_async_t wake;
  uv_timer_t tick;
  uv_check_t check;
  struct resolver *resolver;
  struct fetcher *fetcher;
  struct prober *prober; /* NULL: mail servers are not asked */
  struct journey *journey;
  struct outage_watch *outage;
  struct record_block block;
  struct tally *tally;
  struct list_reader_batch *batch;
  size_t batch_next;
  bool lists_ended;
  bool ending;
  bool keeps_aside; /* told */
  uint64_t deadline;
  atomic_uint stop_grace_ms; /* UINT_MAX: not asked to stop */
  atomic_bool over;
  enum err err;
  int err_errno;
  uint64_t dropped, left;
  struct worker_counters counters;
};

static void worker_fail(struct worker *worker, enum err err) {
  if (worker->err != ERR_NONE) return;
  worker->err = err;
  worker->err_errno = errno;
}

/* While the results have no room, lines are not taken: see worker_fill(). */
static void worker_flush(struct worker *worker) {
  enum err err = record_block_flush(&worker->block, uv_now(&worker->loop));
  if (err != ERR_NONE) worker_fail(worker, err);
}

static void worker_emit(void *data, const struct result *result) {
  struct worker *worker = data;
  if (worker->err != ERR_NONE) return;
  enum err err = record_block_add(&worker->block, result);
  if (err == ERR_NONE) err = tally_add(worker->tally, result);
  if (err != ERR_NONE) {
    worker_fail(worker, err);
    return;
  }
  worker_counters_record(&worker->counters, result);
  if (gzip_block_full(worker->block.gzip)) worker_flush(worker);
}

static void worker_journey_fail(void *data, enum err err) {
  worker_fail(data, err);
}

static bool worker_next_batch(struct worker *worker) {
  if (worker->batch) list_reader_give(worker->config.lists, worker->batch);
  enum err err;
  worker->batch = list_reader_take(worker->config.lists, &err);
  worker->batch_next = 0;
  if (err != ERR_NONE) worker->lists_ended = true;
  return worker->batch != NULL;
}

/* Those that have waited for their second look, or for what they need, come before new lines. */
static void worker_take_back(struct worker *worker) {
  journey_look_again(worker->journey);
  journey_take_back(worker->journey);
}

/* Domains that have begun their journey and have no record. */
static uint64_t worker_open(const struct worker *worker) {
  return journey_in_flight(worker->journey) + journey_aside(worker->journey) +
         journey_waiting(worker->journey);
}

/* Pull, don't push: a line is taken only when there is room for it, and for its record. */
static void worker_fill(struct worker *worker) {
  if (!worker->ending && worker->err == ERR_NONE && !gzip_block_full(worker->block.gzip))
    worker_take_back(worker);
  while (!worker->ending && worker->err == ERR_NONE && !gzip_block_full(worker->block.gzip) &&
         journey_has_room(worker->journey)) {
    if (!worker->batch || worker->batch_next == worker->batch->count) {
      if (worker->lists_ended || !worker_next_batch(worker)) return;
      continue;
    }
    struct list_reader_line *line = &worker->batch->lines[worker->batch_next++];
    enum err err = journey_start(worker->journey, line->n, &line->entry);
    if (err != ERR_NONE) worker_fail(worker, err);
  }
}

/* Without a domain in flight, and without a record that the results has not got yet. */
static bool worker_is_done(struct worker *worker) {
  if (worker->err != ERR_NONE) return true;
  if (worker->ending && uv_now(&worker->loop) >= worker->deadline) return true;
  if (journey_in_flight(worker->journey) + journey_visits(worker->journey) > 0) return false;
  if (!worker->ending && (!worker->lists_ended || worker->batch)) return false;
  if (!worker->ending && worker_open(worker) > 0) return false;
  worker_flush(worker);
  return gzip_block_pending(worker->block.gzip) == 0;
}

/* Whoever is held may be the first of many. */
static struct span worker_known(void *data, size_t i) {
  const struct worker *worker = data;
  return i < LOOKUP_HOLD_KNOWN ? journey_known(worker->journey, i) : (struct span){0};
}

static void worker_on_gone(void *data, bool silent) {
  struct worker *worker = data;
  journey_distrust(worker->journey, true);
  worker->config.waiting(worker->config.data, silent ? WORKER_WAITS_SILENT : WORKER_WAITS_FAILING);
}

/* When the servers were there all the time, they have not answered for the names. */
static void worker_on_back(void *data, enum outage_watch_end end) {
  struct worker *worker = data;
  journey_distrust(worker->journey, false);
  if (end != OUTAGE_WATCH_NO_OUTAGE) worker->config.waiting(worker->config.data, WORKER_GOES_ON);
  resolver_revive(worker->resolver);
  journey_release(worker->journey, end == OUTAGE_WATCH_OVER);
}

static void worker_watch_resolver(struct worker *worker) {
  if (!resolver_is_resting(worker->resolver) && !journey_holds(worker->journey)) return;
  enum err err = outage_watch_begin(worker->outage);
  if (err != ERR_NONE) worker_fail(worker, err);
}

static void worker_watch_aside(struct worker *worker) {
  if (worker->keeps_aside || !journey_keeps_aside(worker->journey)) return;
  worker->keeps_aside = true;
  worker->config.waiting(worker->config.data, WORKER_KEEPS_ASIDE);
}

static void worker_publish(struct worker *worker) {
  worker_counters_publish(&worker->counters, worker->journey, worker->fetcher, worker->resolver);
}

/* Nothing calls back into the journey once the resolver and the fetcher are closed. */
static void worker_finish(struct worker *worker) {
  worker_publish(worker);
  worker->dropped = worker_open(worker);
  if (worker->err == ERR_NONE) worker_flush(worker);
  worker->left = worker->dropped;
  if (worker->batch) {
    worker->left += worker->batch->count - worker->batch_next;
    list_reader_give(worker->config.lists, worker->batch);
  }
  worker->batch = NULL;
  resolver_close(worker->resolver);
  if (worker->prober) prober_close(worker->prober);
  fetcher_close(worker->fetcher);
  journey_close(worker->journey);
  outage_watch_free(worker->outage);
  worker->outage = NULL;
  worker->closed = true;
  uv_close((uv_handle_t *)&worker->tick, NULL);
  uv_close((uv_handle_t *)&worker->check, NULL);
}

static void worker_take_stop(struct worker *worker) {
  unsigned grace = atomic_load(&worker->stop_grace_ms);
  if (grace == UINT_MAX) return;
  uint64_t deadline = uv_now(&worker->loop) + grace;
  if (!worker->ending || deadline < worker->deadline) worker->deadline = deadline;
  worker->ending = true;
}

/* After each turn of the loop: whatever came back has made room. */
static void worker_on_check(uv_check_t *handle) {
  struct worker *worker = handle->data;
  worker_fill(worker);
  if (worker_is_done(worker)) worker_finish(worker);
}

static void worker_on_wake(uv_async_t *handle) {
  worker_take_stop(handle->data);
}

static void worker_on_tick(uv_timer_t *handle) {
  struct worker *worker = handle->data;
  bool waited = uv_now(&worker->loop) - worker->block.flushed_ms >= WORKER_FLUSH_MS;
  if (waited || gzip_block_full(worker->block.gzip)) worker_flush(worker);
  worker_publish(worker);
  worker_watch_resolver(worker);
  journey_tick(worker->journey);
  worker_watch_aside(worker);
}

static enum err worker_make_loop(struct worker *worker) {
  if (uv_loop_init(&worker->loop) != 0) return ERR_MEMORY;
  worker->loop_made = true;
  worker->wake.data = worker->tick.data = worker->check.data = worker;
  uv_timer_init(&worker->loop, &worker->tick);
  uv_check_init(&worker->loop, &worker->check);
  if (uv_async_init(&worker->loop, &worker->wake, worker_on_wake) != 0) return ERR_MEMORY;
  uv_unref((uv_handle_t *)&worker->wake); /* others may send to it until worker_free() */
  uv_check_start(&worker->check, worker_on_check);
  uv_timer_start(&worker->tick, worker_on_tick, WORKER_TICK_MS, WORKER_TICK_MS);
  return ERR_NONE;
}

static void worker_on_connection(void *data) {
  struct worker *worker = data;
  port_watch_reached(worker->config.mail.port_watch);
}

static enum err worker_make_prober(struct worker *worker) {
  if (!worker->config.mail.hosts) return ERR_NONE;
  struct prober_config config = worker->config.prober;
  config.trust = fetcher_trust(worker->fetcher);
  config.stands = worker_on_connection;
  config.data = worker;
  return prober_new(&worker->prober, &worker->loop, &config);
}

static enum err worker_make_journey(struct worker *worker) {
  struct journey_config config = {
      .loop = &worker->loop,
      .resolver = worker->resolver,
      .fetcher = worker->fetcher,
      .block = worker->config.fetcher.block,
      .psl = worker->config.psl,
      .https_port = worker->config.fetcher.port,
      .ipv6 = worker->config.ipv6,
      .policy_size_max = worker->config.fetcher.policy_size_max,
      .shard = worker->config.shard,
      .shards = worker->config.shards,
      .jobs_max = worker->config.jobs_max,
      .arena_bytes = worker->config.arena_bytes,
      .ask = worker->config.ask,
      .second_look_ms = worker->config.second_look_ms,
      .second_look_max = worker->config.second_look_max,
      .hosts = worker->config.mail.hosts,
      .prober = worker->prober,
      .port_watch = worker->config.mail.port_watch,
      .dane = worker->config.dane,
      .visits_max = worker->config.visits_max,
      .deployed_max = worker->config.deployed_max,
      .patient = true,
      .emit = worker_emit,
      .fail = worker_journey_fail,
      .data = worker,
  };
  return journey_new(&worker->journey, &config);
}

static enum err worker_make_outage_watch(struct worker *worker) {
  struct outage_watch_config config = {
      .loop = &worker->loop,
      .servers = worker->config.resolver.servers,
      .server_count = worker->config.resolver.server_count,
      .source = worker->config.resolver.source,
      .sockets_max = worker->config.watch_sockets,
      .timeout_ms = OUTAGE_WATCH_TIMEOUT_MS,
      .pause_ms = OUTAGE_WATCH_PAUSE_MS,
      .patience_ms = OUTAGE_WATCH_PATIENCE_MS,
      .known = worker_known,
      .gone = worker_on_gone,
      .back = worker_on_back,
      .data = worker,
  };
  return outage_watch_new(&worker->outage, &config);
}

enum err worker_new(struct worker **worker, const struct worker_config *config, const char **why) {
  struct worker *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->config = *config;
  atomic_init(&made->stop_grace_ms, UINT_MAX);
  enum err err = worker_counters_init(&made->counters, config->resolver.server_count);
  if (err == ERR_NONE) err = gzip_block_new(&made->block.gzip, config->gzip);
  if (err == ERR_NONE) err = tally_new(&made->tally);
  if (err == ERR_NONE) err = worker_make_loop(made);
  if (err == ERR_NONE) err = resolver_new(&made->resolver, &made->loop, &config->resolver);
  if (err == ERR_NONE) err = fetcher_new(&made->fetcher, &made->loop, &config->fetcher, why);
  if (err == ERR_NONE) err = worker_make_prober(made);
  if (err == ERR_NONE) err = worker_make_journey(made);
  if (err == ERR_NONE) err = worker_make_outage_watch(made);
  if (err == ERR_NONE)
    *worker = made;
  else
    worker_free(made);
  return err;
}

void worker_know_servers(struct worker *worker, const enum resolver_check_verdict *verdicts) {
  resolver_check_apply(verdicts, worker->resolver);
  outage_watch_know_servers(worker->outage, verdicts);
}

static void *worker_main(void *data) {
  struct worker *worker = data;
  worker->block.flushed_ms = uv_now(&worker->loop);
  uv_async_send(&worker->wake); /* the first turn must not wait for the tick */
  uv_run(&worker->loop, UV_RUN_DEFAULT);
  atomic_store(&worker->over, true);
  worker->config.ended(worker->config.data);
  return NULL;
}

enum err worker_start(struct worker *worker, struct results_file *results) {
  worker->block.results = results;
  int failed = pthread_create(&worker->thread, NULL, worker_main, worker);
  return failed ? ERR_MEMORY : ERR_NONE;
}

void worker_wake(struct worker *worker) {
  uv_async_send(&worker->wake);
}

void worker_stop(struct worker *worker, unsigned grace_ms) {
  atomic_store(&worker->stop_grace_ms, grace_ms);
  uv_async_send(&worker->wake);
}

void worker_snapshot(const struct worker *worker, struct worker_snapshot *snapshot) {
  worker_counters_read(&worker->counters, snapshot);
}

void worker_servers_add(const struct worker *worker, struct resolver_server *sum) {
  worker_counters_servers_add(&worker->counters, sum);
}

bool worker_is_over(const struct worker *worker) {
  return atomic_load(&worker->over);
}

enum err worker_err(const struct worker *worker) {
  return worker->err;
}

enum err worker_join(struct worker *worker) {
  pthread_join(worker->thread, NULL);
  errno = worker->err_errno;
  return worker->err;
}

const struct tally *worker_tally(const struct worker *worker) {
  return worker->tally;
}

uint64_t worker_dropped(const struct worker *worker) {
  return worker->dropped;
}

uint64_t worker_left(const struct worker *worker) {
  return worker->left;
}

void worker_visits_add(const struct worker *worker, struct visits_account *sum) {
  journey_visits_add(worker->journey, sum);
}

static void worker_close_handle(uv_handle_t *handle, void *data) {
  (void)data;
  if (!uv_is_closing(handle)) uv_close(handle, NULL);
}

static void worker_free_loop(struct worker *worker) {
  if (worker->resolver && !worker->closed) resolver_close(worker->resolver);
  if (worker->prober && !worker->closed) prober_close(worker->prober);
  if (worker->fetcher && !worker->closed) fetcher_close(worker->fetcher);
  journey_close(worker->journey);
  outage_watch_free(worker->outage);
  uv_walk(&worker->loop, worker_close_handle, NULL);
  uv_run(&worker->loop, UV_RUN_DEFAULT);
  uv_loop_close(&worker->loop);
}

void worker_free(struct worker *worker) {
  if (!worker) return;
  if (worker->loop_made) worker_free_loop(worker);
  journey_free(worker->journey);
  gzip_block_free(worker->block.gzip);
  tally_free(worker->tally);
  worker_counters_free(&worker->counters);
  free(worker);
}
