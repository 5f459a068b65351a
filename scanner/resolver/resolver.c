#include "scanner/resolver/resolver.h"
#include "scanner/base/pool.h"
#include "scanner/base/timer_wheel.h"
#include "scanner/resolver/name_server.h"
#include <stdlib.h>
#include <sys/random.h>

static const uint64_t resolver_ms = 1000000;

enum {
  RESOLVER_BACKOFF_MAX = 6,   /* steps by which the time between tries grows */
  RESOLVER_IDS = 128,         /* random ids that are drawn at a time */
  RESOLVER_ATTEMPTS_MAX = 12, /* queries that are remembered for a lookup */
  RESOLVER_AGAIN_MS = 100,    /* how often one that must wait looks again */
};

/* A lookup under way. From its first query on, its timer is set. */
struct lookup_state {
  struct lookup *lookup;
  struct resolver *resolver;
  struct ring link; /* of `queue` or `due` */
  struct timer_wheel_timer timer;
  struct ring queries; /* on their way */
  struct name_server *last;
  uint64_t attempts[RESOLVER_ATTEMPTS_MAX]; /* ns; the last ones, in a ring */
  uint16_t asked[RESOLVER_ATTEMPTS_MAX];    /* at which server, by its index */
  unsigned unhelpful; /* of the attempts, by bit: those that failed or were refused */
  unsigned sends;     /* attempts, ever */
  uint64_t sent;      /* ns; the last try */
  uint64_t started;   /* ns, less what it waited for its turn since; 0: still in the queue */
  uint64_t deadline;  /* ns; likewise */
  uint64_t due;       /* ns; when it began to wait for its turn again */
  uint64_t waited;    /* ns; for its turn, in all, before that */
  unsigned tries;
  unsigned failed; /* tries that came to nothing by our own fault */
  unsigned by_udp; /* tries before it was told to come by TCP */
  bool sample;     /* asked for again early */
  enum name_server_way way;
  enum lookup_end end; /* as it would be if nothing else came */
};

struct resolver {
  struct name_server **name_servers;
  size_t name_server_count;
  size_t turn;
  uint64_t timeout; /* ns */
  uint64_t tick_ms; /* of the loop's clock; one that tests drive is looked at more often */
  unsigned tries, tries_on_loss;
  struct rate_limit *rate_limit;
  struct name_server_sockets sockets;
  struct name_server_queries kept;
  bool any_answer;
  struct retries retries;
  uint64_t free_until; /* ns; until then, as many retries as are wanted */
  struct ring queue;   /* lookups that were not sent yet */
  size_t queued;
  struct ring due;   /* those that should be sent again */
  struct ring early; /* and those of them that go before all others */
  struct timer_wheel wheel;
  struct ring fired; /* timers */
  size_t lookups;
  struct pool states;
  struct loop_clock *clock; /* all times but the rate limit's are by it */
  uint16_t ids[RESOLVER_IDS];
  size_t ids_left;
  uv_timer_t ticker;    /* runs while something is in flight */
  uv_timer_t pacer;     /* runs while the ceiling holds us back */
  uv_prepare_t flusher; /* before each poll */
  unsigned handles;
  bool closing;
};

static void resolver_done(struct query *query, enum channel_end end, struct span packet);

static void resolver_free(struct resolver *resolver) {
  for (size_t i = 0; i < resolver->name_server_count; i++)
    name_server_free(resolver->name_servers[i]);
  pool_free(&resolver->states);
  free(resolver->name_servers);
  free(resolver);
}

static void resolver_handle_closed(uv_handle_t *handle) {
  struct resolver *resolver = handle->data;
  if (--resolver->handles == 0) resolver_free(resolver);
}

static struct lookup_state *lookup_state_new(struct resolver *resolver, struct lookup *lookup) {
  struct lookup_state *state = pool_take(&resolver->states);
  if (!state) return NULL;
  state->lookup = lookup;
  state->resolver = resolver;
  state->end = LOOKUP_TIMEOUT;
  ring_init(&state->link);
  ring_init(&state->queries);
  timer_wheel_timer_init(&state->timer);
  lookup->state = state;
  resolver->lookups++;
  return state;
}

