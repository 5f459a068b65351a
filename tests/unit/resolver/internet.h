/* Minutes of an Internet in seconds: name servers with drawn delays, limits and troubles, and scans
 * that ask them through windows, as scanner/resolver/resolver.c does. Discrete events, no clock,
 * all chance from a seed. */
#ifndef TESTS_UNIT_RESOLVER_INTERNET_H
#define TESTS_UNIT_RESOLVER_INTERNET_H

#include "scanner/resolver/congestion.h"
#include "scanner/resolver/retries.h"
#include <stdlib.h>

/* How long names take: a share of them, between two delays in ms. */
struct delays {
  double share, from, to;
};

enum over { OVER_DROPS, OVER_REFUSES, OVER_QUEUES };

enum { SERVERS_MAX = 2, CLIENTS_MAX = 16, DELAYS_MAX = 6, SECONDS_MAX = 64 };

struct server_plan {
  unsigned rate; /* queries a second; 0: no limit */
  enum over over;
  unsigned queue;   /* that wait, with OVER_QUEUES; more are dropped */
  double change_at; /* s; then the rate is `change` times as high; 0: never */
  double change;
  double slower_at, slower; /* s; then delays are so many times as long */
  double dies_at;           /* s */
};

struct world {
  const char *name;
  struct delays delays[DELAYS_MAX]; /* the rest is never answered */
  double cached;                    /* share of names answered in 0.1 ms */
  double servfail;                  /* share of names that say SERVFAIL after their delay */
  double loss;                      /* share of datagrams lost, each way */
  double burst;       /* s; nine of ten names are dead in every other stretch so long; 0: never */
  unsigned recursion; /* names in work at most, dead ones 3 s; 0: no limit */
  struct server_plan servers[SERVERS_MAX];
  unsigned server_count; /* 0: 1 */
  unsigned clients;      /* 0: 1 */
  unsigned slots;        /* names in flight, of each client */
  double seconds, from;  /* to be simulated; what is counted begins there */
  unsigned names;        /* to be asked for, by all; 0: no end */
};

struct tale {
  double goodput;  /* names with a useful answer, a second */
  double queries;  /* for each name that was begun */
  double wasted;   /* share of the queries that servers dropped or refused for their limit */
  double lost;     /* share of sound names, of all the time, that had no answer */
  uint64_t events; /* what the simulation cost */
};

enum {
  TIMEOUT_MS = 5000,
  TRIES = 4,
  TRIES_ON_LOSS = 8,
  BURST = 64,
  TICK_MS = 20,
  KEPT_TRIES = 32,
  APART_MS = 10
};

static const double ms = 1e6;
static const uint64_t timeout = TIMEOUT_MS * UINT64_C(1000000);

enum kind { EVENT_ARRIVES, EVENT_LEAVES, EVENT_PING, EVENT_RETRY, EVENT_TICK };

struct event {
  uint64_t at;
  enum kind kind;
  unsigned place; /* of a query, a name, a client */
  unsigned tie;   /* of the name's life; a server */
  uint64_t sent;  /* of a ping */
  bool useful, refused;
};

struct attempt {
  uint64_t sent;
  unsigned server;
};

struct name {
  bool busy, sound, servfail, due, failed, sample;
  unsigned client, life, tries, last;
  uint64_t begun, deadline, due_since, wakes;
  double delay;                /* ns; < 0: never */
  uint64_t ready[SERVERS_MAX]; /* when the server has it; 0: it does not work on it */
  struct attempt attempts[KEPT_TRIES];
  unsigned queries; /* the newest; they are linked */
};

struct flying {
  uint64_t sent;
  unsigned name, life, server, client, before;
  bool first, sample, ended, vacant, lost;
};

/* A server as one client sees it. */
struct peer {
  struct congestion congestion;
  unsigned *flight; /* queries by their time, in a ring */
  size_t first, count, size;
  unsigned flying;
  bool draining, resting;
  uint64_t answered_sent, probe_at, silent_since;
  uint64_t ping_sent, ping_answered; /* when the last one was sent, and of the answered ones */
  unsigned silent;
};

