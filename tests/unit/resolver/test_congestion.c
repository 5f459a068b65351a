/* The controller in worlds of its own (internet.h): what it gets is held to what is there. Some are
 * told by name, most are drawn, from seeds that are always the same. */
#include "tests/unit/resolver/internet.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define NOTES                                                                                      \
  {                                                                                                \
    {.60, 5, 50}, {.30, 50, 200}, {.055, 200, 700}, {.01, 1000, 1900}, {                           \
      .02, 300, 900                                                                                \
    }                                                                                              \
  }
#define HALF_DEAD                                                                                  \
  {                                                                                                \
    {.30, 5, 50}, {.15, 50, 200}, {                                                                \
      .05, 200, 700                                                                                \
    }                                                                                              \
  }
#define NEAR                                                                                       \
  {                                                                                                \
    { 1, .1, .2 }                                                                                  \
  }
#define QUICK                                                                                      \
  {                                                                                                \
    { 1, 5, 50 }                                                                                   \
  }

enum { SLOTS = 2000, MANY = 65536, SEEDS = 2 };

static const struct row {
  struct world world;
  double share;   /* of what is there, at least */
  double queries; /* for each name, at most; 0: no matter */
  double wasted;  /* at most; 0: no matter */
  double lost;    /* of the sound names, at most: those that were dropped each of TRIES times, until
                     they are looked at again */
} rows[] = {
    {.world = {.name = "any speed", .delays = NOTES, .slots = SLOTS}, .share = .94, .queries = 1.1},
    {.world = {.name = "2% lost", .delays = NOTES, .loss = .02, .slots = SLOTS},
     .share = .95,
     .queries = 1.2,
     .lost = .00005},
    {.world = {.name = "5% lost", .delays = NOTES, .loss = .05, .slots = SLOTS},
     .share = .95,
     .queries = 1.3,
     .lost = .00005},
    {.world = {.name = "3,000/s, drops", .delays = NOTES, .servers = {{.rate = 3000}}},
     .share = .92,
     .wasted = .15},
    {.world = {.name = "3,000/s, refuses",
               .delays = NOTES,
               .servers = {{.rate = 3000, .over = OVER_REFUSES}}},
     .share = .9,
     .wasted = .1},
    {.world = {.name = "3,000/s, queues",
               .delays = NOTES,
               .servers = {{.rate = 3000, .over = OVER_QUEUES, .queue = 1000}}},
     .share = .85,
     .queries = 1.1,
     .wasted = .05},
    {.world = {.name = "300/s, drops", .delays = NOTES, .servers = {{.rate = 300}}},
     .share = .75,
     .wasted = .45},
    {.world = {.name = "100/s, drops",
               .delays = NOTES,
               .servers = {{.rate = 100}},
               .seconds = 20,
               .from = 10},
     .share = .85,
     .wasted = .35},
    {.world = {.name = "100/s, refuses",
               .delays = NOTES,
               .servers = {{.rate = 100, .over = OVER_REFUSES}},
               .seconds = 20,
               .from = 10},
     .share = .85,
     .wasted = .15},
    {.world = {.name = "50/s, queues",
               .delays = NOTES,
               .servers = {{.rate = 50, .over = OVER_QUEUES, .queue = 277}},
               .seconds = 20,
               .from = 10},
     .share = .75,
     .wasted = .1},
    {.world = {.name = "a tenth from 6 s on",
               .delays = NOTES,
               .servers = {{.rate = 5000, .change_at = 6, .change = .1}},
               .seconds = 18,
               .from = 11},
     .share = .8,
     .lost = .0003},
    {.world = {.name = "ten times from 8 s on",
               .delays = NOTES,
               .servers = {{.rate = 500, .change_at = 8, .change = 10}},
               .seconds = 18,
               .from = 13},
     .share = .65},
    {.world = {.name = "delays ten times from 6 s on",
               .delays = QUICK,
               .servers = {{.rate = 3000, .slower_at = 6, .slower = 10}},
               .seconds = 18,
               .from = 11},
     .share = .9},
    {.world = {.name = "one of two dies",
               .delays = NOTES,
               .servers = {{.rate = 2000}, {.rate = 2000, .dies_at = 6}},
               .server_count = 2,
               .seconds = 18,
               .from = 11},
     .share = .85},
    {.world = {.name = "two of unequal speed",
               .delays = NOTES,
               .servers = {{.rate = 3000}, {.rate = 500, .over = OVER_REFUSES}},
               .server_count = 2},
     .share = .9,
     .wasted = .15},
    {.world = {.name = "half dead", .delays = HALF_DEAD, .slots = MANY},
     .share = .95,
     .queries = 1.2},
    {.world = {.name = "half dead, 3,000/s", .delays = HALF_DEAD, .servers = {{.rate = 3000}}},
     .share = .95,
     .queries = 1.6,
     .wasted = .15},
    {.world = {.name = "dead in bursts of 2 s",
               .delays = NOTES,
               .burst = 2,
               .servers = {{.rate = 3000}}},
     .share = .75,
     .queries = 1.5,
     .wasted = .15},
    {.world = {.name = "half cached", .delays = NOTES, .cached = .5, .slots = SLOTS},
     .share = .93,
     .queries = 1.1},
    {.world = {.name = "half cached, 3,000/s",
               .delays = NOTES,
               .cached = .5,
               .servers = {{.rate = 3000}}},
     .share = .9,
     .queries = 1.3,
     .wasted = .15},
    {.world = {.name = "a third SERVFAIL, 3,000/s",
               .delays = NOTES,
               .servfail = .3,
               .servers = {{.rate = 3000}}},
     .share = .95,
     .queries = 1.35,
     .wasted = .15},
    {.world =
         {.name = "20,000/s, drops", .delays = NOTES, .servers = {{.rate = 20000}}, .seconds = 7},
     .share = .92,
     .queries = 1.25,
     .wasted = .15},
    {.world = {.name = "recursion, 4,000/s",
               .delays = NOTES,
               .recursion = 2048,
               .servers = {{.rate = 4000, .over = OVER_QUEUES, .queue = 4000}}},
     .share = .83,
     .queries = 1.1,
     .wasted = .05},
    {.world = {.name = "16 shards, 2,000/s",
               .delays = NOTES,
               .servers = {{.rate = 2000}},
               .clients = 16,
               .slots = 4096,
               .seconds = 12},
     .share = .9,
     .queries = 1.7,
     .lost = .001},
    {.world = {.name = "near, 100,000/s, small buffer",
               .delays = NEAR,
               .servers = {{.rate = 100000, .over = OVER_QUEUES, .queue = 160}},
               .seconds = 1.5,
               .from = .5},
     .share = .95,
     .queries = 1.01,
     .wasted = .001},
};