static void lookup_state_free(struct lookup_state *state) {
  struct resolver *resolver = state->resolver;
  while (!ring_empty(&state->queries)) {
    struct query *query = CONTAINER_OF(state->queries.next, struct query, sibling);
    query->waiter = NULL;
    ring_remove(&query->sibling);
  }
  if (!state->started) resolver->queued--;
  ring_remove(&state->link);
  timer_wheel_stop(&state->timer);
  resolver->lookups--;
  pool_give(&resolver->states, state);
}

/* Whether anything was answered that was asked later: of a server that is late, and then gone, the
 * last answers are to what it was asked long before. */
static bool resolver_heard(const struct resolver *resolver, uint64_t since) {
  for (size_t i = 0; i < resolver->name_server_count; i++)
    if (name_server_answered_sent(resolver->name_servers[i]) > since) return true;
  return false;
}

/* The first one that is remembered. */
static uint64_t resolver_first_try(const struct lookup_state *state) {
  if (!state->sends) return state->started;
  return state
      ->attempts[state->sends > RESOLVER_ATTEMPTS_MAX ? state->sends % RESOLVER_ATTEMPTS_MAX : 0];
}

static void resolver_finish(struct lookup_state *state, enum lookup_end end, uint64_t now) {
  struct lookup *lookup = state->lookup;
  lookup->end = end;
  lookup->tries = state->tries;
  lookup->ms = (int64_t)((now - state->started) / resolver_ms);
  lookup->unheard = !resolver_heard(state->resolver, state->sent ? state->sent : state->started);
  lookup->silenced = !resolver_heard(state->resolver, resolver_first_try(state));
  if (end == LOOKUP_FAILED && lookup->trouble == ERR_NONE) lookup->trouble = ERR_MEMORY;
  lookup->state = NULL;
  lookup_state_free(state);
  lookup->done(lookup);
}

static const struct congestion *resolver_knows(const struct name_server *name_server) {
  return name_server_congestion(name_server);
}

static unsigned resolver_attempts(const struct lookup_state *state) {
  return state->sends < RESOLVER_ATTEMPTS_MAX ? state->sends : RESOLVER_ATTEMPTS_MAX;
}

static bool resolver_is_refusal(const struct lookup *lookup) {
  return message_rcode_refuses(lookup->answer.rcode);
}

/* Nothing was said of the name: neither that nor what a server says that is too busy. */
static bool resolver_is_open(const struct lookup_state *state) {
  if (state->end == LOOKUP_TIMEOUT) return true;
  return state->end == LOOKUP_ANSWERED && resolver_is_refusal(state->lookup);
}

/* That all its queries were but lost. doubts: a server that was not heard since says nothing. */
static double resolver_risk(const struct lookup_state *state, bool doubts) {
  double risk = 1;
  for (unsigned i = 0; i < resolver_attempts(state); i++) {
    const struct name_server *name_server = state->resolver->name_servers[state->asked[i]];
    if (!doubts || name_server_heard_sent(name_server) >= state->attempts[i])
      risk *= congestion_risk(resolver_knows(name_server), state->attempts[i]);
  }
  return risk;
}

/* risk: that all its queries were lost. What a server said, whatever it is, was not. */
static unsigned resolver_tries(const struct lookup_state *state, double risk) {
  const struct resolver *resolver = state->resolver;
  if (state->end != LOOKUP_TIMEOUT) risk = 0;
  return retries_allowed(resolver->tries, resolver->tries_on_loss, state->tries, risk);
}

/* From one try to the next: the server's round trips say, half as much again each time; but so that
 * all tries have their turn before the lookup's time is over, if nine of ten answers come as soon
 * as that; and one more in any case: at the end of a list only the slow answers are measured. */
