#include "scanner/resolver/name_server.h"

#include "scanner/base/pool.h"
#include "scanner/dns/message.h"
#include <stdlib.h>
#include <sys/random.h>

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
  struct name_server_queries *kept;
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
  uint64_t ping_sent; /* the last one, and the last of those that were answered */
  uint64_t ping_heard;
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
  struct name_server *name_server = calloc(1, sizeof *name_server);
  if (!name_server) return ERR_MEMORY;
  name_server->loop = config->loop;
  name_server->clock = config->clock;
  name_server->sockets = config->sockets;
  name_server->kept = config->kept;
  name_server->retries = config->retries;
  name_server->index = config->index;
  name_server->done = config->done;
  name_server->address = *config->address;
  name_server->source = config->source;
  name_server->timeout = config->timeout_ms * name_server_ms;
  name_server->ports = config->ports;
  name_server->queries.size = sizeof(struct query);
  congestion_init(&name_server->congestion, loop_clock_now(config->clock));
  ring_init(&name_server->flight);
  *out = name_server;
  return ERR_NONE;
}

static void name_server_give(struct name_server *name_server, struct query *query) {
  pool_give(&name_server->queries, query);
}

/* Takes the query off the window; frees it if it was kept for that only. */
static void name_server_vacate(struct query *query, uint64_t now) {
  struct name_server *name_server = query->name_server;
  if (!query->flying) return;
  congestion_left(&name_server->congestion, now - query->sent);
  name_server->flying--;
  ring_remove(&query->flight);
  query->flying = false;
  if (query->ended) name_server_give(name_server, query);
}

static void name_server_shut(struct name_server *name_server, struct channel **channel) {
  if (!*channel) return;
  name_server->sockets->open--;
  channel_close(*channel);
  *channel = NULL;
}

void name_server_close(struct name_server *name_server) {
  if (!name_server) return;
  name_server->closing = true;
  for (size_t i = 0; i < NAME_SERVER_SLOTS; i++) {
    name_server_shut(name_server, &name_server->slots[i].channel);
    name_server_shut(name_server, &name_server->slots[i].old);
  }
}

void name_server_free(struct name_server *name_server) {
  if (!name_server) return;
  while (!ring_empty(&name_server->flight))
    name_server_vacate(CONTAINER_OF(name_server->flight.next, struct query, flight), UINT64_MAX);
  pool_free(&name_server->queries);
  free(name_server);
}

void name_server_rest(struct name_server *name_server, uint64_t now) {
  if (name_server->resting) return;
  name_server->resting = true;
  name_server->probe_at = now + NAME_SERVER_PROBE_MS * name_server_ms;
  congestion_restart(&name_server->congestion, now);
}

void name_server_exclude(struct name_server *name_server) {
  name_server->excluded = name_server->resting = true;
}

static bool name_server_is_long(uint64_t since, uint64_t now) {
  return now - since >= NAME_SERVER_REST_MS * name_server_ms;
}

/* A name that was asked for before is perhaps one that nobody answers. */
static void name_server_silence(struct name_server *name_server, const struct query *query,
                                uint64_t now) {
  if (!query->first || query->sent < name_server->answered_at) return;
  if (!name_server->silent++) name_server->silent_since = query->sent;
  bool many = name_server->silent >= NAME_SERVER_REST_QUERIES;
  if (many && name_server_is_long(name_server->silent_since, now))
    name_server_rest(name_server, now);
}

static void name_server_refuses(struct name_server *name_server, uint64_t now) {
  if (!name_server->refusing++) name_server->refusing_since = now;
  bool many = name_server->refusing >= NAME_SERVER_REST_REFUSALS;
  if (many && name_server_is_long(name_server->refusing_since, now))
    name_server_rest(name_server, now);
}

static void name_server_nobody(struct name_server *name_server, uint64_t now) {
  if (++name_server->unreached >= NAME_SERVER_REST_UNREACHED) name_server_rest(name_server, now);
}

void name_server_bettered(struct name_server *name_server, uint64_t now) {
  if (++name_server->bettered >= NAME_SERVER_REST_BETTERED) name_server_rest(name_server, now);
}

/* Somebody is there. */
static void name_server_sign_of_life(struct name_server *name_server, uint64_t now) {
  name_server->answered_at = now;
  name_server->silent = name_server->unreached = 0;
}

/* And of use. */
static void name_server_sign_of_use(struct name_server *name_server) {
  name_server->refusing = name_server->bettered = 0;
  name_server->resting = name_server->excluded;
}

static struct query *name_server_first(const struct ring *list) {
  return ring_empty(list) ? NULL : CONTAINER_OF(list->next, struct query, flight);
}

