#include "scanner/run/worker_counters.h"

#include <stdlib.h>

static void counter_add(atomic_uint_fast64_t *counter) {
  atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
                        memory_order_relaxed);
}

static void counter_set(atomic_uint_fast64_t *counter, uint64_t value) {
  atomic_store_explicit(counter, value, memory_order_relaxed);
}

enum err worker_counters_init(struct worker_counters *counters, size_t server_count) {
  pthread_mutex_init(&counters->server_lock, NULL);
  counters->servers = calloc(server_count, sizeof *counters->servers);
  counters->server_count = server_count;
  return counters->servers ? ERR_NONE : ERR_MEMORY;
}

void worker_counters_free(struct worker_counters *counters) {
  pthread_mutex_destroy(&counters->server_lock);
  free(counters->servers);
}

void worker_counters_record(struct worker_counters *counters, const struct result *result) {
  counter_add(&counters->domains);
  counter_add(&counters->status[result->status]);
  if (result->fetch.asked) counter_add(&counters->fetches_done);
}

void worker_counters_publish(struct worker_counters *counters, const struct journey *journey,
                             const struct fetcher *fetcher, const struct resolver *resolver) {
  counter_set(&counters->in_flight, journey_in_flight(journey) + journey_aside(journey));
  counter_set(&counters->waiting, journey_waiting(journey));
  counter_set(&counters->waiting_ms, journey_waiting_ms(journey));
  counter_set(&counters->fetches, fetcher_in_flight(fetcher));
  pthread_mutex_lock(&counters->server_lock);
  for (size_t i = 0; i < counters->server_count; i++)
    resolver_server(resolver, i, &counters->servers[i]);
  pthread_mutex_unlock(&counters->server_lock);
}

void worker_counters_read(const struct worker_counters *counters,
                          struct worker_snapshot *snapshot) {
  snapshot->domains = atomic_load_explicit(&counters->domains, memory_order_relaxed);
  for (int i = 0; i < STATUS_COUNT; i++)
    snapshot->status[i] = atomic_load_explicit(&counters->status[i], memory_order_relaxed);
  snapshot->in_flight = atomic_load_explicit(&counters->in_flight, memory_order_relaxed);
  snapshot->waiting = atomic_load_explicit(&counters->waiting, memory_order_relaxed);
  snapshot->waiting_ms = atomic_load_explicit(&counters->waiting_ms, memory_order_relaxed);
  snapshot->fetches = atomic_load_explicit(&counters->fetches, memory_order_relaxed);
  snapshot->fetches_done = atomic_load_explicit(&counters->fetches_done, memory_order_relaxed);
}

void worker_snapshot_add(struct worker_snapshot *sum, const struct worker_snapshot *one) {
  sum->domains += one->domains;
  for (int i = 0; i < STATUS_COUNT; i++) sum->status[i] += one->status[i];
  sum->in_flight += one->in_flight;
  sum->waiting += one->waiting;
  if (one->waiting_ms > sum->waiting_ms) sum->waiting_ms = one->waiting_ms;
  sum->fetches += one->fetches;
  sum->fetches_done += one->fetches_done;
}

static void worker_server_add(struct resolver_server *to, const struct resolver_server *from) {
  to->address = from->address;
  to->sent += from->sent;
  to->answered += from->answered;
  to->refused += from->refused;
  to->failed += from->failed;
  to->lost += from->lost;
  to->window += from->window;
  to->in_flight += from->in_flight;
  if (from->rtt_us > to->rtt_us) to->rtt_us = from->rtt_us;
  to->resting |= from->resting;
}

void worker_counters_servers_add(const struct worker_counters *counters,
                                 struct resolver_server *sum) {
  pthread_mutex_lock((pthread_mutex_t *)&counters->server_lock);
  for (size_t i = 0; i < counters->server_count; i++)
    worker_server_add(&sum[i], &counters->servers[i]);
  pthread_mutex_unlock((pthread_mutex_t *)&counters->server_lock);
}