static uint64_t resolver_interval(const struct lookup_state *state, uint64_t now) {
  const struct congestion *knows = resolver_knows(state->last);
  uint64_t wished = congestion_retry(knows), most = congestion_most(knows);
  if (state->sample && state->tries == 1) wished = congestion_hold(knows);
  for (unsigned i = 1; i < state->tries && i < RESOLVER_BACKOFF_MAX; i++) wished += wished / 2;
  uint64_t left = state->deadline > now ? state->deadline - now : 0;
  unsigned tries = resolver_tries(state, 1);
  uint64_t share = left / (tries > state->tries ? tries - state->tries + 1 : 1);
  if (most > left / 2) most = left / 2;
  if (share < most) share = most;
  return wished < share ? wished : share;
}

/* After a query was sent, or ended without an answer that will do. */
static void resolver_await(struct lookup_state *state, uint64_t now) {
  struct resolver *resolver = state->resolver;
  uint64_t at = state->deadline;
  if (!ring_empty(&state->link)) return; /* it is due already */
  if (state->tries < resolver_tries(state, ring_empty(&state->queries) ? 0 : 1))
    at = now + resolver_interval(state, now) < at ? now + resolver_interval(state, now) : at;
  else if (ring_empty(&state->queries))
    at = now; /* nothing more can come; but never call back from here */
  timer_wheel_set(&resolver->wheel, &state->timer, at);
}

static void resolver_send_soon(struct lookup_state *state, uint64_t now, bool early) {
  struct resolver *resolver = state->resolver;
  if (ring_empty(&state->link)) state->due = now;
  ring_remove(&state->link);
  ring_append(early ? &resolver->early : &resolver->due, &state->link);
  timer_wheel_set(&resolver->wheel, &state->timer, state->deadline);
}

static uint16_t resolver_id(struct resolver *resolver) {
  if (!resolver->ids_left) {
    ssize_t drawn = getrandom(resolver->ids, sizeof resolver->ids, 0);
    resolver->ids_left = drawn == sizeof resolver->ids ? RESOLVER_IDS : 1;
  }
  return resolver->ids[--resolver->ids_left];
}

/* c-ares tells answers apart by id and question; the question is the same for all our tries. */
static uint16_t resolver_new_id(const struct lookup_state *state) {
  uint16_t id = resolver_id(state->resolver);
  const struct ring *node = state->queries.next;
  while (node != &state->queries) {
    bool taken = CONTAINER_OF(node, struct query, sibling)->id == id;
    if (taken) id = resolver_id(state->resolver);
    node = taken ? state->queries.next : node->next;
  }
  return id;
}

static bool resolver_has_asked(const struct lookup_state *state,
                               const struct name_server *name_server) {
  for (unsigned i = 0; i < resolver_attempts(state); i++)
    if (state->asked[i] == name_server_index(name_server)) return true;
  return false;
}

static void resolver_paced(uv_timer_t *timer);

static bool resolver_may_send(struct resolver *resolver) {
  uint64_t wait = 0;
  if (!resolver->rate_limit || rate_limit_take(resolver->rate_limit, 1, uv_hrtime(), &wait))
    return true;
  uv_timer_start(&resolver->pacer, resolver_paced, wait / resolver_ms + 1, 0);
  return false;
}

/* Whether a server that was asked, and was not heard since, is dead, as far as one can tell. */
static bool resolver_is_mute(const struct lookup_state *state, uint64_t now) {
  bool mute = false;
  for (unsigned i = 0; i < resolver_attempts(state); i++) {
    struct name_server *name_server = state->resolver->name_servers[state->asked[i]];
    if (name_server_wants_ping(name_server, state->attempts[i]) &&
        resolver_may_send(state->resolver))
      name_server_ping(name_server, now);
    mute |= name_server_is_mute(name_server, state->attempts[i], now);
  }
  return mute;
}

/* Names that nobody answers, or that fail, would else cost as much as all the others. */
static bool resolver_afford(struct lookup_state *state, uint64_t now) {
  struct resolver *resolver = state->resolver;
  bool open = resolver_is_open(state);
  if (now < resolver->free_until) return true;
  if (open && retries_are_due(resolver_risk(state, false))) return true;
  if (open && retries_are_due(resolver_risk(state, true)) && resolver_is_mute(state, now))
    return true;
  return retries_afford(&resolver->retries, state->tries == 1 && state->end == LOOKUP_TIMEOUT);
}