/* Takes those off the window whose answers are late. */
static void name_server_release(struct name_server *name_server, uint64_t now) {
  uint64_t hold = congestion_hold(&name_server->congestion);
  uint64_t retry = congestion_retry(&name_server->congestion);
  struct query *query;
  while ((query = name_server_first(&name_server->flight)) && now - query->sent >= hold) {
    bool overdue = now - query->sent >= retry;
    if (!overdue && name_server->answered_at <= query->sent) return;
    if (overdue && !query->ended) name_server_silence(name_server, query, now);
    if (!query->ended && !query->ping) retries_learn(name_server->retries, query->first, false);
    name_server_vacate(query, now);
  }
}

/* A full window is let run down by a part before it is filled again: servers, and the kernel, are
 * far cheaper to wake for a burst than for each query. */
static bool name_server_has_room(struct name_server *name_server) {
  unsigned limit = congestion_limit(&name_server->congestion);
  unsigned part = limit / 4 < NAME_SERVER_BURST ? limit / 4 : NAME_SERVER_BURST;
  if (name_server->flying >= limit)
    name_server->draining = true;
  else if (name_server->flying <= limit - part)
    name_server->draining = false;
  return !name_server->draining;
}

static bool name_server_may_open(const struct name_server *name_server) {
  return name_server->sockets->open < name_server->sockets->max;
}

/* One of those that are open for UDP; or NULL. */
static struct name_server_slot *name_server_open_slot(struct name_server *name_server) {
  for (size_t i = 0; i < name_server->ports; i++)
    if (name_server->slots[i].channel) return &name_server->slots[i];
  return NULL;
}

/* Askers who look for room first never ask for more than there is. */
static void name_server_note_full(struct name_server *name_server) {
  if (name_server->flying < congestion_limit(&name_server->congestion)) return;
  name_server->draining = true;
  congestion_wanted(&name_server->congestion);
}

bool name_server_ready(struct name_server *name_server, uint64_t now) {
  if (name_server->excluded || name_server->kept->kept >= name_server->kept->max) return false;
  if (!name_server_may_open(name_server) && !name_server_open_slot(name_server)) return false;
  if (name_server->resting) return now >= name_server->probe_at;
  bool room = name_server_has_room(name_server);
  if (!room) {
    name_server_release(name_server, now);
    room = name_server_has_room(name_server);
  }
  if (congestion_paces(&name_server->congestion, now) && room) return true;
  congestion_wanted(&name_server->congestion);
  return false;
}

struct query *name_server_query(struct name_server *name_server) {
  struct query *query = pool_take(&name_server->queries);
  if (!query) return NULL;
  query->name_server = name_server;
  ring_init(&query->sibling);
  ring_init(&query->flight);
  return query;
}

/* One more port when this one has its fill. */
static struct name_server_slot *name_server_slot(struct name_server *name_server,
                                                 enum name_server_way way) {
  if (way == NAME_SERVER_TCP) return &name_server->slots[NAME_SERVER_SLOT_TCP];
  unsigned at = name_server->turn++ / NAME_SERVER_PORT_TURN % name_server->ports;
  const struct channel *channel = name_server->slots[at].channel;
  bool full = channel && channel_in_flight(channel) >= NAME_SERVER_PORT_FLIGHT;
  bool may_open = name_server_may_open(name_server);
  if (full && may_open && name_server->ports < NAME_SERVER_PORTS_MAX) at = name_server->ports++;
  struct name_server_slot *open = may_open || channel ? NULL : name_server_open_slot(name_server);
  return open ? open : &name_server->slots[at];
}

static struct channel *name_server_channel(struct name_server *name_server,
                                           enum name_server_way way, uint64_t now) {
  struct name_server_slot *slot = name_server_slot(name_server, way);
  if (slot->channel)
    return channel_in_flight(slot->channel) < CHANNEL_FLIGHT_MAX ? slot->channel : NULL;
  enum channel_kind kind = way == NAME_SERVER_TCP ? CHANNEL_TCP : CHANNEL_UDP;
  name_server->trouble = ERR_DESCRIPTORS;
  if (!name_server_may_open(name_server)) return NULL;
  name_server->trouble = channel_new(&slot->channel, name_server->loop, &name_server->address,
                                     name_server->source, kind, name_server_channel_done);
  if (name_server->trouble) return NULL;
  name_server->sockets->open++;
  slot->opened = now;
  return slot->channel;
}

