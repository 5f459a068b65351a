#include "scanner/resolver/name_server.h"

#include "scanner/base/pool.h"
#include "scanner/dns/message.h"
#include <stdlib.h>

static const uint64_t name_server_ms = 1000000;

enum {
  NAME_SERVER_SLOT_TCP = NAME_SERVER_PORTS_MAX,
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
  struct name_server_sockets *sockets;
  struct retries *retries;
  unsigned index;
  name_server_done *done;
  union address address;
  const struct source_address *source;
  uint64_t timeout;
  struct name_server_slot slots[NAME_SERVER_SLOTS];
  unsigned ports; /* of them in use for UDP */
  struct congestion congestion;
  struct ring flight; /* queries that fill the window, `flying` of them */
  size_t under_way;   /* queries that have not ended */
  uint64_t silent_since;
  uint64_t refusing_since;
  uint64_t answered_at;
  uint64_t answered_sent;
  uint64_t probe_at;
  struct pool queries;
  struct resolver_server stats;
  unsigned turn;
  unsigned flying;
  unsigned silent;    /* queries in a row without an answer */
  unsigned unreached; /* in a row */
  unsigned refusing;  /* answers in a row that refuse */
  unsigned bettered;  /* in a row */
  enum err trouble;
  bool unflushed;
  bool draining;
  bool resting;
  bool excluded;
  bool closing;
};

static void name_server_channel_done(struct channel_query *channel, enum channel_end end,
                                     struct span packet);

enum err name_server_new(struct name_server **out, const struct name_server_config *config) {
  struct name_server *upstream = calloc(1, sizeof *upstream);
  if (!upstream) return ERR_MEMORY;
  upstream->loop = config->loop;
  upstream->clock = config->clock;
  upstream->sockets = config->sockets;
  upstream->retries = config->retries;
  upstream->index = config->index;
  upstream->done = config->done;
  upstream->address = *config->address;
  upstream->source = config->source;
  upstream->timeout = config->timeout_ms * name_server_ms;
  upstream->ports = config->ports;
  upstream->queries.size = sizeof(struct query);
  congestion_init(&upstream->congestion, loop_clock_now(config->clock));
  ring_init(&upstream->flight);
  *out = upstream;
  return ERR_NONE;
}

static void name_server_give(struct name_server *upstream, struct query *query) {
  pool_give(&upstream->queries, query);
}

/* Takes the query off the window; frees it if it was kept for that only. */
static void name_server_vacate(struct query *query, uint64_t now) {
  struct name_server *upstream = query->upstream;
  if (!query->flying) return;
  congestion_left(&upstream->congestion, now - query->sent);
  upstream->flying--;
  ring_remove(&query->flight);
  query->flying = false;
  if (query->ended) name_server_give(upstream, query);
}

static void name_server_shut(struct name_server *upstream, struct channel **channel) {
  if (!*channel) return;
  upstream->sockets->open--;
  channel_close(*channel);
  *channel = NULL;
}

void name_server_close(struct name_server *upstream) {
  if (!upstream) return;
  upstream->closing = true;
  for (size_t i = 0; i < NAME_SERVER_SLOTS; i++) {
    name_server_shut(upstream, &upstream->slots[i].channel);
    name_server_shut(upstream, &upstream->slots[i].old);
  }
}

void name_server_free(struct name_server *upstream) {
  if (!upstream) return;
  while (!ring_empty(&upstream->flight))
    name_server_vacate(CONTAINER_OF(upstream->flight.next, struct query, flight), UINT64_MAX);
  pool_free(&upstream->queries);
  free(upstream);
}

void name_server_rest(struct name_server *upstream, uint64_t now) {
  if (upstream->resting) return;
  upstream->resting = true;
  upstream->probe_at = now + NAME_SERVER_PROBE_MS * name_server_ms;
  congestion_restart(&upstream->congestion, now);
}

void name_server_exclude(struct name_server *upstream) {
  upstream->excluded = upstream->resting = true;
}