static void resolver_start(struct lookup_state *state, uint64_t now) {
  state->started = state->due = now;
  state->deadline = now + state->resolver->timeout;
  state->sample = retries_probes(&state->resolver->retries);
  state->resolver->queued--;
}

static void resolver_note_attempt(struct lookup_state *state, struct name_server *name_server,
                                  uint64_t now) {
  unsigned at = state->sends++ % RESOLVER_ATTEMPTS_MAX;
  state->attempts[at] = now;
  state->asked[at] = (uint16_t)name_server_index(name_server);
  state->unhelpful &= ~(1U << at);
  state->last = name_server;
  state->sent = now;
  state->tries++;
}

/* While it waits for its turn, its time stands still; not while it waits for a server that works.
 */
static void resolver_resume(struct lookup_state *state, uint64_t now) {
  if (resolver_is_resting(state->resolver)) return;
  state->waited += now - state->due;
  state->started += now - state->due;
  state->deadline += now - state->due;
}

static void resolver_send(struct lookup_state *state, struct name_server *name_server,
                          uint64_t now) {
  struct lookup *lookup = state->lookup;
  unsigned char packet[DNS_QUERY_SIZE_MAX];
  bool edns = state->way != NAME_SERVER_PLAIN;
  uint16_t id = resolver_new_id(state);
  size_t size = message_query(packet, id, lookup->name, lookup->type, edns);
  struct query *query = name_server_query(name_server);
  if (!state->started) {
    resolver_start(state, now);
    retries_begun(&state->resolver->retries, name_server_is_scarce(name_server));
  } else {
    resolver_resume(state, now);
  }
  ring_remove(&state->link);
  resolver_note_attempt(state, name_server, now);
  if (query) {
    query->waiter = state;
    query->id = id;
    query->first = state->sends == 1;
    query->sample = query->first && state->sample;
    ring_append(&state->queries, &query->sibling);
    resolver_await(state, now);
    name_server_send(query, state->way, (struct span){(char *)packet, size}, now);
  } else {
    state->failed++;
    resolver_await(state, now);
  }
}

static struct name_server *resolver_pick_from(struct resolver *resolver,
                                              const struct lookup_state *state, bool unasked,
                                              uint64_t now) {
  size_t count = resolver->name_server_count;
  for (size_t i = 0; i < count; i++) {
    size_t at = (resolver->turn + i) % count;
    struct name_server *name_server = resolver->name_servers[at];
    if (unasked ? resolver_has_asked(state, name_server) : name_server == state->last) continue;
    if (!name_server_ready(name_server, now)) continue;
    resolver->turn = at + 1;
    return name_server;
  }
  return NULL;
}

/* In turn; for a retry one that was not asked for this name yet, else not the last one, if there is
 * one. */
static struct name_server *resolver_pick(struct resolver *resolver,
                                         const struct lookup_state *state, uint64_t now) {
  struct name_server *name_server = resolver_pick_from(resolver, state, true, now);
  if (name_server || !state->last) return name_server;
  if (resolver->name_server_count > 1)
    name_server = resolver_pick_from(resolver, state, false, now);
  if (name_server) return name_server;
  return name_server_ready(state->last, now) ? state->last : NULL;
}

/* Whether there is a server that works and was not asked for this name. */
static bool resolver_has_other(const struct lookup_state *state) {
  const struct resolver *resolver = state->resolver;
  if (resolver->name_server_count == 1 || state->sends >= RESOLVER_ATTEMPTS_MAX) return false;
  for (size_t i = 0; i < resolver->name_server_count; i++) {
    const struct name_server *name_server = resolver->name_servers[i];
    if (!name_server_resting(name_server) && !resolver_has_asked(state, name_server)) return true;
  }
  return false;
}

/* What waits that is next; NULL: nothing. */
static struct lookup_state *resolver_next(struct resolver *resolver) {
  struct ring *from = &resolver->early;
  if (ring_empty(from)) {
    bool due = !ring_empty(&resolver->due), new = !ring_empty(&resolver->queue);
    bool again = due && (!new || retries_go_first(&resolver->retries));
    from = again ? &resolver->due : &resolver->queue;
  }
  return ring_empty(from) ? NULL : CONTAINER_OF(from->next, struct lookup_state, link);
}