struct client {
  struct peer peers[SERVERS_MAX];
  struct retries retries;
  struct queue {
    unsigned *names;
    size_t first, count;
  } due, early; /* to be asked for again; the early ones go before all others */
  unsigned *unused, unused_count, turn;
};

struct server {
  const struct server_plan *plan;
  double free_at, allowance, refilled;
  unsigned recursing;
};

struct sim {
  const struct world *world;
  struct event *heap;
  size_t events, heap_size;
  struct name *names;
  size_t name_count;
  struct flying *queries;
  size_t query_count, query_size;
  struct client clients[CLIENTS_MAX];
  struct server servers[SERVERS_MAX];
  unsigned server_count, client_count;
  uint64_t now, random;
  uint64_t begun, sent, useful, over, sound_over, sound_lost, happened;
};

static double chance(struct sim *sim) {
  sim->random ^= sim->random << 13;
  sim->random ^= sim->random >> 7;
  sim->random ^= sim->random << 17;
  return (double)(sim->random >> 11) / 9007199254740992.0;
}

static void *more(void *memory, size_t size) {
  void *grown = realloc(memory, size);
  if (!grown) abort();
  return grown;
}

static void push(struct sim *sim, struct event event) {
  if (sim->events == sim->heap_size) {
    sim->heap_size = sim->heap_size ? 2 * sim->heap_size : 1024;
    sim->heap = more(sim->heap, sim->heap_size * sizeof *sim->heap);
  }
  size_t at = sim->events++;
  while (at && sim->heap[(at - 1) / 2].at > event.at) {
    sim->heap[at] = sim->heap[(at - 1) / 2];
    at = (at - 1) / 2;
  }
  sim->heap[at] = event;
}

static struct event pop(struct sim *sim) {
  struct event top = sim->heap[0], last = sim->heap[--sim->events];
  size_t at = 0, child;
  while ((child = 2 * at + 1) < sim->events) {
    if (child + 1 < sim->events && sim->heap[child + 1].at < sim->heap[child].at) child++;
    if (sim->heap[child].at >= last.at) break;
    sim->heap[at] = sim->heap[child];
    at = child;
  }
  sim->heap[at] = last;
  return top;
}

static bool is_past(const struct sim *sim, double seconds) {
  return seconds > 0 && (double)sim->now >= seconds * 1e9;
}

/* ---- names ---- */

static void draw(struct sim *sim, struct name *name) {
  const struct world *world = sim->world;
  double which = chance(sim);
  name->delay = -1;
  for (size_t i = 0; i < DELAYS_MAX && name->delay < 0; i++) {
    const struct delays *delays = &world->delays[i];
    if (which < delays->share)
      name->delay = (delays->from + chance(sim) * (delays->to - delays->from)) * ms;
    which -= delays->share;
  }
  if (world->burst > 0 && (uint64_t)((double)sim->now / (world->burst * 1e9)) % 2 &&
      chance(sim) < 0.9)
    name->delay = -1;
  if (name->delay >= 0 && world->cached > 0 && chance(sim) < world->cached) name->delay = 0.1 * ms;
  name->servfail = world->servfail > 0 && chance(sim) < world->servfail;
  name->sound = name->delay >= 0 && name->delay < 2000 * ms && !name->servfail;
}

/* ---- the servers ---- */

/* When a query is taken up; 0: it is not. */
static uint64_t enter(struct sim *sim, struct server *server) {
  const struct server_plan *plan = server->plan;
  double now = (double)sim->now, rate = plan->rate;
  if (plan->rate == 0) return sim->now;
  if (is_past(sim, plan->change_at)) rate *= plan->change;
  if (plan->over == OVER_QUEUES) {
    if (server->free_at < now) server->free_at = now;
    if ((server->free_at - now) / 1e9 * rate >= plan->queue) return 0;
    server->free_at += 1e9 / rate;
    return (uint64_t)server->free_at;
  }
  double most = rate / 10 > 1 ? rate / 10 : 1;
  server->allowance += (now - server->refilled) / 1e9 * rate;
  if (server->allowance > most) server->allowance = most;
  server->refilled = now;
  if (server->allowance < 1) return 0;
  server->allowance--;
  return sim->now;
}