static void name_server_rest_after(struct name_server *upstream, unsigned in_a_row, uint64_t since,
                                   uint64_t now) {
  bool long_enough = now - since >= NAME_SERVER_REST_MS * name_server_ms;
  if (in_a_row >= NAME_SERVER_REST_QUERIES && long_enough) name_server_rest(upstream, now);
}

static void name_server_silence(struct name_server *upstream, const struct query *query,
                                uint64_t now) {
  if (query->sent < upstream->answered_at) return;
  if (!upstream->silent++) upstream->silent_since = query->sent;
  name_server_rest_after(upstream, upstream->silent, upstream->silent_since, now);
}

static void name_server_refuses(struct name_server *upstream, uint64_t now) {
  if (!upstream->refusing++) upstream->refusing_since = now;
  name_server_rest_after(upstream, upstream->refusing, upstream->refusing_since, now);
}

static void name_server_nobody(struct name_server *upstream, uint64_t now) {
  if (++upstream->unreached >= NAME_SERVER_REST_UNREACHED) name_server_rest(upstream, now);
}

void name_server_bettered(struct name_server *upstream, uint64_t now) {
  if (++upstream->bettered >= NAME_SERVER_REST_BETTERED) name_server_rest(upstream, now);
}

/* Somebody is there. */
static void name_server_sign_of_life(struct name_server *upstream, uint64_t now) {
  upstream->answered_at = now;
  upstream->silent = upstream->unreached = 0;
}

/* And of use. */
static void name_server_sign_of_use(struct name_server *upstream) {
  upstream->refusing = upstream->bettered = 0;
  upstream->resting = upstream->excluded;
}

static struct query *name_server_first(const struct ring *list) {
  return ring_empty(list) ? NULL : CONTAINER_OF(list->next, struct query, flight);
}

/* Takes those off the window whose answers are late. */
static void name_server_release(struct name_server *upstream, uint64_t now) {
  uint64_t hold = congestion_hold(&upstream->congestion);
  uint64_t retry = congestion_retry(&upstream->congestion);
  struct query *query;
  while ((query = name_server_first(&upstream->flight)) && now - query->sent >= hold) {
    bool overdue = now - query->sent >= retry;
    if (!overdue && upstream->answered_at <= query->sent) return;
    if (overdue && !query->ended) name_server_silence(upstream, query, now);
    if (!query->ended) retries_learn(upstream->retries, query->first, false);
    name_server_vacate(query, now);
  }
}

/* A full window is let run down by a part before it is filled again: servers, and the kernel, are
 * far cheaper to wake for a burst than for each query. */
static bool name_server_has_room(struct name_server *upstream) {
  unsigned limit = congestion_limit(&upstream->congestion);
  unsigned part = limit / 4 < NAME_SERVER_BURST ? limit / 4 : NAME_SERVER_BURST;
  if (upstream->flying >= limit)
    upstream->draining = true;
  else if (upstream->flying <= limit - part)
    upstream->draining = false;
  return !upstream->draining;
}

static bool name_server_may_open(const struct name_server *upstream) {
  return upstream->sockets->open < upstream->sockets->max;
}

/* One of those that are open for UDP; or NULL. */
static struct name_server_slot *name_server_open_slot(struct name_server *upstream) {
  for (size_t i = 0; i < upstream->ports; i++)
    if (upstream->slots[i].channel) return &upstream->slots[i];
  return NULL;
}

/* Askers who look for room first never ask for more than there is. */
static void name_server_note_full(struct name_server *upstream) {
  if (upstream->flying < congestion_limit(&upstream->congestion)) return;
  upstream->draining = true;
  congestion_wanted(&upstream->congestion);
}