/* Sends what waits, as far as the windows and the ceiling let it. Never calls back. */
static void resolver_pump(struct resolver *resolver, uint64_t now) {
  struct lookup_state *state;
  while (!resolver->closing && (state = resolver_next(resolver))) {
    struct name_server *name_server = resolver_pick(resolver, state, now);
    if (!name_server || !resolver_may_send(resolver)) return;
    resolver_send(state, name_server, now);
  }
}

static void resolver_paced(uv_timer_t *timer) {
  struct resolver *resolver = timer->data;
  resolver_pump(resolver, loop_clock_now(resolver->clock));
}

/* Queries that were sent before the one that is answered are lost. */
static void resolver_overtake(struct lookup_state *state, const struct query *answered) {
  for (struct ring *node = state->queries.next; node != &state->queries; node = node->next) {
    struct query *query = CONTAINER_OF(node, struct query, sibling);
    if (query->sent >= answered->sent) continue;
    name_server_overtaken(query);
  }
}

/* Those that failed at the name, or refused it, are to blame. */
static void resolver_better(struct lookup_state *state, uint64_t now) {
  for (unsigned i = 0; state->unhelpful && i < resolver_attempts(state); i++)
    if (state->unhelpful & 1U << i)
      name_server_bettered(state->resolver->name_servers[state->asked[i]], now);
}

/* Nothing that a server said, or did not say, of the name itself: another is asked at once, and it
 * is no try. False: there is no other. */
static bool resolver_elsewhere(struct lookup_state *state, uint64_t now) {
  if (!ring_empty(&state->link) || !resolver_has_other(state)) return false;
  if (state->tries) state->tries--;
  resolver_send_soon(state, now, true);
  return true;
}

static void resolver_note_unhelpful(struct lookup_state *state,
                                    const struct name_server *name_server) {
  for (unsigned i = 0; i < resolver_attempts(state); i++) {
    if (state->asked[i] != name_server_index(name_server)) continue;
    state->unhelpful |= 1U << i;
    return;
  }
}

static void resolver_malformed(struct lookup_state *state, uint64_t now) {
  if (state->end != LOOKUP_ANSWERED) state->end = LOOKUP_MALFORMED;
  if (state->resolver->any_answer) {
    resolver_finish(state, state->end, now);
    return;
  }
  resolver_await(state, now);
}

/* An rcode that another try may better. */
static void resolver_bad_rcode(struct lookup_state *state, const struct query *query,
                               const struct dns_answer *answer, uint64_t now) {
  bool try_plain = answer->rcode == DNS_FORMERR && query->edns && state->way != NAME_SERVER_PLAIN;
  state->end = LOOKUP_ANSWERED;
  state->lookup->answer = *answer;
  if (state->resolver->any_answer) {
    resolver_finish(state, LOOKUP_ANSWERED, now);
    return;
  }
  resolver_note_unhelpful(state, query->name_server);
  if (resolver_is_refusal(state->lookup) && resolver_elsewhere(state, now)) return;
  if (try_plain) {
    state->way = NAME_SERVER_PLAIN;
    resolver_send_soon(state, now, true);
  } else {
    resolver_await(state, now);
  }
}

static void resolver_answered(struct lookup_state *state, const struct query *query,
                              struct span packet, uint64_t now) {
  struct lookup *lookup = state->lookup;
  struct dns_answer answer;
  enum err err = message_read(packet, lookup->name, lookup->type, lookup->arena, &answer);
  if (err == ERR_MEMORY) {
    resolver_finish(state, LOOKUP_FAILED, now);
  } else if (!err && answer.truncated && !query->tcp) {
    if (state->way == NAME_SERVER_TCP) return;
    state->way = NAME_SERVER_TCP;
    state->by_udp = state->tries;
    state->failed = 0;
    resolver_send_soon(state, now, true);
  } else if (err || answer.truncated) {
    resolver_malformed(state, now);
  } else if (answer.rcode == DNS_NOERROR || answer.rcode == DNS_NXDOMAIN) {
    lookup->answer = answer;
    resolver_overtake(state, query);
    resolver_better(state, now);
    resolver_finish(state, LOOKUP_ANSWERED, now);
  } else {
    resolver_bad_rcode(state, query, &answer, now);
  }
}

