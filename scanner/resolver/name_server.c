#include "scanner/resolver/name_server.h"
#include "scanner/base/pool.h"
#include <stdlib.h>

static const uint64_t upstream_ms = 1000000;

enum {
  UPSTREAM_SLOT_TCP = UPSTREAM_PORTS,
  UPSTREAM_SLOTS,
};

/* Channels are made when they are first needed. One whose oldest queries may have waited too long
 * steps back: it sends no more, and is closed when all its queries have. */
struct upstream_slot {
  struct channel *channel;
  uint64_t opened;
  struct channel *old;
  uint64_t stepped_back;
};

struct upstream {
  uv_loop_t *loop;
  struct loop_clock *clock;
  upstream_done *done;
  union address address;
  uint64_t timeout;
  struct upstream_slot slots[UPSTREAM_SLOTS];
  struct window window;
  struct ring flight; /* queries whose answers may still be in time, `flying` of them */
  struct ring late;   /* `late_count` */
  size_t under_way;   /* queries that have not ended */
  uint64_t silent_since;
  uint64_t answered_at;
  uint64_t answered_sent;
  uint64_t probe_at;
  struct pool queries;
  struct resolver_server stats;
  unsigned turn;
  unsigned flying;
  unsigned late_count;
  unsigned silent; /* queries in a row without an answer */
  bool unflushed;
  bool draining;
  bool resting;
  bool closing;
};

static void upstream_channel_done(struct channel_query *channel, enum channel_end end,
                                  struct span packet);

enum err upstream_new(struct upstream **out, uv_loop_t *loop, const union address *address,
                      unsigned timeout_ms, upstream_done *done, struct loop_clock *clock) {
  struct upstream *upstream = calloc(1, sizeof *upstream);
  if (!upstream) return ERR_MEMORY;
  upstream->loop = loop;
  upstream->clock = clock;
  upstream->done = done;
  upstream->address = *address;
  upstream->timeout = timeout_ms * upstream_ms;
  upstream->queries.size = sizeof(struct query);
  window_init(&upstream->window, loop_clock_now(clock));
  ring_init(&upstream->flight);
  ring_init(&upstream->late);
  *out = upstream;
  return ERR_NONE;
}

static void upstream_give(struct upstream *upstream, struct query *query) {
  pool_give(&upstream->queries, query);
}

/* Takes the query off the window; frees it if it was kept for that only. */
static void upstream_vacate(struct query *query) {
  struct upstream *upstream = query->upstream;
  if (query->place == QUERY_FLIGHT) upstream->flying--;
  if (query->place == QUERY_LATE) upstream->late_count--;
  if (query->place == QUERY_NOWHERE) return;
  ring_remove(&query->flight);
  query->place = QUERY_NOWHERE;
  if (query->ended) upstream_give(upstream, query);
}

static void upstream_put(struct query *query, struct ring *list, enum query_place place) {
  ring_append(list, &query->flight);
  query->place = place;
  if (place == QUERY_FLIGHT) query->upstream->flying++;
  if (place == QUERY_LATE) query->upstream->late_count++;
}

static void upstream_late(struct query *query) {
  struct upstream *upstream = query->upstream;
  ring_remove(&query->flight);
  upstream->flying--;
  upstream_put(query, &upstream->late, QUERY_LATE);
}

void upstream_close(struct upstream *upstream) {
  if (!upstream) return;
  upstream->closing = true;
  for (size_t i = 0; i < UPSTREAM_SLOTS; i++) {
    channel_close(upstream->slots[i].channel);
    channel_close(upstream->slots[i].old);
  }
}

void upstream_free(struct upstream *upstream) {
  if (!upstream) return;
  ring_move(&upstream->flight, &upstream->late);
  while (!ring_empty(&upstream->flight))
    upstream_vacate(CONTAINER_OF(upstream->flight.next, struct query, flight));
  pool_free(&upstream->queries);
  free(upstream);
}

static void upstream_rest(struct upstream *upstream, uint64_t now) {
  bool long_enough = now - upstream->silent_since >= UPSTREAM_REST_MS * upstream_ms;
  if (upstream->resting || upstream->silent < UPSTREAM_REST_QUERIES || !long_enough) return;
  upstream->resting = true;
  upstream->probe_at = now + UPSTREAM_PROBE_MS * upstream_ms;
  window_restart(&upstream->window);
}

