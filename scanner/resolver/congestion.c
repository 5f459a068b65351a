#include "scanner/resolver/congestion.h"

#include <string.h>

static const double congestion_ms = 1e6;
static const double congestion_second = 1e9;
static const double congestion_least = 1.0 / 64;
static const double congestion_step = 0.25;
static const double congestion_gain = 0.15; /* of a trial's step, that goodput must follow by */
static const double congestion_start_gain = 0.25; /* of a doubling */

static const double congestion_start_fall = 0.85; /* of the best yield: it ends */

static const double congestion_yield_weight = 0.5;
static const double congestion_yield_fall = 0.93; /* of the best: the next trial is with less */
static const double congestion_step_max = 3;
static const double congestion_best_yield = 0.9; /* until it was seen what there is */

enum {
  CONGESTION_FIRST_DELAY_NS = 50000,
  CONGESTION_DELAYS_KEPT = 512, /* more are halved at the end of a phase */
  CONGESTION_DELAYS_MIN = 8,    /* fewer say nothing */
  CONGESTION_STALLED_MAX = 2,
  CONGESTION_SENT_MIN = 48, /* of a phase that is judged by its loss */
  CONGESTION_START_MS = 20, /* the least of a phase at the start */
  CONGESTION_BLIND_MS = 60, /* while no delay is known */
  CONGESTION_MEASURE_MS = 60,
  CONGESTION_MEASURE_FEW_MS = 400, /* when fewer than this were measured: */
  CONGESTION_MEASURED = 400,
  CONGESTION_MEASURED_MIN = 60,
  CONGESTION_MEASURE_END_MS = 2000,
  CONGESTION_ASKED_MIN = 30, /* first tries: fewer show no yield */
};

static double congestion_clamp(double value, double least, double most) {
  return value < least ? least : value > most ? most : value;
}

static uint64_t congestion_at_least(uint64_t delay, double ms) {
  return (double)delay < ms * congestion_ms ? (uint64_t)(ms * congestion_ms) : delay;
}

static struct congestion_phase *congestion_now(struct congestion *congestion) {
  return &congestion->phases[congestion->phase % CONGESTION_PHASES];
}

static void congestion_begin(struct congestion *congestion, enum congestion_trial trial,
                             double size, uint64_t now) {
  congestion->size = congestion_clamp(size, congestion_least, CONGESTION_MAX);
  congestion->phase++;
  *congestion_now(congestion) = (struct congestion_phase){.trial = trial};
  congestion->measure_start =
      trial == CONGESTION_STARTING ? now : now + congestion_hold(congestion);
  congestion->measured = congestion->queried = congestion->asked = congestion->yielded = 0;
  congestion->wanted = false;
}

static void congestion_start(struct congestion *congestion, double size, uint64_t now) {
  congestion_begin(congestion, CONGESTION_STARTING, size, now);
  congestion->base = congestion->start_size = size;
  congestion->target = size; /* until it is known what that brings */
  congestion->settled = congestion->phase;
  congestion->start_yield = 0;
  congestion->stalled = 0;
}

void congestion_init(struct congestion *congestion, uint64_t now) {
  *congestion = (struct congestion){.step = congestion_step, .best_yield = congestion_best_yield};
  congestion_start(congestion, CONGESTION_START, now);
  congestion->judged = congestion->phase;
}

unsigned congestion_limit(const struct congestion *congestion) {
  return congestion->size < 1 ? 1 : (unsigned)congestion->size;
}

void congestion_wanted(struct congestion *congestion) {
  congestion->wanted = true;
}

void congestion_restart(struct congestion *congestion, uint64_t now) {
  double size = congestion->base < CONGESTION_START ? congestion->base : CONGESTION_START;
  congestion->rate = 0;
  congestion->step = congestion_step;
  congestion_start(congestion, size, now);
}

/* ---- delays ---- */

static uint64_t congestion_edge(unsigned at) {
  uint64_t edge = (uint64_t)CONGESTION_FIRST_DELAY_NS << (at / 2);
  return at % 2 ? edge + edge * 53 / 128 : edge;
}

static void congestion_measure(struct congestion *congestion, uint64_t delay) {
  unsigned at = 0;
  while (at < CONGESTION_DELAYS - 1 && congestion_edge(at) < delay) at++;
  congestion->delays[at]++;
  congestion->delay_count++;
}