static void resolver_done(struct query *query, enum channel_end end, struct span packet) {
  struct lookup_state *state = query->waiter;
  if (!state) return;
  struct resolver *resolver = state->resolver;
  uint64_t now = loop_clock_now(resolver->clock);
  switch (end) {
  case CHANNEL_ANSWERED:
    resolver_answered(state, query, packet, now);
    resolver_pump(resolver, now);
    break;
  case CHANNEL_FAILED:
    state->lookup->trouble = name_server_trouble(query->name_server);
    state->failed++;
    resolver_await(state, now);
    break;
  case CHANNEL_UNREACHED:
    if (!resolver_elsewhere(state, now)) resolver_await(state, now);
    break;
  case CHANNEL_DROPPED: resolver_await(state, now); break;
  }
}

static void resolver_expire(struct lookup_state *state, uint64_t now) {
  unsigned tries = state->tries - state->by_udp;
  if (state->end != LOOKUP_ANSWERED && tries && state->failed >= tries) state->end = LOOKUP_FAILED;
  resolver_finish(state, state->end, now);
}

static void resolver_look_again(struct lookup_state *state, uint64_t at, uint64_t most) {
  timer_wheel_set(&state->resolver->wheel, &state->timer, at < most ? at : most);
}

/* Over the budget: who has an answer of some kind makes do with it, others wait. */
static void resolver_do_without(struct lookup_state *state, uint64_t now) {
  if (state->end != LOOKUP_TIMEOUT && state->tries > 1)
    resolver_expire(state, now);
  else
    resolver_look_again(state, now + RESOLVER_AGAIN_MS * resolver_ms, state->deadline);
}

/* For its turn: there is a server that works. */
static bool resolver_waits(const struct lookup_state *state, uint64_t now) {
  bool waits = !ring_empty(&state->link) && !resolver_is_resting(state->resolver);
  return waits && state->waited + (now - state->due) < RESOLVER_TURN_MAX_MS * resolver_ms;
}

static void resolver_fire(struct lookup_state *state, uint64_t now) {
  if (resolver_waits(state, now)) {
    resolver_look_again(state, now + RESOLVER_AGAIN_MS * resolver_ms, UINT64_MAX);
    return;
  }
  if (now >= state->deadline) {
    resolver_expire(state, now);
    return;
  }
  bool may_retry =
      state->tries < resolver_tries(state, resolver_risk(state, false)) && ring_empty(&state->link);
  if (!may_retry && ring_empty(&state->queries) && ring_empty(&state->link))
    resolver_expire(state, now);
  else if (may_retry && resolver_afford(state, now))
    resolver_send_soon(state, now, state->sample && state->tries == 1);
  else if (may_retry)
    resolver_do_without(state, now);
  else
    resolver_look_again(state, state->deadline, state->deadline);
}

/* When no server answers any more, what waits to be sent must come to an end all the same. */
static void resolver_start_clocks(struct resolver *resolver, uint64_t now) {
  if (!resolver_is_resting(resolver)) return;
  while (!ring_empty(&resolver->queue)) {
    struct lookup_state *state = CONTAINER_OF(resolver->queue.next, struct lookup_state, link);
    resolver_start(state, now);
    resolver_send_soon(state, now, false);
  }
}

static bool resolver_busy(const struct resolver *resolver) {
  bool busy = resolver->lookups > 0;
  for (size_t i = 0; i < resolver->name_server_count && !busy; i++)
    busy = name_server_busy(resolver->name_servers[i]);
  return busy;
}