static void reply(struct sim *sim, unsigned query, uint64_t at, bool useful, bool refused) {
  if (sim->world->loss > 0 && chance(sim) < sim->world->loss) return;
  push(sim,
       (struct event){
           .at = at, .kind = EVENT_ARRIVES, .place = query, .useful = useful, .refused = refused});
}

/* False: there is no place to resolve it in. */
static bool recurse(struct sim *sim, const struct name *name, unsigned server) {
  const struct world *world = sim->world;
  if (!world->recursion) return true;
  if (sim->servers[server].recursing >= world->recursion) return false;
  sim->servers[server].recursing++;
  double work = name->delay >= 0 ? name->delay : 3000 * ms;
  push(sim, (struct event){.at = sim->now + (uint64_t)work, .kind = EVENT_LEAVES, .place = server});
  return true;
}

static void resolve(struct sim *sim, unsigned query) {
  const struct flying *flying = &sim->queries[query];
  struct name *name = &sim->names[flying->name];
  struct server *server = &sim->servers[flying->server];
  if (is_past(sim, server->plan->dies_at)) return;
  if (sim->world->loss > 0 && chance(sim) < sim->world->loss) return;
  uint64_t at = enter(sim, server), *ready = &name->ready[flying->server];
  if (!at) {
    sim->over++;
    if (server->plan->over == OVER_REFUSES) reply(sim, query, sim->now + 100000, false, true);
    return;
  }
  double slower = is_past(sim, server->plan->slower_at) ? server->plan->slower : 1;
  if (!*ready && !recurse(sim, name, flying->server)) return;
  if (name->delay < 0) return;
  if (!*ready) *ready = at + (uint64_t)(name->delay * slower);
  reply(sim, query, *ready > at + 100000 ? *ready : at + 100000, !name->servfail, false);
}

/* ---- a scan, as name_server.c ... ---- */

static void vacate(struct sim *sim, struct flying *query) {
  if (query->vacant) return;
  struct peer *peer = &sim->clients[query->client].peers[query->server];
  query->vacant = true;
  peer->flying--;
  congestion_left(&peer->congestion, sim->now - query->sent);
}

static void be_silent(struct sim *sim, struct peer *peer, const struct flying *query) {
  if (query->sent < peer->answered_sent) return;
  if (!peer->silent++) peer->silent_since = query->sent;
  if (peer->silent < 16 || sim->now - peer->silent_since < 2e9 || peer->resting) return;
  peer->resting = true;
  peer->probe_at = sim->now + 1000000000;
  congestion_restart(&peer->congestion, sim->now);
}

static void release(struct sim *sim, struct peer *peer) {
  uint64_t hold = congestion_hold(&peer->congestion), retry = congestion_retry(&peer->congestion);
  for (; peer->count; peer->count--, peer->first = (peer->first + 1) % peer->size) {
    struct flying *query = &sim->queries[peer->flight[peer->first]];
    uint64_t age = sim->now - query->sent;
    if (query->vacant) continue;
    if (age < hold || (age < retry && peer->answered_sent <= query->sent)) return;
    if (age >= retry && !query->ended) be_silent(sim, peer, query);
    if (!query->ended) retries_learn(&sim->clients[query->client].retries, query->first, false);
    vacate(sim, query);
  }
}

static bool ready(struct sim *sim, struct peer *peer) {
  if (peer->resting) return sim->now >= peer->probe_at;
  release(sim, peer);
  unsigned most = congestion_limit(&peer->congestion), part = most / 4 < BURST ? most / 4 : BURST;
  if (peer->flying >= most)
    peer->draining = true;
  else if (peer->flying <= most - part)
    peer->draining = false;
  bool may = !peer->draining && congestion_paces(&peer->congestion, sim->now);
  if (!may) congestion_wanted(&peer->congestion);
  return may;
}

