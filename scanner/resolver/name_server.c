#include "scanner/resolver/name_server.h"
#include "scanner/base/pool.h"
#include <stdlib.h>

static const uint64_t name_server_ms = 1000000;

enum {
  NAME_SERVER_SLOT_TCP = NAME_SERVER_PORTS,
  NAME_SERVER_SLOTS,
};

/* Channels are made when they are first needed. One whose oldest queries may have waited too long
 * steps back: it sends no more, and is closed when all its queries have. */
struct name_server_slot {
  struct channel *channel;
  uint64_t opened;
  struct channel *old;
  uint64_t stepped_back;
};

struct name_server {
  uv_loop_t *loop;
  struct loop_clock *clock;
  name_server_done *done;
  union address address;
  uint64_t timeout;
  struct name_server_slot slots[NAME_SERVER_SLOTS];
  struct congestion congestion;
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

static void name_server_channel_done(struct channel_query *channel, enum channel_end end,
                                     struct span packet);

enum err name_server_new(struct name_server **out, uv_loop_t *loop, const union address *address,
                         unsigned timeout_ms, name_server_done *done, struct loop_clock *clock) {
  struct name_server *upstream = calloc(1, sizeof *upstream);
  if (!upstream) return ERR_MEMORY;
  upstream->loop = loop;
  upstream->clock = clock;
  upstream->done = done;
  upstream->address = *address;
  upstream->timeout = timeout_ms * name_server_ms;
  upstream->queries.size = sizeof(struct query);
  congestion_init(&upstream->congestion, loop_clock_now(clock));
  ring_init(&upstream->flight);
  ring_init(&upstream->late);
  *out = upstream;
  return ERR_NONE;
}

static void name_server_give(struct name_server *upstream, struct query *query) {
  pool_give(&upstream->queries, query);
}

/* Takes the query off the window; frees it if it was kept for that only. */
static void name_server_vacate(struct query *query) {
  struct name_server *upstream = query->upstream;
  if (query->place == QUERY_FLIGHT) upstream->flying--;
  if (query->place == QUERY_LATE) upstream->late_count--;
  if (query->place == QUERY_NOWHERE) return;
  ring_remove(&query->flight);
  query->place = QUERY_NOWHERE;
  if (query->ended) name_server_give(upstream, query);
}

static void name_server_put(struct query *query, struct ring *list, enum query_place place) {
  ring_append(list, &query->flight);
  query->place = place;
  if (place == QUERY_FLIGHT) query->upstream->flying++;
  if (place == QUERY_LATE) query->upstream->late_count++;
}

static void name_server_late(struct query *query) {
  struct name_server *upstream = query->upstream;
  ring_remove(&query->flight);
  upstream->flying--;
  name_server_put(query, &upstream->late, QUERY_LATE);
}

void name_server_close(struct name_server *upstream) {
  if (!upstream) return;
  upstream->closing = true;
  for (size_t i = 0; i < NAME_SERVER_SLOTS; i++) {
    channel_close(upstream->slots[i].channel);
    channel_close(upstream->slots[i].old);
  }
}

void name_server_free(struct name_server *upstream) {
  if (!upstream) return;
  ring_move(&upstream->flight, &upstream->late);
  while (!ring_empty(&upstream->flight))
    name_server_vacate(CONTAINER_OF(upstream->flight.next, struct query, flight));
  pool_free(&upstream->queries);
  free(upstream);
}

static void name_server_rest(struct name_server *upstream, uint64_t now) {
  bool long_enough = now - upstream->silent_since >= NAME_SERVER_REST_MS * name_server_ms;
  if (upstream->resting || upstream->silent < NAME_SERVER_REST_QUERIES || !long_enough) return;
  upstream->resting = true;
  upstream->probe_at = now + NAME_SERVER_PROBE_MS * name_server_ms;
  congestion_restart(&upstream->congestion);
}

static void name_server_silence(struct name_server *upstream, const struct query *query,
                                uint64_t now) {
  if (query->sent < upstream->answered_at) return;
  if (!upstream->silent++) upstream->silent_since = query->sent;
  name_server_rest(upstream, now);
}

static void name_server_sign_of_life(struct name_server *upstream, uint64_t now) {
  upstream->answered_at = now;
  upstream->silent = 0;
  upstream->resting = false;
}

static struct query *name_server_first(const struct ring *list) {
  return ring_empty(list) ? NULL : CONTAINER_OF(list->next, struct query, flight);
}

/* Takes those off the window whose answers are late. */
static void name_server_release(struct name_server *upstream, uint64_t now) {
  uint64_t hold = congestion_hold(&upstream->congestion);
  uint64_t retry = congestion_retry(&upstream->congestion);
  struct query *query;
  while ((query = name_server_first(&upstream->late)) && now - query->sent >= retry)
    name_server_vacate(query);
  while ((query = name_server_first(&upstream->flight)) && now - query->sent >= hold) {
    bool overdue = now - query->sent >= retry;
    if (!overdue && upstream->answered_at <= query->sent) return;
    if (overdue) {
      name_server_silence(upstream, query, now);
      name_server_vacate(query);
    } else {
      name_server_late(query);
    }
  }
}

static unsigned name_server_filled(const struct name_server *upstream) {
  unsigned borne = congestion_late_max(&upstream->congestion);
  return upstream->flying + (upstream->late_count > borne ? upstream->late_count - borne : 0);
}

/* A full window is let run down by a part before it is filled again: servers, and the kernel, are
 * far cheaper to wake for a burst than for each query. */
static bool name_server_has_room(struct name_server *upstream) {
  unsigned limit = congestion_limit(&upstream->congestion);
  unsigned filled = name_server_filled(upstream);
  if (filled >= limit)
    upstream->draining = true;
  else if (filled <= limit - limit / NAME_SERVER_BURST_PART)
    upstream->draining = false;
  return !upstream->draining;
}

bool name_server_ready(struct name_server *upstream, uint64_t now) {
  if (upstream->resting) return now >= upstream->probe_at;
  if (name_server_has_room(upstream)) return true;
  name_server_release(upstream, now);
  if (name_server_has_room(upstream)) return true;
  congestion_wanted(&upstream->congestion);
  return false;
}

struct query *name_server_query(struct name_server *upstream) {
  struct query *query = pool_take(&upstream->queries);
  if (!query) return NULL;
  query->upstream = upstream;
  ring_init(&query->sibling);
  ring_init(&query->flight);
  return query;
}

static struct name_server_slot *name_server_slot(struct name_server *upstream,
                                                 enum name_server_way way) {
  if (way == NAME_SERVER_TCP) return &upstream->slots[NAME_SERVER_SLOT_TCP];
  return &upstream->slots[upstream->turn++ / NAME_SERVER_PORT_TURN % NAME_SERVER_PORTS];
}

static struct channel *name_server_channel(struct name_server *upstream, enum name_server_way way,
                                           uint64_t now) {
  struct name_server_slot *slot = name_server_slot(upstream, way);
  if (slot->channel)
    return channel_in_flight(slot->channel) < CHANNEL_FLIGHT_MAX ? slot->channel : NULL;
  enum channel_kind kind = way == NAME_SERVER_TCP ? CHANNEL_TCP : CHANNEL_UDP;
  if (channel_new(&slot->channel, upstream->loop, &upstream->address, kind,
                  name_server_channel_done))
    return NULL;
  slot->opened = now;
  return slot->channel;
}

void name_server_send(struct query *query, enum name_server_way way, struct span packet,
                      uint64_t now) {
  struct name_server *upstream = query->upstream;
  query->sent = now;
  query->edns = way == NAME_SERVER_UDP;
  query->tcp = way == NAME_SERVER_TCP;
  query->epoch = congestion_sent(&upstream->congestion, now);
  name_server_put(query, &upstream->flight, QUERY_FLIGHT);
  upstream->under_way++;
  upstream->stats.sent++;
  if (upstream->resting) upstream->probe_at = now + NAME_SERVER_PROBE_MS * name_server_ms;
  struct channel *channel = name_server_channel(upstream, way, now);
  upstream->unflushed = true;
  if (channel)
    channel_send(channel, packet, &query->channel);
  else
    name_server_channel_done(&query->channel, CHANNEL_FAILED, (struct span){NULL, 0});
}

void name_server_flush(struct name_server *upstream) {
  if (!upstream->unflushed) return;
  upstream->unflushed = false;
  for (size_t i = 0; i < NAME_SERVER_SLOTS; i++) {
    if (upstream->slots[i].channel) channel_flush(upstream->slots[i].channel);
    if (upstream->slots[i].old) channel_flush(upstream->slots[i].old);
  }
}

static void name_server_answered(struct query *query) {
  struct name_server *upstream = query->upstream;
  uint64_t now = loop_clock_now(upstream->clock);
  uint64_t rtt =
      loop_clock_stood_still(upstream->clock) ? CONGESTION_RTT_UNKNOWN : now - query->sent;
  name_server_sign_of_life(upstream, now);
  if (query->sent > upstream->answered_sent) upstream->answered_sent = query->sent;
  upstream->stats.answered++;
  if (!query->tcp) congestion_answered(&upstream->congestion, query->epoch, rtt);
  if (query->lost) {
    congestion_found(&upstream->congestion, query->epoch);
    upstream->stats.lost--;
  }
  name_server_vacate(query);
}

static void name_server_channel_done(struct channel_query *channel, enum channel_end end,
                                     struct span packet) {
  struct query *query = CONTAINER_OF(channel, struct query, channel);
  struct name_server *upstream = query->upstream;
  upstream->under_way--;
  if (end == CHANNEL_ANSWERED)
    name_server_answered(query);
  else if (!query->lost)
    upstream->stats.lost++;
  ring_remove(&query->sibling);
  if (!upstream->closing) upstream->done(query, end, packet);
  query->waiter = NULL;
  query->ended = true;
  if (query->place == QUERY_NOWHERE) name_server_give(upstream, query);
}

void name_server_overtaken(struct query *query) {
  if (query->lost) return;
  query->lost = true;
  query->upstream->stats.lost++;
  congestion_lost(&query->upstream->congestion, query->epoch);
}

static void name_server_tick_slot(struct name_server *upstream, struct name_server_slot *slot,
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

void name_server_tick(struct name_server *upstream, uint64_t now) {
  name_server_release(upstream, now);
  for (size_t i = 0; i < NAME_SERVER_SLOTS; i++)
    name_server_tick_slot(upstream, &upstream->slots[i], now);
}

bool name_server_busy(const struct name_server *upstream) {
  return upstream->under_way || upstream->flying || upstream->late_count;
}

uint64_t name_server_answered_sent(const struct name_server *upstream) {
  return upstream->answered_sent;
}

void name_server_revive(struct name_server *upstream, uint64_t now) {
  name_server_sign_of_life(upstream, now);
}

bool name_server_resting(const struct name_server *upstream) {
  return upstream->resting;
}

unsigned name_server_room(const struct name_server *upstream) {
  unsigned limit = congestion_limit(&upstream->congestion);
  unsigned filled = name_server_filled(upstream);
  return upstream->resting || filled >= limit ? 0 : limit - filled;
}

uint64_t name_server_retry(const struct name_server *upstream) {
  return congestion_retry(&upstream->congestion);
}

bool name_server_loses(const struct name_server *upstream) {
  return congestion_loses(&upstream->congestion);
}

void name_server_describe(const struct name_server *upstream, struct resolver_server *server) {
  *server = upstream->stats;
  server->address = upstream->address;
  server->window = congestion_limit(&upstream->congestion);
  server->in_flight = upstream->flying;
  server->rtt_us = (unsigned)(upstream->congestion.rtt / 1000);
  server->resting = upstream->resting;
}