static void resolver_tick(uv_timer_t *timer) {
  struct resolver *resolver = timer->data;
  uint64_t now = loop_clock_now(resolver->clock);
  for (size_t i = 0; i < resolver->name_server_count; i++)
    name_server_tick(resolver->name_servers[i], now);
  timer_wheel_turn(&resolver->wheel, now, &resolver->fired);
  while (!ring_empty(&resolver->fired)) {
    struct timer_wheel_timer *fired =
        CONTAINER_OF(resolver->fired.next, struct timer_wheel_timer, link);
    timer_wheel_stop(fired);
    resolver_fire(CONTAINER_OF(fired, struct lookup_state, timer), now);
  }
  if (resolver->closing) return;
  resolver_start_clocks(resolver, now);
  resolver_pump(resolver, now);
  if (!resolver_busy(resolver)) uv_timer_stop(&resolver->ticker);
}

/* What was sent in one turn of the loop goes out together. */
static void resolver_flush(uv_prepare_t *flusher) {
  struct resolver *resolver = flusher->data;
  for (size_t i = 0; i < resolver->name_server_count; i++)
    name_server_flush(resolver->name_servers[i]);
}

static void resolver_init(struct resolver *resolver, uv_loop_t *loop,
                          const struct resolver_config *config) {
  resolver->timeout = config->timeout_ms * resolver_ms;
  resolver->tick_ms = config->now ? 1 : TIMER_WHEEL_TICK_MS;
  resolver->tries = config->tries;
  resolver->tries_on_loss = config->tries_on_loss;
  resolver->any_answer = config->any_answer;
  resolver->rate_limit = config->rate_limit;
  resolver->sockets.max =
      config->sockets_max ? config->sockets_max : resolver_sockets(config->server_count);
  resolver->kept.max = config->queries_max ? config->queries_max : RESOLVER_QUERIES_MAX;
  retries_init(&resolver->retries);
  resolver->states.size = sizeof(struct lookup_state);
  ring_init(&resolver->queue);
  ring_init(&resolver->due);
  ring_init(&resolver->early);
  ring_init(&resolver->fired);
  timer_wheel_init(&resolver->wheel, loop_clock_now(resolver->clock));
  uv_timer_init(loop, &resolver->ticker);
  uv_timer_init(loop, &resolver->pacer);
  uv_prepare_init(loop, &resolver->flusher);
  uv_prepare_start(&resolver->flusher, resolver_flush);
  uv_unref((uv_handle_t *)&resolver->flusher);
  resolver->ticker.data = resolver->pacer.data = resolver->flusher.data = resolver;
  resolver->handles = 3;
}

static bool resolver_is_small(size_t server_count) {
  return server_count <= NAME_SERVER_FEW_SERVERS;
}

/* Each port has a successor for a while, and one connection may be open; the busiest server may
 * open all of its ports. */
unsigned resolver_sockets(size_t server_count) {
  unsigned ports = resolver_is_small(server_count) ? NAME_SERVER_PORTS : 1;
  unsigned sockets = (unsigned)server_count * 2 * (ports + 1) + 2 * NAME_SERVER_PORTS_MAX;
  return sockets < RESOLVER_SOCKETS_MAX ? sockets : RESOLVER_SOCKETS_MAX;
}

static enum err resolver_open(struct resolver *resolver, uv_loop_t *loop,
                              const struct resolver_config *config) {
  resolver->name_servers = calloc(config->server_count, sizeof(struct name_server *));
  if (!resolver->name_servers) return ERR_MEMORY;
  bool few = resolver_is_small(config->server_count);
  for (size_t i = 0; i < config->server_count; i++) {
    struct name_server_config name_server = {.loop = loop,
                                             .address = &config->servers[i],
                                             .source = config->source,
                                             .timeout_ms = config->timeout_ms,
                                             .ports = few ? NAME_SERVER_PORTS : 1,
                                             .done = resolver_done,
                                             .sockets = &resolver->sockets,
                                             .kept = &resolver->kept,
                                             .retries = &resolver->retries,
                                             .index = (unsigned)i,
                                             .clock = resolver->clock};
    enum err err = name_server_new(&resolver->name_servers[i], &name_server);
    if (err) return err;
    resolver->name_server_count++;
  }
  return ERR_NONE;
}