static void fly(struct sim *sim, struct peer *peer, unsigned query) {
  if (peer->count == peer->size) {
    size_t size = peer->size ? 2 * peer->size : 1024;
    unsigned *flight = more(NULL, size * sizeof *flight);
    for (size_t i = 0; i < peer->count; i++)
      flight[i] = peer->flight[(peer->first + i) % peer->size];
    free(peer->flight);
    peer->flight = flight;
    peer->first = 0;
    peer->size = size;
  }
  peer->flight[(peer->first + peer->count++) % peer->size] = query;
  peer->flying++;
  congestion_sent(&peer->congestion, peer->flying, sim->now);
  if (peer->flying >= congestion_limit(&peer->congestion)) congestion_wanted(&peer->congestion);
  if (peer->resting) peer->probe_at = sim->now + 1000000000;
}

/* ---- ... and resolver.c ---- */

static double risk(const struct sim *sim, const struct name *name, bool doubts) {
  double all = 1;
  for (unsigned i = 0; i < name->tries && i < KEPT_TRIES; i++) {
    const struct attempt *attempt = &name->attempts[i];
    const struct peer *peer = &sim->clients[name->client].peers[attempt->server];
    if (!doubts || peer->answered_sent >= attempt->sent || peer->ping_answered >= attempt->sent)
      all *= congestion_risk(&peer->congestion, attempt->sent);
  }
  return all;
}

static unsigned allowed(const struct sim *sim, const struct name *name) {
  return retries_allowed(TRIES, TRIES_ON_LOSS, name->tries,
                         name->failed ? 0 : risk(sim, name, false));
}

/* Asks the server for what it knows. */
static void ping(struct sim *sim, unsigned client, unsigned server) {
  const struct world *world = sim->world;
  sim->clients[client].peers[server].ping_sent = sim->now;
  sim->sent++;
  if (is_past(sim, sim->servers[server].plan->dies_at)) return;
  if (world->loss > 0 && (chance(sim) < world->loss || chance(sim) < world->loss)) return;
  uint64_t at = enter(sim, &sim->servers[server]);
  sim->over += !at;
  if (!at && sim->servers[server].plan->over != OVER_REFUSES) return;
  push(sim, (struct event){.at = (at ? at : sim->now) + 100000,
                           .kind = EVENT_PING,
                           .place = client,
                           .tie = server,
                           .sent = sim->now});
}

/* Whether a server that has not answered anything since is dead, as far as one can tell. */
static bool is_mute(struct sim *sim, const struct name *name) {
  bool mute = false;
  for (unsigned i = 0; i < name->tries && i < KEPT_TRIES; i++) {
    const struct attempt *attempt = &name->attempts[i];
    const struct peer *peer = &sim->clients[name->client].peers[attempt->server];
    if (peer->answered_sent >= attempt->sent || peer->ping_answered >= attempt->sent) continue;
    if (peer->ping_sent <= attempt->sent)
      ping(sim, name->client, attempt->server);
    else
      mute |= sim->now - peer->ping_sent >= congestion_retry(&peer->congestion);
  }
  return mute;
}

static bool afford(struct sim *sim, const struct name *name) {
  struct retries *retries = &sim->clients[name->client].retries;
  if (!name->failed && retries_are_due(risk(sim, name, false))) return true;
  if (!name->failed && retries_are_due(risk(sim, name, true)) && is_mute(sim, name)) return true;
  return retries_afford(retries, name->tries == 1 && !name->failed);
}

static bool scarce(const struct sim *sim, const struct client *client) {
  for (unsigned i = 0; i < sim->server_count; i++)
    if (client->peers[i].flying * 10 < congestion_limit(&client->peers[i].congestion) * 9)
      return false;
  return true;
}