static void upstream_silence(struct upstream *upstream, const struct query *query, uint64_t now) {
  if (query->sent < upstream->answered_at) return;
  if (!upstream->silent++) upstream->silent_since = query->sent;
  upstream_rest(upstream, now);
}

static void upstream_sign_of_life(struct upstream *upstream, uint64_t now) {
  upstream->answered_at = now;
  upstream->silent = 0;
  upstream->resting = false;
}

static struct query *upstream_first(const struct ring *list) {
  return ring_empty(list) ? NULL : CONTAINER_OF(list->next, struct query, flight);
}

/* Takes those off the window whose answers are late. */
static void upstream_release(struct upstream *upstream, uint64_t now) {
  uint64_t hold = window_hold(&upstream->window);
  uint64_t retry = window_retry(&upstream->window);
  struct query *query;
  while ((query = upstream_first(&upstream->late)) && now - query->sent >= retry)
    upstream_vacate(query);
  while ((query = upstream_first(&upstream->flight)) && now - query->sent >= hold) {
    bool overdue = now - query->sent >= retry;
    if (!overdue && upstream->answered_at <= query->sent) return;
    if (overdue) {
      upstream_silence(upstream, query, now);
      upstream_vacate(query);
    } else {
      upstream_late(query);
    }
  }
}

static unsigned upstream_filled(const struct upstream *upstream) {
  unsigned borne = window_late_max(&upstream->window);
  return upstream->flying + (upstream->late_count > borne ? upstream->late_count - borne : 0);
}

/* A full window is let run down by a part before it is filled again: servers, and the kernel, are
 * far cheaper to wake for a burst than for each query. */
static bool upstream_has_room(struct upstream *upstream) {
  unsigned limit = window_limit(&upstream->window);
  unsigned filled = upstream_filled(upstream);
  if (filled >= limit)
    upstream->draining = true;
  else if (filled <= limit - limit / UPSTREAM_BURST_PART)
    upstream->draining = false;
  return !upstream->draining;
}

bool upstream_ready(struct upstream *upstream, uint64_t now) {
  if (upstream->resting) return now >= upstream->probe_at;
  if (upstream_has_room(upstream)) return true;
  upstream_release(upstream, now);
  if (upstream_has_room(upstream)) return true;
  window_wanted(&upstream->window);
  return false;
}

struct query *upstream_query(struct upstream *upstream) {
  struct query *query = pool_take(&upstream->queries);
  if (!query) return NULL;
  query->upstream = upstream;
  ring_init(&query->sibling);
  ring_init(&query->flight);
  return query;
}

static struct upstream_slot *upstream_slot(struct upstream *upstream, enum upstream_way way) {
  if (way == UPSTREAM_TCP) return &upstream->slots[UPSTREAM_SLOT_TCP];
  return &upstream->slots[upstream->turn++ / UPSTREAM_PORT_TURN % UPSTREAM_PORTS];
}

static struct channel *upstream_channel(struct upstream *upstream, enum upstream_way way,
                                        uint64_t now) {
  struct upstream_slot *slot = upstream_slot(upstream, way);
  if (slot->channel)
    return channel_in_flight(slot->channel) < CHANNEL_FLIGHT_MAX ? slot->channel : NULL;
  enum channel_kind kind = way == UPSTREAM_TCP ? CHANNEL_TCP : CHANNEL_UDP;
  if (channel_new(&slot->channel, upstream->loop, &upstream->address, kind, upstream_channel_done))
    return NULL;
  slot->opened = now;
  return slot->channel;
}

void upstream_send(struct query *query, enum upstream_way way, struct span packet, uint64_t now) {
  struct upstream *upstream = query->upstream;
  query->sent = now;
  query->edns = way == UPSTREAM_UDP;
  query->tcp = way == UPSTREAM_TCP;
  query->epoch = window_sent(&upstream->window, now);
  upstream_put(query, &upstream->flight, QUERY_FLIGHT);
  upstream->under_way++;
  upstream->stats.sent++;
  if (upstream->resting) upstream->probe_at = now + UPSTREAM_PROBE_MS * upstream_ms;
  struct channel *channel = upstream_channel(upstream, way, now);
  upstream->unflushed = true;
  if (channel)
    channel_send(channel, packet, &query->channel);
  else
    upstream_channel_done(&query->channel, CHANNEL_FAILED, (struct span){NULL, 0});
}