/* What the rest of the row means. */
static struct world completed(struct world world) {
  if (!world.slots) world.slots = 16384;
  if (world.seconds <= 0) world.seconds = 9;
  if (world.from <= 0) world.from = 4;
  return world;
}

static double rate_of(const struct world *world, unsigned server) {
  const struct server_plan *plan = &world->servers[server];
  if (plan->dies_at > 0) return 0;
  if (plan->rate == 0) return 1e9;
  return plan->rate * (plan->change_at > 0 ? plan->change : 1);
}

static double lost_of(const struct world *world) {
  return 1 - (1 - world->loss) * (1 - world->loss);
}

/* Until it cannot be loss. */
static double tries_needed(double lost) {
  unsigned tries = 0;
  for (double risk = 1; retries_are_due(risk) && tries < TRIES_ON_LOSS; tries++) risk *= lost;
  return tries > TRIES ? tries : TRIES;
}

/* Queries that a name costs at least: what is silent is asked for again until it cannot be loss,
 * what fails once. */
static double queries_needed(const struct world *world, double answered) {
  double lost = lost_of(world), tries = world->servers[0].rate ? 2 : 1;
  if (lost > 0) tries = tries_needed(lost);
  return answered * (1 + world->servfail) / (1 - lost) + (1 - answered) * tries;
}