static void wake(struct sim *sim, unsigned place, uint64_t at) {
  struct name *name = &sim->names[place];
  name->wakes = at;
  push(sim, (struct event){.at = at, .kind = EVENT_RETRY, .place = place, .tie = name->life});
}

static void send_query(struct sim *sim, unsigned place, unsigned server) {
  struct name *name = &sim->names[place];
  struct peer *peer = &sim->clients[name->client].peers[server];
  if (sim->query_count == sim->query_size) {
    sim->query_size = sim->query_size ? 2 * sim->query_size : 4096;
    sim->queries = more(sim->queries, sim->query_size * sizeof *sim->queries);
  }
  unsigned at = (unsigned)sim->query_count++;
  sim->queries[at] = (struct flying){.sent = sim->now,
                                     .name = place,
                                     .life = name->life,
                                     .server = server,
                                     .client = name->client,
                                     .first = !name->tries,
                                     .sample = name->sample && !name->tries,
                                     .before = name->queries};
  name->queries = at;
  if (name->tries < KEPT_TRIES) name->attempts[name->tries] = (struct attempt){sim->now, server};
  name->tries++;
  name->last = server;
  sim->sent++;
  fly(sim, peer, at);
  uint64_t wait = congestion_retry(&peer->congestion);
  for (unsigned i = 1; i < name->tries && i < 6; i++) wait += wait / 2;
  if (name->tries == 1 && name->sample) wait = congestion_hold(&peer->congestion);
  uint64_t left = name->deadline - sim->now;
  unsigned tries = retries_allowed(TRIES, TRIES_ON_LOSS, name->tries, !name->failed);
  uint64_t most = congestion_most(&peer->congestion);
  if (most > left / 2) most = left / 2;
  left /= tries > name->tries ? tries - name->tries + 1 : 1;
  if (left < most) left = most;
  wait = wait < left ? wait : left;
  wake(sim, place, sim->now + wait < name->deadline ? sim->now + wait : name->deadline);
  resolve(sim, at);
}

/* In turn; for a retry not the last one, if another is ready. */
static bool pick(struct sim *sim, struct client *client, const struct name *name,
                 unsigned *server) {
  for (unsigned i = 0; i < sim->server_count; i++) {
    unsigned at = (client->turn + i) % sim->server_count;
    if (name && sim->server_count > 1 && at == name->last) continue;
    if (!ready(sim, &client->peers[at])) continue;
    *server = at;
    client->turn = at + 1;
    return true;
  }
  if (!name || !ready(sim, &client->peers[name->last])) return false;
  *server = name->last;
  return true;
}

static bool has_new(const struct sim *sim, const struct client *client) {
  return client->unused_count && (!sim->world->names || sim->begun < sim->world->names);
}

static bool begin(struct sim *sim, struct client *client) {
  unsigned server;
  if (!pick(sim, client, NULL, &server)) return false;
  unsigned place = client->unused[--client->unused_count];
  struct name *name = &sim->names[place];
  *name = (struct name){.busy = true,
                        .client = name->client,
                        .life = name->life + 1,
                        .begun = sim->now,
                        .deadline = sim->now + timeout,
                        .queries = (unsigned)-1};
  draw(sim, name);
  sim->begun++;
  name->sample = retries_probes(&client->retries);
  retries_begun(&client->retries, scarce(sim, client));
  send_query(sim, place, server);
  return true;
}

static bool ask_again(struct sim *sim, struct client *client, struct queue *queue) {
  unsigned place = queue->names[queue->first], server = 0;
  struct name *name = &sim->names[place];
  if (name->busy && name->due && !pick(sim, client, name, &server)) return false;
  queue->first = (queue->first + 1) % sim->name_count;
  queue->count--;
  if (!name->busy || !name->due) return true;
  name->due = false;
  name->deadline += sim->now - name->due_since;
  send_query(sim, place, server);
  return true;
}