void name_server_send(struct query *query, enum name_server_way way, struct span packet,
                      uint64_t now) {
  struct name_server *name_server = query->name_server;
  query->sent = now;
  query->edns = way == NAME_SERVER_UDP;
  query->tcp = way == NAME_SERVER_TCP;
  ring_append(&name_server->flight, &query->flight);
  query->flying = true;
  name_server->flying++;
  if (!query->tcp && !query->ping)
    congestion_sent(&name_server->congestion, name_server->flying, now);
  name_server_note_full(name_server);
  name_server->under_way++;
  name_server->kept->kept++;
  name_server->stats.sent++;
  if (name_server->resting) name_server->probe_at = now + NAME_SERVER_PROBE_MS * name_server_ms;
  struct channel *channel = name_server_channel(name_server, way, now);
  name_server->unflushed = true;
  query->channel.channel = channel;
  if (channel)
    channel_send(channel, packet, &query->channel);
  else
    name_server_channel_done(&query->channel, CHANNEL_FAILED, (struct span){NULL, 0});
}

bool name_server_wants_ping(const struct name_server *name_server, uint64_t since) {
  return !name_server->resting && name_server_heard_sent(name_server) < since &&
         name_server->ping_sent <= since;
}

void name_server_ping(struct name_server *name_server, uint64_t now) {
  unsigned char packet[DNS_QUERY_SIZE_MAX];
  uint16_t id = 0;
  struct query *query = name_server_query(name_server);
  name_server->ping_sent = now;
  if (!query) return;
  if (getrandom(&id, sizeof id, 0) != sizeof id) id = 0;
  query->ping = true;
  size_t size =
      message_query(packet, id, SPAN("localhost"), DNS_TYPE_A, true); /* RFC 6761 section 6.3 */
  name_server_send(query, NAME_SERVER_UDP, (struct span){(char *)packet, size}, now);
}

bool name_server_is_mute(const struct name_server *name_server, uint64_t since, uint64_t now) {
  if (name_server_heard_sent(name_server) >= since) return false;
  if (name_server->resting) return true;
  return name_server->ping_sent > since &&
         now - name_server->ping_sent >= congestion_retry(&name_server->congestion);
}

void name_server_flush(struct name_server *name_server) {
  if (!name_server->unflushed) return;
  name_server->unflushed = false;
  for (size_t i = 0; i < NAME_SERVER_SLOTS; i++) {
    if (name_server->slots[i].channel) channel_flush(name_server->slots[i].channel);
    if (name_server->slots[i].old) channel_flush(name_server->slots[i].old);
  }
}

static int name_server_rcode(struct span packet) {
  return packet.len > 3 ? packet.ptr[3] & 0x0f : -1;
}

/* One that refuses fills the window on. */
static void name_server_refused(struct query *query, uint64_t now) {
  struct name_server *name_server = query->name_server;
  name_server->stats.refused++;
  if (!query->tcp && !query->lost)
    congestion_lost(&name_server->congestion, query->sample, query->sent);
  name_server_refuses(name_server, now);
}

static void name_server_measured(struct query *query, bool useful, uint64_t now) {
  struct name_server *name_server = query->name_server;
  bool unknown = loop_clock_stood_still(name_server->clock);
  const struct congestion_answer answer = {
      .sent = query->sent,
      .delay = unknown ? CONGESTION_DELAY_UNKNOWN : now - query->sent,
      .useful = useful,
      .sample = query->sample,
      .found = query->lost,
  };
  if (!query->tcp) congestion_answered(&name_server->congestion, &answer, now);
}

static void name_server_pinged(struct query *query, uint64_t now) {
  struct name_server *name_server = query->name_server;
  name_server->stats.answered++;
  if (query->sent > name_server->ping_heard) name_server->ping_heard = query->sent;
  name_server_vacate(query, now);
}

static void name_server_answered(struct query *query, int rcode) {
  struct name_server *name_server = query->name_server;
  uint64_t now = loop_clock_now(name_server->clock);
  bool refused = message_rcode_refuses(rcode);
  bool useful = rcode == DNS_NOERROR || rcode == DNS_NXDOMAIN;
  if (query->ping) {
    name_server_pinged(query, now);
    return;
  }
  name_server_sign_of_life(name_server, now);
  if (query->sent > name_server->answered_sent) name_server->answered_sent = query->sent;
  name_server->stats.answered++;
  name_server->stats.lost -= query->lost;
  retries_learn(name_server->retries, query->first, !refused);
  if (refused) {
    name_server_refused(query, now);
    return;
  }
  name_server->stats.failed += rcode == DNS_SERVFAIL;
  if (useful || !name_server->bettered) name_server_sign_of_use(name_server);
  name_server_measured(query, useful, now);
  name_server_vacate(query, now);
}