static uint64_t congestion_quantile(const struct congestion *congestion, unsigned percent) {
  unsigned rest = (unsigned)((uint64_t)congestion->delay_count * percent / 100), at = 0;
  for (; at < CONGESTION_DELAYS - 1 && congestion->delays[at] <= rest; at++)
    rest -= congestion->delays[at];
  return congestion_edge(at);
}

static void congestion_learn_delays(struct congestion *congestion) {
  if (congestion->delay_count < CONGESTION_DELAYS_MIN) return;
  congestion->half = congestion_quantile(congestion, 50);
  congestion->most = congestion_quantile(congestion, 90);
  congestion->nearly_all = congestion_quantile(congestion, 95);
  if (congestion->delay_count < CONGESTION_DELAYS_KEPT) return;
  congestion->delay_count = 0;
  for (unsigned i = 0; i < CONGESTION_DELAYS; i++)
    congestion->delay_count += congestion->delays[i] /= 2;
}

uint64_t congestion_retry(const struct congestion *congestion) {
  if (!congestion->nearly_all) return (uint64_t)(CONGESTION_RETRY_START_MS * congestion_ms);
  return (uint64_t)congestion_clamp(1.5 * (double)congestion->nearly_all,
                                    CONGESTION_RETRY_MIN_MS * congestion_ms,
                                    CONGESTION_RETRY_MAX_MS * congestion_ms);
}

uint64_t congestion_most(const struct congestion *congestion) {
  return congestion->most;
}

uint64_t congestion_delay(const struct congestion *congestion) {
  return congestion->half;
}

uint64_t congestion_hold(const struct congestion *congestion) {
  uint64_t retry = congestion_retry(congestion);
  if (!congestion->most) return retry;
  double hold = 1.25 * (double)congestion->most;
  if (hold < CONGESTION_HOLD_MIN_MS * congestion_ms) hold = CONGESTION_HOLD_MIN_MS * congestion_ms;
  if (congestion->size < 1) hold /= congestion->size;
  return hold < (double)retry ? (uint64_t)hold : retry;
}

/* ---- trials ---- */

/* How long a phase is measured at least: at the start, until half of the answers are there. */
static uint64_t congestion_measure_least(const struct congestion *congestion, bool starting) {
  if (!congestion->half && congestion->measured < CONGESTION_MEASURED)
    return (uint64_t)(CONGESTION_BLIND_MS * congestion_ms);
  if (!starting) return congestion_at_least(congestion_hold(congestion), CONGESTION_MEASURE_MS);
  return congestion_at_least(congestion->half + congestion->half / 2, CONGESTION_START_MS);
}

static bool congestion_is_measured(const struct congestion *congestion, uint64_t now) {
  bool starting =
      congestion->phases[congestion->phase % CONGESTION_PHASES].trial == CONGESTION_STARTING;
  if (now < congestion->measure_start) return false;
  uint64_t since = now - congestion->measure_start;
  unsigned few = CONGESTION_MEASURED_MIN;
  if (since < congestion_measure_least(congestion, starting)) return false;
  if (congestion->measured >= CONGESTION_MEASURED) return true;
  if (starting && congestion->measured >= few) return true;
  if ((double)since < CONGESTION_MEASURE_FEW_MS * congestion_ms) return false;
  return congestion->measured >= few || congestion->asked >= 2 * few ||
         (double)since >= CONGESTION_MEASURE_END_MS * congestion_ms;
}

/* Root of 2 / answers: how far two rates may lie apart by chance. */
static double congestion_noise(unsigned answers) {
  double square = 2.0 / (answers ? answers : 1), root = 1;
  for (int i = 0; i < 12; i++) root = (root + square / root) / 2;
  return root;
}

static double congestion_bar(double step, unsigned answers) {
  double bar = congestion_gain * step, noise = 0.7 * congestion_noise(answers);
  return bar > noise ? bar : noise;
}

/* Of first tries; where retries are nearly all, of whatever there is. */
static double congestion_yield(const struct congestion *congestion) {
  bool few = congestion->asked < CONGESTION_ASKED_MIN;
  double useful = few ? congestion->measured : congestion->yielded;
  unsigned queries = few ? congestion->queried : congestion->asked;
  if (queries < CONGESTION_ASKED_MIN && congestion->yield > 0) return congestion->yield;
  return queries ? congestion_clamp(useful / queries, 0.01, 1) : congestion->yield;
}

static void congestion_keep(struct congestion *congestion, double rate) {
  congestion->base = congestion->size;
  congestion->rate = rate;
  congestion->rate_of = congestion->measured;
  congestion->yield = congestion_yield(congestion);
}