enum err resolver_new(struct resolver **out, uv_loop_t *loop,
                      const struct resolver_config *config) {
  struct resolver *resolver = calloc(1, sizeof *resolver);
  if (!resolver) return ERR_MEMORY;
  if (loop_clock_new(&resolver->clock, loop, config->now ? config->now : uv_hrtime) != ERR_NONE) {
    free(resolver);
    return ERR_MEMORY;
  }
  resolver_init(resolver, loop, config);
  enum err err = resolver_open(resolver, loop, config);
  if (err)
    resolver_close(resolver);
  else
    *out = resolver;
  return err;
}

static void resolver_drop_lookups(struct resolver *resolver) {
  timer_wheel_turn(&resolver->wheel, UINT64_MAX, &resolver->fired);
  while (!ring_empty(&resolver->fired)) {
    struct timer_wheel_timer *timer =
        CONTAINER_OF(resolver->fired.next, struct timer_wheel_timer, link);
    lookup_state_free(CONTAINER_OF(timer, struct lookup_state, timer));
  }
  while (!ring_empty(&resolver->queue))
    lookup_state_free(CONTAINER_OF(resolver->queue.next, struct lookup_state, link));
}

void resolver_close(struct resolver *resolver) {
  if (!resolver || resolver->closing) return;
  resolver->closing = true;
  resolver_drop_lookups(resolver);
  for (size_t i = 0; i < resolver->name_server_count; i++)
    name_server_close(resolver->name_servers[i]);
  uv_close((uv_handle_t *)&resolver->ticker, resolver_handle_closed);
  uv_close((uv_handle_t *)&resolver->pacer, resolver_handle_closed);
  uv_close((uv_handle_t *)&resolver->flusher, resolver_handle_closed);
  loop_clock_close(resolver->clock);
}

enum err resolver_ask(struct resolver *resolver, struct lookup *lookup) {
  unsigned char packet[DNS_QUERY_SIZE_MAX];
  if (!message_query(packet, 0, lookup->name, lookup->type, true)) return ERR_SYNTAX;
  struct lookup_state *state = lookup_state_new(resolver, lookup);
  if (!state) return ERR_MEMORY;
  ring_append(&resolver->queue, &state->link);
  resolver->queued++;
  if (!uv_is_active((uv_handle_t *)&resolver->ticker))
    uv_timer_start(&resolver->ticker, resolver_tick, resolver->tick_ms, resolver->tick_ms);
  resolver_pump(resolver, loop_clock_now(resolver->clock));
  return ERR_NONE;
}

void resolver_cancel(struct resolver *resolver, struct lookup *lookup) {
  (void)resolver;
  if (!lookup->state) return;
  lookup_state_free(lookup->state);
  lookup->state = NULL;
}

size_t resolver_room(const struct resolver *resolver) {
  size_t room = 0;
  for (size_t i = 0; i < resolver->name_server_count; i++)
    room += name_server_room(resolver->name_servers[i]);
  return room > resolver->queued ? room - resolver->queued : 0;
}

bool resolver_is_resting(const struct resolver *resolver) {
  for (size_t i = 0; i < resolver->name_server_count; i++)
    if (!name_server_resting(resolver->name_servers[i])) return false;
  return true;
}

void resolver_revive(struct resolver *resolver) {
  uint64_t now = loop_clock_now(resolver->clock);
  for (size_t i = 0; i < resolver->name_server_count; i++)
    if (name_server_resting(resolver->name_servers[i]))
      name_server_revive(resolver->name_servers[i], now);
  resolver->free_until = now + resolver->timeout; /* what was tried until now was in vain */
  resolver_pump(resolver, now);
}

void resolver_rest(struct resolver *resolver, size_t i) {
  name_server_rest(resolver->name_servers[i], loop_clock_now(resolver->clock));
}

void resolver_exclude(struct resolver *resolver, size_t i) {
  name_server_exclude(resolver->name_servers[i]);
}

size_t resolver_server_count(const struct resolver *resolver) {
  return resolver->name_server_count;
}

void resolver_server(const struct resolver *resolver, size_t i, struct resolver_server *server) {
  name_server_describe(resolver->name_servers[i], server);
}