void upstream_flush(struct upstream *upstream) {
  if (!upstream->unflushed) return;
  upstream->unflushed = false;
  for (size_t i = 0; i < UPSTREAM_SLOTS; i++) {
    if (upstream->slots[i].channel) channel_flush(upstream->slots[i].channel);
    if (upstream->slots[i].old) channel_flush(upstream->slots[i].old);
  }
}

static void upstream_answered(struct query *query) {
  struct upstream *upstream = query->upstream;
  uint64_t now = loop_clock_now(upstream->clock);
  uint64_t rtt = loop_clock_stood_still(upstream->clock) ? WINDOW_RTT_UNKNOWN : now - query->sent;
  upstream_sign_of_life(upstream, now);
  if (query->sent > upstream->answered_sent) upstream->answered_sent = query->sent;
  upstream->stats.answered++;
  if (!query->tcp) window_answered(&upstream->window, query->epoch, rtt);
  if (query->lost) {
    window_found(&upstream->window, query->epoch);
    upstream->stats.lost--;
  }
  upstream_vacate(query);
}

static void upstream_channel_done(struct channel_query *channel, enum channel_end end,
                                  struct span packet) {
  struct query *query = CONTAINER_OF(channel, struct query, channel);
  struct upstream *upstream = query->upstream;
  upstream->under_way--;
  if (end == CHANNEL_ANSWERED)
    upstream_answered(query);
  else if (!query->lost)
    upstream->stats.lost++;
  ring_remove(&query->sibling);
  if (!upstream->closing) upstream->done(query, end, packet);
  query->waiter = NULL;
  query->ended = true;
  if (query->place == QUERY_NOWHERE) upstream_give(upstream, query);
}

void upstream_overtaken(struct query *query) {
  if (query->lost) return;
  query->lost = true;
  query->upstream->stats.lost++;
  window_lost(&query->upstream->window, query->epoch);
}

static void upstream_tick_slot(struct upstream *upstream, struct upstream_slot *slot,
                               uint64_t now) {
  if (slot->old &&
      (!channel_in_flight(slot->old) || now - slot->stepped_back > upstream->timeout)) {
    channel_close(slot->old);
    slot->old = NULL;
  }
  if (slot->channel && !slot->old && channel_in_flight(slot->channel) &&
      now - slot->opened > upstream->timeout) {
    slot->old = slot->channel;
    slot->stepped_back = now;
    slot->channel = NULL;
  }
}

void upstream_tick(struct upstream *upstream, uint64_t now) {
  upstream_release(upstream, now);
  for (size_t i = 0; i < UPSTREAM_SLOTS; i++)
    upstream_tick_slot(upstream, &upstream->slots[i], now);
}

bool upstream_busy(const struct upstream *upstream) {
  return upstream->under_way || upstream->flying || upstream->late_count;
}

uint64_t upstream_answered_sent(const struct upstream *upstream) {
  return upstream->answered_sent;
}

void upstream_revive(struct upstream *upstream, uint64_t now) {
  upstream_sign_of_life(upstream, now);
}

bool upstream_resting(const struct upstream *upstream) {
  return upstream->resting;
}

unsigned upstream_room(const struct upstream *upstream) {
  unsigned limit = window_limit(&upstream->window);
  unsigned filled = upstream_filled(upstream);
  return upstream->resting || filled >= limit ? 0 : limit - filled;
}

uint64_t upstream_retry(const struct upstream *upstream) {
  return window_retry(&upstream->window);
}

bool upstream_loses(const struct upstream *upstream) {
  return window_loses(&upstream->window);
}

void upstream_describe(const struct upstream *upstream, struct resolver_server *server) {
  *server = upstream->stats;
  server->address = upstream->address;
  server->window = window_limit(&upstream->window);
  server->in_flight = upstream->flying;
  server->rtt_us = (unsigned)(upstream->window.rtt / 1000);
  server->resting = upstream->resting;
}