/* One that rose is what there is; one that fell may be the window's fault. */
static void congestion_keep_yield(struct congestion *congestion) {
  if (congestion->yield > congestion->best_yield) congestion->best_yield = congestion->yield;
}

static double congestion_step_least(const struct congestion *congestion) {
  double step = 1.5 * congestion_noise(congestion->rate_of);
  return congestion_clamp(step, congestion_step, 1);
}

static bool congestion_yield_fell(const struct congestion *congestion) {
  return congestion->yield > 0 &&
         congestion->yield < congestion_yield_fall * congestion->best_yield;
}

static void congestion_try(struct congestion *congestion, uint64_t now) {
  bool fell = congestion_yield_fell(congestion), less = congestion->less_next || fell;
  double step = congestion->step;
  if (fell) step = congestion->best_yield / congestion->yield - 1;
  congestion->step = congestion_clamp(step, congestion_gain / 2, congestion_step_max);
  congestion->less_next = !less;
  double size = congestion->base;
  size = less ? size / (1 + congestion->step) : size * (1 + congestion->step) + 0.25;
  congestion_begin(congestion, less ? CONGESTION_LESS : CONGESTION_MORE, size, now);
}

/* Grew more than by chance, and by a part of what the window did. */
static bool congestion_start_grew(const struct congestion *congestion, double rate) {
  double grown = congestion->size / congestion->base - 1;
  double bar = congestion_start_gain * (grown < 1 ? grown : 1);
  double noise = 0.7 * congestion_noise(congestion->measured);
  return rate > (1 + (bar > noise ? bar : noise)) * congestion->rate;
}

/* Loss is seen in what was sent in a phase by the time that most of it must have been answered.
 * False: far less of it was than of an earlier one. */
static bool congestion_start_settles(struct congestion *congestion, uint64_t now) {
  for (; congestion->settled != congestion->phase; congestion->settled++) {
    const struct congestion_phase *phase =
        &congestion->phases[congestion->settled % CONGESTION_PHASES];
    if (now < phase->end + congestion->most + congestion->most / 4) return true;
    if (phase->sent < CONGESTION_SENT_MIN) continue;
    double yield = (double)phase->useful / phase->sent;
    double noise = congestion_noise(phase->sent);
    if (yield < congestion_start_fall * congestion->start_yield - noise) return false;
    if (yield > congestion->start_yield) congestion->start_yield = yield;
    congestion->start_size = phase->size;
  }
  return true;
}

static void congestion_start_on(struct congestion *congestion, double rate, uint64_t now) {
  bool fell = congestion->half && !congestion_start_settles(congestion, now);
  if (!congestion->half) {
    congestion->stalled = 0; /* nothing was answered yet */
  } else if (congestion_start_grew(congestion, rate)) {
    congestion->stalled = 0;
    congestion_keep(congestion, rate);
    congestion->target = congestion_clamp(2 * congestion->size, 1, CONGESTION_MAX);
  } else {
    congestion->stalled++;
  }
  if (fell && congestion->start_size < congestion->base) congestion->base = congestion->start_size;
  if (congestion->stalled < CONGESTION_STALLED_MAX && !fell)
    congestion_begin(congestion, CONGESTION_STARTING, congestion->size, now);
  else
    congestion_begin(congestion, CONGESTION_BASE, congestion->base, now);
}

/* What a trial gained, in shares of the rate that there was. */
static double congestion_gained(const struct congestion *congestion, double rate) {
  if (congestion->rate <= 0) return 0;
  double yield = congestion->yield > 0 ? congestion_yield(congestion) / congestion->yield - 1 : 0;
  return rate / congestion->rate - 1 + congestion_yield_weight * congestion_clamp(yield, -1, 1);
}

static void congestion_tried(struct congestion *congestion, double rate, uint64_t now) {
  bool more = congestion_now(congestion)->trial == CONGESTION_MORE;
  unsigned answers =
      congestion->measured < congestion->rate_of ? congestion->measured : congestion->rate_of;
  double bar = congestion_bar(congestion->step, answers);
  double gain = congestion_gained(congestion, rate);
  if (more ? gain > bar : gain > -bar) {
    congestion_keep(congestion, rate);
    congestion_keep_yield(congestion);
    congestion->step = congestion_clamp(2 * congestion->step, congestion_step_least(congestion), 1);
    congestion->less_next = !more;
    congestion_try(congestion, now);
    return;
  }
  if (!more && congestion_yield_fell(congestion))
    congestion->best_yield -= (congestion->best_yield - congestion->yield) * 3 / 4;
  congestion->step = congestion_step_least(congestion);
  congestion_begin(congestion, CONGESTION_BASE, congestion->base, now);
}