static void pump(struct sim *sim, struct client *client) {
  bool going = true;
  while (going) {
    bool new = has_new(sim, client), old = client->due.count > 0;
    if (client->early.count) {
      going = ask_again(sim, client, &client->early);
      continue;
    }
    if (!new && !old) return;
    bool first = old && (!new || retries_go_first(&client->retries));
    going = first ? ask_again(sim, client, &client->due) : begin(sim, client);
  }
}

static void fall_due(struct sim *sim, struct client *client, unsigned place) {
  struct name *name = &sim->names[place];
  struct queue *queue = name->sample && name->tries == 1 ? &client->early : &client->due;
  name->due = true;
  name->due_since = sim->now;
  queue->names[(queue->first + queue->count++) % sim->name_count] = place;
}

static void finish(struct sim *sim, unsigned place, bool useful) {
  struct name *name = &sim->names[place];
  struct client *client = &sim->clients[name->client];
  name->busy = name->due = false;
  if ((double)sim->now >= sim->world->from * 1e9) sim->useful += useful;
  sim->sound_over += name->sound;
  sim->sound_lost += name->sound && !useful;
  client->unused[client->unused_count++] = place;
}

static void overtake(struct sim *sim, const struct name *name, const struct flying *answered) {
  struct client *client = &sim->clients[name->client];
  for (unsigned at = name->queries; at != (unsigned)-1; at = sim->queries[at].before) {
    struct flying *other = &sim->queries[at];
    if (other->ended || other->lost || other->sent >= answered->sent) continue;
    other->lost = true;
    congestion_lost(&client->peers[other->server].congestion, other->sample, other->sent);
  }
}

static void arrives(struct sim *sim, const struct event *event) {
  struct flying *query = &sim->queries[event->place];
  struct name *name = &sim->names[query->name];
  struct client *client = &sim->clients[query->client];
  struct peer *peer = &client->peers[query->server];
  query->ended = true;
  retries_learn(&client->retries, query->first, true);
  peer->silent = 0;
  if (query->sent > peer->answered_sent) peer->answered_sent = query->sent;
  if (event->refused) {
    congestion_lost(&peer->congestion, query->sample, query->sent);
    return; /* fills the window as one that is not answered */
  }
  peer->resting = false;
  const struct congestion_answer answer = {query->sent, sim->now - query->sent, event->useful,
                                           query->sample, query->lost};
  congestion_answered(&peer->congestion, &answer, sim->now);
  vacate(sim, query);
  if (name->busy && query->life == name->life) {
    name->failed |= !event->useful;
    if (event->useful) {
      overtake(sim, name, query);
      finish(sim, query->name, true);
    }
  }
  pump(sim, client);
}

static bool rests(const struct sim *sim, const struct client *client) {
  for (unsigned i = 0; i < sim->server_count; i++)
    if (!client->peers[i].resting) return false;
  return true;
}

static void retry(struct sim *sim, const struct event *event) {
  struct name *name = &sim->names[event->place];
  struct client *client = &sim->clients[name->client];
  if (!name->busy || event->tie != name->life || event->at != name->wakes) return;
  if (sim->now >= name->deadline && name->due && !rests(sim, client)) {
    wake(sim, event->place, sim->now + 100000000); /* its time stands still */
    return;
  }
  if (sim->now >= name->deadline) {
    finish(sim, event->place, false);
    return;
  }
  bool again = !name->due && name->tries < allowed(sim, name);
  if (again && afford(sim, name)) {
    fall_due(sim, client, event->place);
    wake(sim, event->place, name->deadline);
    return;
  }
  if (again && name->failed && name->tries > 1) {
    finish(sim, event->place, false);
    return;
  }
  uint64_t soon = sim->now + 100000000;
  wake(sim, event->place, again && soon < name->deadline ? soon : name->deadline);
}