static void name_server_unanswered(struct query *query, enum channel_end end) {
  struct name_server *name_server = query->name_server;
  if (!query->lost) name_server->stats.lost++;
  if (end == CHANNEL_FAILED && query->channel.channel)
    name_server->trouble = channel_trouble(query->channel.channel);
  if (end == CHANNEL_UNREACHED && !name_server->closing)
    name_server_nobody(name_server, loop_clock_now(name_server->clock));
}

static void name_server_channel_done(struct channel_query *channel, enum channel_end end,
                                     struct span packet) {
  struct query *query = CONTAINER_OF(channel, struct query, channel);
  struct name_server *name_server = query->name_server;
  name_server->under_way--;
  name_server->kept->kept--;
  if (end == CHANNEL_ANSWERED)
    name_server_answered(query, name_server_rcode(packet));
  else
    name_server_unanswered(query, end);
  ring_remove(&query->sibling);
  if (!name_server->closing) name_server->done(query, end, packet);
  query->waiter = NULL;
  query->ended = true;
  if (!query->flying) name_server_give(name_server, query);
}

void name_server_overtaken(struct query *query) {
  if (query->lost) return;
  query->lost = true;
  query->name_server->stats.lost++;
  if (!query->tcp) congestion_lost(&query->name_server->congestion, query->sample, query->sent);
}

/* Who has a socket that others need, and does not use it, or has had it for long, gives it up. */
static void name_server_spare_slot(struct name_server *name_server, struct name_server_slot *slot,
                                   uint64_t now) {
  uint64_t age = now - slot->opened;
  if (!slot->channel || age < NAME_SERVER_SPARE_MS * name_server_ms) return;
  if (age > 2 * name_server->timeout || !channel_in_flight(slot->channel))
    name_server_shut(name_server, &slot->channel);
}

static void name_server_tick_slot(struct name_server *name_server, struct name_server_slot *slot,
                                  uint64_t now) {
  if (slot->old &&
      (!channel_in_flight(slot->old) || now - slot->stepped_back > name_server->timeout))
    name_server_shut(name_server, &slot->old);
  if (!name_server_may_open(name_server)) {
    name_server_spare_slot(name_server, slot, now);
    return;
  }
  if (slot->channel && !slot->old && channel_in_flight(slot->channel) &&
      now - slot->opened > name_server->timeout) {
    slot->old = slot->channel;
    slot->stepped_back = now;
    slot->channel = NULL;
  }
}

void name_server_tick(struct name_server *name_server, uint64_t now) {
  name_server_release(name_server, now);
  for (size_t i = 0; i < NAME_SERVER_SLOTS; i++)
    name_server_tick_slot(name_server, &name_server->slots[i], now);
}

enum err name_server_trouble(const struct name_server *name_server) {
  return name_server->trouble;
}

bool name_server_busy(const struct name_server *name_server) {
  return name_server->under_way || name_server->flying;
}

uint64_t name_server_answered_sent(const struct name_server *name_server) {
  return name_server->answered_sent;
}

uint64_t name_server_heard_sent(const struct name_server *name_server) {
  return name_server->answered_sent > name_server->ping_heard ? name_server->answered_sent
                                                              : name_server->ping_heard;
}

void name_server_revive(struct name_server *name_server, uint64_t now) {
  name_server_sign_of_life(name_server, now);
  name_server_sign_of_use(name_server);
}

bool name_server_resting(const struct name_server *name_server) {
  return name_server->resting;
}

unsigned name_server_room(const struct name_server *name_server) {
  const struct name_server_queries *kept = name_server->kept;
  unsigned limit = congestion_limit(&name_server->congestion);
  unsigned left = kept->kept < kept->max ? kept->max - kept->kept : 0;
  if (name_server->resting || name_server->flying >= limit) return 0;
  return left < limit - name_server->flying ? left : limit - name_server->flying;
}

bool name_server_is_scarce(const struct name_server *name_server) {
  return name_server_room(name_server) < congestion_limit(&name_server->congestion) / 10 + 1;
}

unsigned name_server_index(const struct name_server *name_server) {
  return name_server->index;
}

const struct congestion *name_server_congestion(const struct name_server *name_server) {
  return &name_server->congestion;
}

void name_server_describe(const struct name_server *name_server, struct resolver_server *server) {
  *server = name_server->stats;
  server->address = name_server->address;
  server->window = congestion_limit(&name_server->congestion);
  server->in_flight = name_server->flying;
  server->rtt_us = (unsigned)(congestion_delay(&name_server->congestion) / 1000);
  server->resting = name_server->resting;
}
