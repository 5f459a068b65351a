/* Seconds of an Internet in milliseconds: one resolver with drawn delays, limits and troubles, and
 * a scan that asks it through a window, as scanner/resolver/name_server.c does. Discrete events, no
 * clock, all chance from a seed. */
#ifndef TESTS_UNIT_RESOLVER_INTERNET_H
#define TESTS_UNIT_RESOLVER_INTERNET_H

#include "scanner/resolver/congestion.h"
#include <stdlib.h>

/* How long names take: a share of them, between two delays in ms. */
struct delays {
  double share, from, to;
};

enum over { OVER_DROPS, OVER_REFUSES };

struct world {
  const char *name;
  struct delays delays[6]; /* the rest is never answered */
  double cached;           /* share of names answered in 0.1 ms */
  double servfail;         /* share of names that say SERVFAIL after their delay, cached then */
  double loss;             /* share of datagrams lost, each way */
  unsigned cap;            /* answers a second; 0: none */
  enum over over;
  unsigned queue;     /* that wait for the cap, before it drops or refuses */
  unsigned recursion; /* names in work at most; 0: no limit */
  double jostle;      /* ms; older ones are thrown out when it is full */
  unsigned buffer;    /* datagrams that wait at a server that does `speed` a second; 0: no limit */
  unsigned speed;
  double change_at; /* s; then all is `change` times as fast */
  double change;
  double burst; /* s; dead names come in stretches so long, every other one; 0: evenly */
  unsigned slots;
};

struct address_plan {
  double seconds;  /* to be simulated */
  double from;     /* s; counted from here on */
  unsigned window; /* fixed; 0: the controller's */
  unsigned seed;
};

struct tale {
  double goodput; /* names with a useful answer, a second */
  double queries; /* for each name that was begun */
  double wasted;  /* share of queries without an answer, of sound names */
  double lost;    /* share of sound names that had none in time */
  unsigned window;
  double lowest; /* goodput of the worst second counted, against the mean */
};

enum {
  SLOTS_DEFAULT = 65536,
  TIMEOUT_MS = 5000,
  TRIES = 4,
  TRIES_ON_LOSS = 8,
  BURST = 64,
  TICK_MS = 20,
  SECONDS_MAX = 64,
};

static const double ms = 1e6;
static const double budget_share = 0.2;

enum kind { EVENT_ARRIVES, EVENT_LEAVES, EVENT_RETRY, EVENT_TICK };

struct event {
  uint64_t at;
  enum kind kind;
  unsigned query, name; /* places */
  bool useful, refused;
};

struct name {
  bool busy, answered, sound, servfail, cached;
  uint64_t begun, works;
  double delay;   /* ns; < 0: never */
  uint64_t ready; /* when the resolver has it; 0: it does not work on it */
  unsigned tries;
  unsigned first; /* query of the first try */
};

struct flying {
  uint64_t sent;
  unsigned phase, name, tie, tries;
  bool ended, vacant, lost;
  unsigned next;
};