static void happen(struct sim *sim, const struct event *event) {
  sim->happened++;
  switch (event->kind) {
  case EVENT_ARRIVES: arrives(sim, event); break;
  case EVENT_LEAVES: sim->servers[event->place].recursing--; break;
  case EVENT_PING: {
    struct peer *peer = &sim->clients[event->place].peers[event->tie];
    if (event->sent > peer->ping_answered) peer->ping_answered = event->sent;
    break;
  }
  case EVENT_RETRY: retry(sim, event); break;
  case EVENT_TICK:
    pump(sim, &sim->clients[event->place]);
    push(sim, (struct event){
                  .at = sim->now + TICK_MS * 1000000, .kind = EVENT_TICK, .place = event->place});
    break;
  }
}

/* ---- from the beginning to the end ---- */

static void open_client(struct sim *sim, struct client *client, unsigned which) {
  unsigned slots = sim->world->slots;
  client->due.names = more(NULL, sim->name_count * sizeof *client->due.names);
  client->early.names = more(NULL, sim->name_count * sizeof *client->early.names);
  client->unused = more(NULL, slots * sizeof *client->unused);
  for (unsigned i = 0; i < slots; i++) {
    sim->names[which * slots + i] = (struct name){.client = which};
    client->unused[client->unused_count++] = which * slots + i;
  }
  retries_init(&client->retries);
  for (unsigned i = 0; i < sim->server_count; i++)
    congestion_init(&client->peers[i].congestion, sim->now);
}

static struct sim *open_sim(const struct world *world, uint64_t seed) {
  struct sim *sim = calloc(1, sizeof *sim);
  if (!sim) abort();
  sim->world = world;
  sim->random = 88172645463325252ULL ^ seed * 0x9e3779b97f4a7c15ULL;
  sim->now = 1;
  sim->server_count = world->server_count ? world->server_count : 1;
  sim->client_count = world->clients ? world->clients : 1;
  sim->name_count = (size_t)sim->client_count * world->slots;
  sim->names = more(NULL, sim->name_count * sizeof *sim->names);
  for (unsigned i = 0; i < sim->server_count; i++)
    sim->servers[i] =
        (struct server){.plan = &world->servers[i], .allowance = world->servers[i].rate / 10.0};
  for (unsigned i = 0; i < sim->client_count; i++) open_client(sim, &sim->clients[i], i);
  for (unsigned i = 0; i < sim->client_count; i++) /* each at a time of its own */
    push(sim, (struct event){.at = 1 + (uint64_t)(i * chance(sim) * APART_MS * ms),
                             .kind = EVENT_TICK,
                             .place = i});
  return sim;
}

static void close_sim(struct sim *sim) {
  for (unsigned i = 0; i < sim->client_count; i++) {
    for (unsigned j = 0; j < sim->server_count; j++) free(sim->clients[i].peers[j].flight);
    free(sim->clients[i].due.names);
    free(sim->clients[i].early.names);
    free(sim->clients[i].unused);
  }
  free(sim->heap);
  free(sim->names);
  free(sim->queries);
  free(sim);
}

static struct tale told(const struct sim *sim) {
  double counted = sim->world->seconds - sim->world->from;
  return (struct tale){
      .goodput = (double)sim->useful / counted,
      .queries = (double)sim->sent / (double)(sim->begun ? sim->begun : 1),
      .wasted = (double)sim->over / (double)(sim->sent ? sim->sent : 1),
      .lost = (double)sim->sound_lost / (double)(sim->sound_over ? sim->sound_over : 1),
      .events = sim->happened,
  };
}

/* trace: NULL, or called each second. */
static inline struct tale internet_run(const struct world *world, uint64_t seed,
                                       void (*trace)(const struct sim *)) {
  struct sim *sim = open_sim(world, seed);
  uint64_t next = 0;
  while ((double)sim->now < world->seconds * 1e9) {
    struct event event = pop(sim);
    sim->now = event.at;
    happen(sim, &event);
    if (trace && sim->now >= next) {
      trace(sim);
      next += 250000000;
    }
  }
  struct tale tale = told(sim);
  close_sim(sim);
  return tale;
}

#endif