bool name_server_ready(struct name_server *upstream, uint64_t now) {
  if (upstream->excluded) return false;
  if (!name_server_may_open(upstream) && !name_server_open_slot(upstream)) return false;
  if (upstream->resting) return now >= upstream->probe_at;
  bool room = name_server_has_room(upstream);
  if (!room) {
    name_server_release(upstream, now);
    room = name_server_has_room(upstream);
  }
  if (congestion_paces(&upstream->congestion, now) && room) return true;
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

/* One more port when this one has its fill. */
static struct name_server_slot *name_server_slot(struct name_server *upstream,
                                                 enum name_server_way way) {
  if (way == NAME_SERVER_TCP) return &upstream->slots[NAME_SERVER_SLOT_TCP];
  unsigned at = upstream->turn++ / NAME_SERVER_PORT_TURN % upstream->ports;
  const struct channel *channel = upstream->slots[at].channel;
  bool full = channel && channel_in_flight(channel) >= NAME_SERVER_PORT_FLIGHT;
  bool may_open = name_server_may_open(upstream);
  if (full && may_open && upstream->ports < NAME_SERVER_PORTS_MAX) at = upstream->ports++;
  struct name_server_slot *open = may_open || channel ? NULL : name_server_open_slot(upstream);
  return open ? open : &upstream->slots[at];
}

static struct channel *name_server_channel(struct name_server *upstream, enum name_server_way way,
                                           uint64_t now) {
  struct name_server_slot *slot = name_server_slot(upstream, way);
  if (slot->channel)
    return channel_in_flight(slot->channel) < CHANNEL_FLIGHT_MAX ? slot->channel : NULL;
  enum channel_kind kind = way == NAME_SERVER_TCP ? CHANNEL_TCP : CHANNEL_UDP;
  upstream->trouble = ERR_DESCRIPTORS;
  if (!name_server_may_open(upstream)) return NULL;
  upstream->trouble = channel_new(&slot->channel, upstream->loop, &upstream->address,
                                  upstream->source, kind, name_server_channel_done);
  if (upstream->trouble) return NULL;
  upstream->sockets->open++;
  slot->opened = now;
  return slot->channel;
}

void name_server_send(struct query *query, enum name_server_way way, struct span packet,
                      uint64_t now) {
  struct name_server *upstream = query->upstream;
  query->sent = now;
  query->edns = way == NAME_SERVER_UDP;
  query->tcp = way == NAME_SERVER_TCP;
  ring_append(&upstream->flight, &query->flight);
  query->flying = true;
  upstream->flying++;
  if (!query->tcp) congestion_sent(&upstream->congestion, upstream->flying, now);
  name_server_note_full(upstream);
  upstream->under_way++;
  upstream->stats.sent++;
  if (upstream->resting) upstream->probe_at = now + NAME_SERVER_PROBE_MS * name_server_ms;
  struct channel *channel = name_server_channel(upstream, way, now);
  upstream->unflushed = true;
  query->channel.channel = channel;
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

static int name_server_rcode(struct span packet) {
  return packet.len > 3 ? packet.ptr[3] & 0x0f : -1;
}

/* One that refuses fills the window on. */
static void name_server_refused(struct query *query, uint64_t now) {
  struct name_server *upstream = query->upstream;
  upstream->stats.refused++;
  if (!query->tcp && !query->lost)
    congestion_lost(&upstream->congestion, query->sample, query->sent);
  name_server_refuses(upstream, now);
}

static void name_server_measured(struct query *query, bool useful, uint64_t now) {
  struct name_server *upstream = query->upstream;
  bool unknown = loop_clock_stood_still(upstream->clock);
  const struct congestion_answer answer = {
      .sent = query->sent,
      .delay = unknown ? CONGESTION_DELAY_UNKNOWN : now - query->sent,
      .useful = useful,
      .sample = query->sample,
      .found = query->lost,
  };
  if (!query->tcp) congestion_answered(&upstream->congestion, &answer, now);
}

static void name_server_answered(struct query *query, int rcode) {
  struct name_server *upstream = query->upstream;
  uint64_t now = loop_clock_now(upstream->clock);
  bool refused = rcode == DNS_REFUSED || rcode == DNS_NOTIMP || rcode == DNS_NOTAUTH;
  bool useful = rcode == DNS_NOERROR || rcode == DNS_NXDOMAIN;
  name_server_sign_of_life(upstream, now);
  if (query->sent > upstream->answered_sent) upstream->answered_sent = query->sent;
  upstream->stats.answered++;
  upstream->stats.lost -= query->lost;
  retries_learn(upstream->retries, query->first, !refused);
  if (refused) {
    name_server_refused(query, now);
    return;
  }
  upstream->stats.failed += rcode == DNS_SERVFAIL;
  if (useful || !upstream->bettered) name_server_sign_of_use(upstream);
  name_server_measured(query, useful, now);
  name_server_vacate(query, now);
}

static void name_server_unanswered(struct query *query, enum channel_end end) {
  struct name_server *upstream = query->upstream;
  if (!query->lost) upstream->stats.lost++;
  if (end == CHANNEL_FAILED && query->channel.channel)
    upstream->trouble = channel_trouble(query->channel.channel);
  if (end == CHANNEL_UNREACHED && !upstream->closing)
    name_server_nobody(upstream, loop_clock_now(upstream->clock));
}

static void name_server_channel_done(struct channel_query *channel, enum channel_end end,
                                     struct span packet) {
  struct query *query = CONTAINER_OF(channel, struct query, channel);
  struct name_server *upstream = query->upstream;
  upstream->under_way--;
  if (end == CHANNEL_ANSWERED)
    name_server_answered(query, name_server_rcode(packet));
  else
    name_server_unanswered(query, end);
  ring_remove(&query->sibling);
  if (!upstream->closing) upstream->done(query, end, packet);
  query->waiter = NULL;
  query->ended = true;
  if (!query->flying) name_server_give(upstream, query);
}

void name_server_overtaken(struct query *query) {
  if (query->lost) return;
  query->lost = true;
  query->upstream->stats.lost++;
  if (!query->tcp) congestion_lost(&query->upstream->congestion, query->sample, query->sent);
}

/* Who has a socket that others need, and does not use it, or has had it for long, gives it up. */
static void name_server_spare_slot(struct name_server *upstream, struct name_server_slot *slot,
                                   uint64_t now) {
  uint64_t age = now - slot->opened;
  if (!slot->channel || age < NAME_SERVER_SPARE_MS * name_server_ms) return;
  if (age > 2 * upstream->timeout || !channel_in_flight(slot->channel))
    name_server_shut(upstream, &slot->channel);
}

static void name_server_tick_slot(struct name_server *upstream, struct name_server_slot *slot,
                                  uint64_t now) {
  if (slot->old && (!channel_in_flight(slot->old) || now - slot->stepped_back > upstream->timeout))
    name_server_shut(upstream, &slot->old);
  if (!name_server_may_open(upstream)) {
    name_server_spare_slot(upstream, slot, now);
    return;
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

enum err name_server_trouble(const struct name_server *upstream) {
  return upstream->trouble;
}

bool name_server_busy(const struct name_server *upstream) {
  return upstream->under_way || upstream->flying;
}

uint64_t name_server_answered_sent(const struct name_server *upstream) {
  return upstream->answered_sent;
}

void name_server_revive(struct name_server *upstream, uint64_t now) {
  name_server_sign_of_life(upstream, now);
  name_server_sign_of_use(upstream);
}

bool name_server_resting(const struct name_server *upstream) {
  return upstream->resting;
}

unsigned name_server_room(const struct name_server *upstream) {
  unsigned limit = congestion_limit(&upstream->congestion);
  return upstream->resting || upstream->flying >= limit ? 0 : limit - upstream->flying;
}

bool name_server_is_scarce(const struct name_server *upstream) {
  return name_server_room(upstream) < congestion_limit(&upstream->congestion) / 10 + 1;
}

unsigned name_server_index(const struct name_server *upstream) {
  return upstream->index;
}

const struct congestion *name_server_congestion(const struct name_server *upstream) {
  return &upstream->congestion;
}

void name_server_describe(const struct name_server *upstream, struct resolver_server *server) {
  *server = upstream->stats;
  server->address = upstream->address;
  server->window = congestion_limit(&upstream->congestion);
  server->in_flight = upstream->flying;
  server->rtt_us = (unsigned)(congestion_delay(&upstream->congestion) / 1000);
  server->resting = upstream->resting;
}