/* ---- loss ---- */

static void congestion_judge_phase(struct congestion *congestion,
                                   const struct congestion_phase *phase) {
  if (phase->sent < CONGESTION_SENT_MIN || !phase->useful) return;
  double loss = congestion_clamp((double)phase->lost / phase->useful, 0, 1);
  congestion->loss += (loss - congestion->loss) / 4;
}

/* Loss is known late: when what was sent last has been asked again and answered. */
static void congestion_judge(struct congestion *congestion, uint64_t now) {
  uint64_t wait = congestion_retry(congestion) + congestion_at_least(congestion->most, 30);
  if (congestion->phase - congestion->judged >= CONGESTION_PHASES)
    congestion->judged = congestion->phase - CONGESTION_PHASES + 1;
  while (congestion->judged != congestion->phase) {
    struct congestion_phase *phase = &congestion->phases[congestion->judged % CONGESTION_PHASES];
    if (now < phase->end + wait) return;
    congestion->judged++;
    congestion_judge_phase(congestion, phase);
  }
}

/* ---- what happens ---- */

static void congestion_turn(struct congestion *congestion, uint64_t now) {
  double rate =
      congestion->measured * congestion_second / (double)(now - congestion->measure_start + 1);
  enum congestion_trial trial = congestion_now(congestion)->trial;
  congestion_now(congestion)->end = now;
  congestion_now(congestion)->size = congestion->size;
  congestion_learn_delays(congestion);
  if (trial == CONGESTION_STARTING && congestion->wanted) {
    congestion_start_on(congestion, rate, now);
  } else if (trial == CONGESTION_STARTING) {
    congestion_begin(congestion, CONGESTION_STARTING, congestion->size, now);
  } else if (!congestion->wanted) {
    congestion_begin(congestion, CONGESTION_BASE, congestion->base, now);
  } else if (trial == CONGESTION_BASE) {
    congestion_keep(congestion, rate);
    congestion_keep_yield(congestion);
    congestion_try(congestion, now);
  } else {
    congestion_tried(congestion, rate, now);
  }
  congestion_judge(congestion, now);
}

static void congestion_look(struct congestion *congestion, uint64_t now) {
  if (congestion_is_measured(congestion, now)) congestion_turn(congestion, now);
}

unsigned congestion_sent(struct congestion *congestion, bool first, uint64_t now) {
  congestion_look(congestion, now);
  if (!congestion_now(congestion)->sent++ &&
      congestion_now(congestion)->trial == CONGESTION_STARTING)
    congestion->measure_start = now; /* nothing was wanted before */
  if (now >= congestion->measure_start) {
    congestion->queried++;
    congestion->asked += first;
  }
  return congestion->phase;
}

static struct congestion_phase *congestion_phase_of(struct congestion *congestion, unsigned phase) {
  return congestion->phase - phase < CONGESTION_PHASES
             ? &congestion->phases[phase % CONGESTION_PHASES]
             : NULL;
}

void congestion_answered(struct congestion *congestion, unsigned phase, bool first, uint64_t delay,
                         uint64_t now) {
  struct congestion_phase *of = congestion_phase_of(congestion, phase);
  if (of) of->useful++;
  if (delay != CONGESTION_DELAY_UNKNOWN) congestion_measure(congestion, delay);
  if (now >= congestion->measure_start) {
    congestion->measured++;
    congestion->yielded += first;
  }
  if (congestion_now(congestion)->trial == CONGESTION_STARTING &&
      congestion->size < congestion->target && congestion->wanted)
    congestion->size += 1;
}

void congestion_lost(struct congestion *congestion, unsigned phase) {
  struct congestion_phase *of = congestion_phase_of(congestion, phase);
  if (of) of->lost++;
}

void congestion_found(struct congestion *congestion, unsigned phase) {
  struct congestion_phase *of = congestion_phase_of(congestion, phase);
  if (of && of->lost) of->lost--;
}

double congestion_loss(const struct congestion *congestion) {
  return congestion->loss;
}

bool congestion_loses(const struct congestion *congestion) {
  return congestion->loss > CONGESTION_LOSES_PERCENT / 100.0;
}