/* Useful answers a second, at most. */
static double there(const struct world *world) {
  double answered = 0, time = 0, rate = 0;
  for (size_t i = 0; i < DELAYS_MAX; i++) {
    answered += world->delays[i].share;
    time += world->delays[i].share * (world->delays[i].from + world->delays[i].to) / 2000;
  }
  if (world->burst > 0) answered *= 0.55;
  time = time * (1 - world->cached) + (1 - answered) * TIMEOUT_MS / 1000;
  time += answered * lost_of(world); /* a second, until it is asked for again */
  double useful = answered * (1 - world->servfail);
  for (unsigned i = 0; i < (world->server_count ? world->server_count : 1); i++)
    rate += rate_of(world, i);
  rate /= queries_needed(world, answered);
  double slots = (double)world->slots * (world->clients ? world->clients : 1) / time;
  double least = rate < slots ? rate : slots;
  if (world->recursion) {
    double work = time - (1 - answered) * (TIMEOUT_MS / 1000 - 3);
    if (world->recursion / work < least) least = world->recursion / work;
  }
  return least * useful;
}

static bool is_good(const struct row *row, uint64_t seed, uint64_t *events) {
  struct world world = completed(row->world);
  struct tale tale = internet_run(&world, seed, NULL);
  double ideal = there(&world);
  bool good = tale.goodput >= row->share * ideal && tale.lost <= row->lost &&
              (row->queries <= 0 || tale.queries <= row->queries) &&
              (row->wasted <= 0 || tale.wasted <= row->wasted);
  print_message("%s%s, seed %llu: %.0f/s of %.0f/s (%.2f, held to %.2f), %.2f queries a name, "
                "%.3f wasted, %.5f lost\n",
                good ? "" : "MISSED ", world.name, (unsigned long long)seed, tale.goodput, ideal,
                tale.goodput / ideal, row->share, tale.queries, tale.wasted, tale.lost);
  *events += tale.events;
  return good;
}

static void test_worlds(void **state) {
  unsigned missed = 0;
  uint64_t events = 0;
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (uint64_t seed = 1; seed <= SEEDS; seed++) missed += !is_good(&rows[i], seed, &events);
  print_message("%llu events\n", (unsigned long long)events);
  assert_int_equal(missed, 0);
}

/* ---- worlds that are drawn ---- */

enum { DRAWN = 30, DRAWN_SEED = 20261126 };

struct draws {
  uint64_t state;
};

static double between(struct draws *draws, double least, double most) {
  struct sim sim = {.random = draws->state};
  double drawn = chance(&sim);
  draws->state = sim.random;
  return least + drawn * (most - least);
}

/* Evenly by the number of its digits. */
static double scale(struct draws *draws, double least, double most) {
  double at = between(draws, 0, 1), share = 1;
  for (int i = 0; i < 20; i++) { /* at is read bit by bit: roots of most / least multiply up */
    double root = most / least;
    for (int j = 0; j <= i; j++) {
      double value = root;
      for (int k = 0; k < 60; k++) root = (root + value / root) / 2;
    }
    at *= 2;
    if (at >= 1) share *= root;
    if (at >= 1) at -= 1;
  }
  return least * share;
}

static struct row drawn(uint64_t seed) {
  struct draws draws = {seed * 0x9e3779b97f4a7c15ULL ^ 88172645463325252ULL};
  for (int i = 0; i < 8; i++) between(&draws, 0, 1);
  struct row row = {.world = {.name = "drawn"}, .share = .45, .wasted = .45};
  struct world *world = &row.world;
  double alive = 1 - (between(&draws, 0, 1) < .5 ? between(&draws, 0, .1) : between(&draws, 0, .6));
  double fast = scale(&draws, .2, 60);
  double slow = fast * scale(&draws, 1.5, 20);
  world->delays[0] = (struct delays){alive * .7, fast / 3, fast};
  world->delays[1] = (struct delays){alive * .27, fast, slow};
  world->delays[2] = (struct delays){alive * .03, slow, slow * 2 < 1900 ? slow * 2 : 1900};
  if (between(&draws, 0, 1) < .3) world->loss = between(&draws, 0, .05);
  if (between(&draws, 0, 1) < .2) world->cached = between(&draws, 0, .8);
  if (between(&draws, 0, 1) < .2) world->servfail = between(&draws, 0, .3);
  struct server_plan *plan = &world->servers[0];
  plan->rate = (unsigned)scale(&draws, 50, 20000);
  plan->over = (enum over)between(&draws, 0, 3);
  plan->queue = (unsigned)scale(&draws, 50, 2000);
  if (plan->queue > plan->rate) plan->queue = plan->rate;
  world->seconds = plan->rate < 500 ? 16 : 9;
  world->from = plan->rate < 500 ? 8 : 4;
  return row;
}