struct sim {
  const struct world *world;
  const struct address_plan *plan;
  struct congestion congestion;
  struct event *heap;
  size_t events, heap_size;
  struct name *names;
  unsigned *unused, unused_count, slots;
  struct flying *queries;
  size_t query_count, query_size, oldest;
  uint64_t now, answered_at, leaving_at;
  double leaving;
  unsigned flying;
  unsigned *due, due_count, due_first, due_size;
  bool draining;
  uint64_t random;
  double cap_free, speed_free, budget;
  unsigned recursing;
  uint64_t begun, sent, useful, sound_over, sound_lost, wasted, seconds[SECONDS_MAX];
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

static double factor(const struct sim *sim) {
  bool changed = sim->world->change_at > 0 && (double)sim->now >= sim->world->change_at * 1e9;
  return changed ? sim->world->change : 1;
}

/* ---- names ---- */

static void draw(struct sim *sim, struct name *name) {
  const struct world *world = sim->world;
  double which = chance(sim);
  bool stretch = world->burst > 0 && (uint64_t)((double)sim->now / (world->burst * 1e9)) % 2;
  name->delay = -1;
  if (world->burst > 0 && !stretch) which *= 0.97; /* between stretches all are sound */
  for (size_t i = 0; i < 6 && name->delay < 0; i++) {
    const struct delays *delays = &world->delays[i];
    if (which < delays->share)
      name->delay = (delays->from + chance(sim) * (delays->to - delays->from)) * ms;
    which -= delays->share;
  }
  if (stretch && chance(sim) < 0.9) name->delay = -1;
  if (name->delay >= 0 && chance(sim) < world->cached) name->delay = 0.1 * ms;
  name->servfail = chance(sim) < world->servfail;
  name->sound = name->delay >= 0 && !name->servfail;
}

/* ---- the resolver ---- */

/* When a server of so many a second is done with one more; 0: too many wait. */
static uint64_t serve(double *free_at, double now, double each, unsigned queue) {
  if (*free_at < now) *free_at = now;
  if (*free_at - now > each * queue) return 0;
  *free_at += each;
  return (uint64_t)*free_at;
}

static void reply(struct sim *sim, unsigned query, uint64_t at, bool useful, bool refused) {
  if (chance(sim) < sim->world->loss) return;
  push(sim,
       (struct event){
           .at = at, .kind = EVENT_ARRIVES, .query = query, .useful = useful, .refused = refused});
}

static bool enter(struct sim *sim, struct name *name, unsigned place) {
  const struct world *world = sim->world;
  if (!world->recursion || (name->works && sim->now < name->works)) return true;
  if (sim->recursing >= world->recursion) return false;
  sim->recursing++;
  double work = name->delay >= 0 ? name->delay / factor(sim) : 3000 * ms;
  if (work > world->jostle * ms && sim->recursing > world->recursion / 2 && name->delay >= 0) {
    /* thrown out when others need its place */
    if (sim->recursing > world->recursion * 9 / 10) {
      push(sim, (struct event){.at = sim->now + (uint64_t)(world->jostle * ms),
                               .kind = EVENT_LEAVES,
                               .name = place});
      return false;
    }
  }
  name->works = sim->now + (uint64_t)work;
  push(sim, (struct event){.at = sim->now + (uint64_t)work, .kind = EVENT_LEAVES, .name = place});
  return true;
}

static void resolve(struct sim *sim, unsigned query) {
  const struct world *world = sim->world;
  struct name *name = &sim->names[sim->queries[query].name];
  uint64_t at = sim->now;
  if (chance(sim) < world->loss) return;
  if (world->buffer) {
    at = serve(&sim->speed_free, (double)at, 1e9 / world->speed, world->buffer);
    if (!at) return;
  }
  if (world->cap) {
    double each = 1e9 / (world->cap * factor(sim));
    uint64_t served = serve(&sim->cap_free, (double)at, each,
                            world->queue ? world->queue : (unsigned)(1e8 / each));
    if (!served && world->over == OVER_REFUSES) reply(sim, query, at + 100000, false, true);
    if (!served) return;
    if (world->queue) at = served; /* else a bucket of a tenth of a second */
  }
  bool known = name->ready && at >= name->ready;
  if (known) {
    reply(sim, query, at + 100000, !name->servfail, false);
  } else if (name->ready) {
    reply(sim, query, name->ready, !name->servfail, false);
  } else if (enter(sim, name, sim->queries[query].name) && name->delay >= 0) {
    double work = name->delay / (world->cap ? 1 : factor(sim));
    name->ready = at + (uint64_t)work;
    reply(sim, query, name->ready, !name->servfail, false);
  }
}

/* ---- the scan ---- */

static unsigned limit(const struct sim *sim) {
  return sim->plan->window ? sim->plan->window : congestion_limit(&sim->congestion);
}

static void vacate(struct sim *sim, struct flying *query) {
  if (query->vacant) return;
  query->vacant = true;
  sim->flying--;
}

static void release(struct sim *sim) {
  uint64_t hold = congestion_hold(&sim->congestion), retry = congestion_retry(&sim->congestion);
  double most = 1 + limit(sim) / 8.0;
  sim->leaving += 2.0 * limit(sim) * (double)(sim->now - sim->leaving_at) / (double)(hold + 1);
  if (sim->leaving > most) sim->leaving = most;
  sim->leaving_at = sim->now;
  for (; sim->oldest < sim->query_count; sim->oldest++) {
    struct flying *query = &sim->queries[sim->oldest];
    if (query->vacant) continue;
    if (sim->leaving < 1) return;
    uint64_t age = sim->now - query->sent;
    if (age < hold || (age < retry && sim->answered_at <= query->sent)) return;
    sim->leaving--;
    vacate(sim, query);
  }
}

static bool room(struct sim *sim) {
  unsigned most = limit(sim), part = most / 2 < BURST ? most / 2 : BURST;
  release(sim);
  if (sim->flying >= most)
    sim->draining = true;
  else if (sim->flying <= most - part)
    sim->draining = false;
  if (sim->draining) congestion_wanted(&sim->congestion);
  return !sim->draining;
}

static void send_query(struct sim *sim, unsigned place) {
  struct name *name = &sim->names[place];
  if (sim->query_count == sim->query_size) {
    sim->query_size = sim->query_size ? 2 * sim->query_size : 4096;
    sim->queries = more(sim->queries, sim->query_size * sizeof *sim->queries);
  }
  unsigned at = (unsigned)sim->query_count++;
  sim->queries[at] =
      (struct flying){.sent = sim->now,
                      .phase = congestion_sent(&sim->congestion, !name->tries, sim->now),
                      .name = place,
                      .tries = name->tries,
                      .tie = (unsigned)name->begun,
                      .next = name->first};
  name->first = at;
  name->tries++;
  sim->flying++;
  sim->sent++;
  uint64_t wait = congestion_retry(&sim->congestion);
  for (unsigned i = 1; i < name->tries; i++) wait += wait / 2;
  push(sim, (struct event){.at = sim->now + wait, .kind = EVENT_RETRY, .name = place, .query = at});
  resolve(sim, at);
}

static void begin(struct sim *sim) {
  unsigned place = sim->unused[--sim->unused_count];
  struct name *name = &sim->names[place];
  *name = (struct name){.busy = true, .begun = sim->now, .first = (unsigned)-1};
  draw(sim, name);
  sim->begun++;
  double loss = congestion_loss(&sim->congestion);
  sim->budget += budget_share + (loss > .1 ? 1 : 10 * loss) * (1 - budget_share);
  send_query(sim, place);
}

static void finish(struct sim *sim, unsigned place, bool useful) {
  struct name *name = &sim->names[place];
  name->busy = false;
  double second = (double)sim->now / 1e9;
  if (second >= sim->plan->from) {
    sim->useful += useful;
    sim->sound_over += name->sound;
    sim->sound_lost += name->sound && !useful;
    if (useful && second < SECONDS_MAX) sim->seconds[(int)second]++;
  }
  sim->unused[sim->unused_count++] = place;
}

static bool retry_pays(struct sim *sim) {
  if (sim->budget < 1) return false;
  sim->budget -= 1;
  return true;
}

static void pump(struct sim *sim) {
  while (room(sim)) {
    if (sim->due_count) {
      unsigned place = sim->due[sim->due_first++ % sim->due_size];
      sim->due_count--;
      struct name *name = &sim->names[place];
      if (name->busy && sim->now - name->begun < TIMEOUT_MS * ms) send_query(sim, place);
    } else if (sim->unused_count) {
      begin(sim);
    } else {
      return;
    }
  }
}

static void arrives(struct sim *sim, const struct event *event) {
  struct flying *query = &sim->queries[event->query];
  struct name *name = &sim->names[query->name];
  if (query->ended) return;
  query->ended = true;
  sim->answered_at = sim->now;
  if (event->refused) {
    return; /* fills the window as one that is not answered */
  }
  if (event->useful)
    congestion_answered(&sim->congestion, query->phase, !query->tries, sim->now - query->sent,
                        sim->now);
  if (query->lost) congestion_found(&sim->congestion, query->phase);
  vacate(sim, query);
  if (!name->busy || query->tie != (unsigned)name->begun) return;
  for (unsigned at = name->first; event->useful && at != (unsigned)-1; at = sim->queries[at].next) {
    struct flying *other = &sim->queries[at];
    if (other->ended || other->lost || other->sent >= query->sent) continue;
    other->lost = true;
    congestion_lost(&sim->congestion, other->phase);
  }
  finish(sim, query->name, event->useful);
}

static void retry(struct sim *sim, const struct event *event) {
  struct name *name = &sim->names[event->name];
  const struct flying *query = &sim->queries[event->query];
  if (!name->busy || query->tie != (unsigned)name->begun || name->first != event->query) return;
  unsigned tries = congestion_loses(&sim->congestion) ? TRIES_ON_LOSS : TRIES;
  if (sim->now - name->begun >= TIMEOUT_MS * ms) {
    finish(sim, event->name, false);
  } else if (name->tries >= tries || !retry_pays(sim)) {
    push(sim, (struct event){.at = name->tries >= tries ? name->begun + (uint64_t)(TIMEOUT_MS * ms)
                                                        : sim->now + 100 * 1000000,
                             .kind = EVENT_RETRY,
                             .name = event->name,
                             .query = event->query});
  } else {
    push(sim, (struct event){.at = name->begun + (uint64_t)(TIMEOUT_MS * ms),
                             .kind = EVENT_RETRY,
                             .name = event->name,
                             .query = event->query});
    sim->due[(sim->due_first + sim->due_count++) % sim->due_size] = event->name;
  }
}

static void happen(struct sim *sim, const struct event *event) {
  switch (event->kind) {
  case EVENT_ARRIVES: arrives(sim, event); break;
  case EVENT_LEAVES: sim->recursing--; break;
  case EVENT_RETRY: retry(sim, event); break;
  case EVENT_TICK:
    push(sim, (struct event){.at = sim->now + TICK_MS * 1000000, .kind = EVENT_TICK});
    break;
  }
}

static struct tale told(const struct sim *sim) {
  double counted = sim->plan->seconds - sim->plan->from;
  struct tale tale = {
      .goodput = (double)sim->useful / counted,
      .queries = (double)sim->sent / (double)(sim->begun ? sim->begun : 1),
      .lost = (double)sim->sound_lost / (double)(sim->sound_over ? sim->sound_over : 1),
      .window = limit(sim),
      .lowest = 1e9,
  };
  for (int i = (int)sim->plan->from; i < (int)sim->plan->seconds; i++)
    if ((double)sim->seconds[i] < tale.lowest) tale.lowest = (double)sim->seconds[i];
  tale.lowest /= tale.goodput > 0 ? tale.goodput : 1;
  return tale;
}

static struct sim *sim_new(const struct world *world, const struct address_plan *plan) {
  struct sim *sim = calloc(1, sizeof *sim);
  if (!sim) abort();
  sim->world = world;
  sim->plan = plan;
  sim->random = 88172645463325252ULL ^ (uint64_t)plan->seed * 0x9e3779b97f4a7c15ULL;
  sim->slots = world->slots ? world->slots : SLOTS_DEFAULT;
  sim->names = more(NULL, sim->slots * sizeof *sim->names);
  sim->unused = more(NULL, sim->slots * sizeof *sim->unused);
  sim->due_size = sim->slots * 2;
  sim->due = more(NULL, sim->due_size * sizeof *sim->due);
  for (unsigned i = 0; i < sim->slots; i++) sim->unused[sim->unused_count++] = i;
  sim->now = 1;
  sim->budget = 100;
  congestion_init(&sim->congestion, sim->now);
  push(sim, (struct event){.at = 1, .kind = EVENT_TICK});
  return sim;
}

static inline struct tale internet_run(const struct world *world, const struct address_plan *plan) {
  struct sim *sim = sim_new(world, plan);
  pump(sim);
  while ((double)sim->now < plan->seconds * 1e9) {
    struct event event = pop(sim);
    sim->now = event.at;
    happen(sim, &event);
    pump(sim);
  }
  struct tale tale = told(sim);
  free(sim->heap);
  free(sim->names);
  free(sim->unused);
  free(sim->queries);
  free(sim->due);
  free(sim);
  return tale;
}

#endif