static void tell(const struct world *world) {
  const struct server_plan *plan = &world->servers[0];
  double dead = 1 - world->delays[0].share - world->delays[1].share - world->delays[2].share;
  print_message("  %u/s over %d queue %u, delays %.1f-%.1f ms, dead %.2f, loss %.3f, cached %.2f, "
                "SERVFAIL %.2f\n",
                plan->rate, (int)plan->over, plan->queue, world->delays[0].from,
                world->delays[1].to, dead, world->loss, world->cached, world->servfail);
}

static void test_drawn_worlds(void **state) {
  unsigned missed = 0;
  uint64_t events = 0;
  (void)state;
  for (uint64_t i = 0; i < DRAWN; i++) {
    struct row row = drawn(DRAWN_SEED + i);
    tell(&row.world);
    missed += !is_good(&row, DRAWN_SEED + i, &events);
  }
  assert_int_equal(missed, 0);
}

enum { MS = 1000000 };

/* As many answers as queries, each after so long, until a phase is over. */
static uint64_t answered(struct congestion *congestion, unsigned count, unsigned delay_ms,
                         uint64_t now) {
  for (unsigned i = 0; i < count; i++) {
    congestion_sent(congestion, 1, now);
    uint64_t sent = now;
    now += MS / 10;
    congestion_wanted(congestion);
    const struct congestion_answer answer = {sent, delay_ms * (uint64_t)MS, true, false, false};
    congestion_answered(congestion, &answer, now);
  }
  return now;
}

static void test_retry_follows_quantiles(void **state) {
  (void)state;
  static const struct {
    unsigned delay_ms, least_ms, most_ms;
  } retries[] = {
      {1, CONGESTION_RETRY_MIN_MS, CONGESTION_RETRY_MIN_MS},
      {400, 600, 900},
      {9000, CONGESTION_RETRY_MAX_MS, CONGESTION_RETRY_MAX_MS},
  };
  struct congestion congestion;
  congestion_init(&congestion, 1);
  assert_int_equal(congestion_retry(&congestion) / MS, CONGESTION_RETRY_START_MS);
  for (size_t i = 0; i < sizeof retries / sizeof *retries; i++) {
    congestion_init(&congestion, 1);
    answered(&congestion, 5000, retries[i].delay_ms, 1);
    assert_in_range(congestion_retry(&congestion) / MS, retries[i].least_ms, retries[i].most_ms);
    assert_true(congestion_hold(&congestion) <= congestion_retry(&congestion));
  }
}

static void test_limits(void **state) {
  (void)state;
  struct congestion congestion;
  congestion_init(&congestion, 1);
  assert_int_equal(congestion_limit(&congestion), CONGESTION_START);
  for (unsigned i = 0; i < 2000; i++) {
    answered(&congestion, 100, 1, 1 + i * 10 * (uint64_t)MS);
    assert_in_range(congestion_limit(&congestion), 1, CONGESTION_MAX);
  }
  congestion_restart(&congestion, 1);
  assert_true(congestion_limit(&congestion) <= CONGESTION_START);
}

static void test_unknown_delays_are_not_measured(void **state) {
  (void)state;
  struct congestion congestion;
  congestion_init(&congestion, 1);
  for (unsigned i = 0; i < 1000; i++) {
    uint64_t now = 1 + i * (uint64_t)MS;
    congestion_sent(&congestion, 1, now);
    const struct congestion_answer answer = {now, CONGESTION_DELAY_UNKNOWN, true, false, false};
    congestion_answered(&congestion, &answer, now);
  }
  assert_int_equal(congestion_delay(&congestion), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_retry_follows_quantiles),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_unknown_delays_are_not_measured),
      cmocka_unit_test(test_worlds),
      cmocka_unit_test(test_drawn_worlds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
