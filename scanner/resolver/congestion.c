#include "scanner/resolver/congestion.h"

static const double congestion_ms = 1e6;
static const double congestion_second = 1e9;
static const double congestion_least = 1.0 / 64;
static const double congestion_step = 0.25;
static const double congestion_step_ceiling = 0.1; /* where loss was seen above */
static const double congestion_gain = 0.15; /* of a trial's step, that goodput must follow by */
static const double congestion_start_part = 0.75; /* of the answers that are expected */
static const double congestion_yield = 0.7;       /* until it is known */
static const double congestion_doubtful = 0.5;    /* of the usual yield */
static const double congestion_doubt_pace = 1.3;  /* of what is answered */
static const double congestion_pace = 1.25;       /* of what fills the window */
static const double congestion_grown = 1.4; /* since, and goodput followed: loss was not ours */
static const double congestion_cut_least = 0.05;   /* at once */
static const double congestion_cut = 0.97;         /* of what the server took */
static const double congestion_loss_least = 0.004; /* above what is steady */
static const double congestion_loss_quick = 0.1;   /* known before its time */
static const double congestion_loss_steady = 0.2;  /* at most */
static const double congestion_loss_stays = 0.75;  /* of it in spite of a cut: it is steady */
static const double congestion_loss_passed = 1.3;  /* of it at far more */

enum {
  CONGESTION_DELAYS_KEPT = 4096, /* more are halved at the end of a phase */
  CONGESTION_DELAYS_MIN = 8,     /* fewer say nothing */
  CONGESTION_START_MS = 10,      /* the least of a phase at the start */
  CONGESTION_BLIND_MS = 60,      /* while no delay is known */
  CONGESTION_MEASURE_MS = 60,
  CONGESTION_MEASURE_FEW_MS = 400, /* when fewer than this were measured: */
  CONGESTION_MEASURED = 400,
  CONGESTION_MEASURED_MIN = 60,
  CONGESTION_STARTED_MIN = 24, /* at the start, where twice as many are looked for */
  CONGESTION_MEASURE_END_MS = 2000,
  CONGESTION_NEAR_MS = 3,
  CONGESTION_REST_MS = 250,        /* after a trial that failed, */
  CONGESTION_REST_MAX_MS = 1000,   /* and after many */
  CONGESTION_JUDGED_MIN = 24,      /* outcomes */
  CONGESTION_JUDGE_MS = 30,        /* for an answer to what is asked again */
  CONGESTION_RESIDENCE_LEAST = 64, /* queries that it is smoothed over */
  CONGESTION_CEILING_MS = 4000,
  CONGESTION_STEP_FACTOR = 3, /* of a trial that succeeded, the next */
  CONGESTION_CHECK_MS = 50,
  CONGESTION_WATCHED_MIN = 16, /* queries of a span whose yield says anything */
  CONGESTION_PACED_FACTOR = 2,
  CONGESTION_PACED_LEAST = 16,
  CONGESTION_PACED_NEAR = 5000,  /* a second; a near server that does more goes by its window */
  CONGESTION_PACE_MOST_MS = 200, /* between two queries */
  CONGESTION_PACE_MS = 25,       /* what may be sent at once */
  CONGESTION_STEADY_MS = 10000,  /* then it is doubted */
};

static double congestion_clamp(double value, double least, double most) {
  return value < least ? least : value > most ? most : value;
}

static uint64_t congestion_at_least(uint64_t delay, double ms) {
  return (double)delay < ms * congestion_ms ? (uint64_t)(ms * congestion_ms) : delay;
}

static void congestion_begin(struct congestion *congestion, enum congestion_trial trial,
                             double size, uint64_t now) {
  congestion->size = congestion_clamp(size, congestion_least, CONGESTION_MAX);
  congestion->trial = trial;
  congestion->begun = now;
  congestion->measure_start =
      trial == CONGESTION_STARTING ? now : now + congestion_hold(congestion);
  congestion->measured = congestion->queried = 0;
  congestion->wanted = false;
}

static void congestion_start(struct congestion *congestion, double size, uint64_t now) {
  congestion_begin(congestion, CONGESTION_STARTING, size, now);
  congestion->base = congestion->size;
  congestion->target = congestion->size; /* until it is known what that brings */
  congestion->rate = 0;
  congestion->before = congestion->cohort = (struct cohort){0};
}

static void congestion_rest(struct congestion *congestion, uint64_t now) {
  uint64_t most = (uint64_t)(CONGESTION_REST_MAX_MS * congestion_ms);
  congestion->rest_until = now + congestion->rest;
  congestion->rest = 2 * congestion->rest < most ? 2 * congestion->rest : most;
}

static void congestion_rest_little(struct congestion *congestion) {
  congestion->rest = (uint64_t)(CONGESTION_REST_MS * congestion_ms);
  congestion->rest_until = 0;
}

void congestion_init(struct congestion *congestion, uint64_t now) {
  *congestion = (struct congestion){.step = congestion_step,
                                    .yield = congestion_yield,
                                    .judged = loss_number(now),
                                    .watched = loss_number(now)};
  congestion_rest_little(congestion);
  congestion_start(congestion, CONGESTION_START, now);
}

/* By its pace, the window is but what is too much even if answers were late. */
unsigned congestion_limit(const struct congestion *congestion) {
  double limit = congestion->size;
  if (congestion->pace_by > 0)
    limit = CONGESTION_PACED_LEAST + CONGESTION_PACED_FACTOR * limit *
                                         (double)congestion_hold(congestion) / congestion->pace_by;
  return (unsigned)congestion_clamp(limit, 1, CONGESTION_MAX);
}

void congestion_wanted(struct congestion *congestion) {
  congestion->wanted = true;
}

void congestion_left(struct congestion *congestion, uint64_t age) {
  double part = 1 / (CONGESTION_RESIDENCE_LEAST + congestion->size);
  if (congestion->residence <= 0) congestion->residence = (double)age;
  congestion->residence += ((double)age - congestion->residence) * part;
  if (congestion->trial == CONGESTION_STARTING && congestion->size < congestion->target &&
      congestion->wanted)
    congestion->size += 1;
}

void congestion_restart(struct congestion *congestion, uint64_t now) {
  double size = congestion->base < CONGESTION_START ? congestion->base : CONGESTION_START;
  congestion->step = congestion_step;
  congestion->open.size = congestion->ceiling = congestion->cut.loss = congestion->pace_by =
      congestion->doubt.took = 0;
  congestion_start(congestion, size, now);
}

/* ---- delays ---- */

static void congestion_learn_delays(struct congestion *congestion) {
  if (congestion->delays.count < CONGESTION_DELAYS_MIN) return;
  congestion->half = latency_quantile(&congestion->delays, 50);
  congestion->most = latency_quantile(&congestion->delays, 90);
  congestion->nearly_all = latency_quantile(&congestion->delays, 95);
  if (congestion->delays.count >= CONGESTION_DELAYS_KEPT) latency_fade(&congestion->delays);
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

/* ---- loss ---- */

static bool congestion_is_near(const struct congestion *congestion) {
  return congestion->most && (double)congestion->most < CONGESTION_NEAR_MS * congestion_ms;
}

static bool congestion_is_clean(double steady, struct loss_span span) {
  double outcomes = span.answered + span.lost, expected = steady * outcomes;
  double above = loss_share(span) * outcomes - expected - 1; /* one is chance */
  if (above <= congestion_loss_least * outcomes) return true;
  return above * above < 9 * (expected * (1 - steady) + 1);
}

static void congestion_cut_to(struct congestion *congestion, double size, uint64_t now) {
  congestion->open.size = 0;
  congestion->step = congestion_step;
  congestion_rest_little(congestion);
  congestion_rest(congestion, now);
  congestion->base = congestion_clamp(size, congestion_least, CONGESTION_MAX);
  congestion->rate = 0;
  congestion_begin(congestion, CONGESTION_BASE, congestion->base, now);
}

/* Less is sent since the cut, and as much is lost; or far more than before, and no more is lost. */
static bool congestion_is_not_ours(const struct congestion *congestion, struct loss_span span) {
  const struct congestion_cut *cut = &congestion->cut;
  double loss = loss_share(span), passed = congestion->passed_loss;
  if (loss > congestion_loss_steady) return false;
  if (passed > 0 && span.size > congestion_grown * congestion->passed_size &&
      loss < congestion_loss_passed * passed)
    return true;
  return cut->loss > 0 && span.number != cut->by && loss > congestion_loss_stays * cut->loss &&
         loss < cut->loss / congestion_loss_stays;
}

static void congestion_take_for_steady(struct congestion *congestion, struct loss_span span,
                                       uint64_t now) {
  congestion->steady_loss = congestion_clamp(loss_share(span), 0, congestion_loss_steady);
  congestion->steady_until = now + (uint64_t)(CONGESTION_STEADY_MS * congestion_ms);
  congestion->ceiling = congestion->passed_loss = 0;
  congestion_rest_little(congestion);
  if (congestion->cut.loss <= 0) return;
  congestion->cut.loss = congestion->pace_by = congestion->doubt.took = 0;
  if (congestion->cut.size > congestion->base)
    congestion_start(congestion, congestion->cut.size, now);
}

static double congestion_sends(struct loss_span span, unsigned spans) {
  return span.sent * 1000.0 / LOSS_SPAN_MS / spans;
}

/* From what was sent in a span on, queries are paced. */
static void congestion_pace_from(struct congestion *congestion, struct loss_span span,
                                 double sends) {
  bool fast = sends > CONGESTION_PACED_NEAR && congestion_is_near(congestion);
  if (!fast && congestion->pace_by <= 0)
    congestion->pace_by = span.size / sends * congestion_second;
}

/* What was sent, less what was too much. */
static void congestion_cut_by(struct congestion *congestion, struct loss_span span, unsigned spans,
                              uint64_t now) {
  double loss = loss_share(span);
  double took = (1 - loss) / (1 - congestion->steady_loss);
  const struct congestion_doubt *doubt = &congestion->doubt;
  bool doubted = doubt->took > 0 && doubt->by == span.number;
  if (doubted && took < (1 + doubt->took) / 2) took = doubt->took;
  if (span.number == congestion->cut.by && took < congestion->cut.took) took = congestion->cut.took;
  took = congestion_clamp(congestion_cut * took, congestion_cut_least, 1);
  double sends = congestion_sends(span, spans);
  bool first = span.number > congestion->cut.after || congestion->cut.loss <= 0;
  double size = took * (congestion->pace_by > 0 ? sends * congestion->pace_by / congestion_second
                                                : span.size);
  if (size >= congestion->base || span.sent == 0) return;
  congestion_pace_from(congestion, span, sends);
  if (first) {
    congestion->cut = (struct congestion_cut){.loss = loss, .size = congestion->base};
    congestion->ceiling = size / took;
    congestion->ceiling_until = now + CONGESTION_CEILING_MS * (uint64_t)congestion_ms;
  }
  if (doubted) congestion->cut.took = doubt->took;
  congestion->doubt.took = congestion->passed_loss = 0;
  congestion->cut.by = span.number;
  congestion->cut.after = loss_number(now);
  congestion_cut_to(congestion, size, now);
}

static void congestion_blame(struct congestion *congestion, struct loss_span span, unsigned spans,
                             uint64_t now) {
  if (congestion_is_not_ours(congestion, span)) {
    congestion_take_for_steady(congestion, span, now);
  } else if (span.size * congestion_grown < congestion->base) {
    congestion->passed_loss = loss_share(span);
    congestion->passed_size = span.size;
  } else {
    congestion_cut_by(congestion, span, spans, now);
  }
}

static void congestion_judge_span(struct congestion *congestion, struct loss_span span,
                                  unsigned spans, uint64_t now) {
  double loss = loss_share(span), outcomes = span.answered + span.lost;
  double part = congestion_clamp(outcomes / 400, 0, 0.5);
  if (now > congestion->steady_until) congestion->steady_loss /= 2;
  if (now > congestion->steady_until)
    congestion->steady_until = now + (uint64_t)(CONGESTION_STEADY_MS * congestion_ms);
  if (!congestion_is_clean(congestion->steady_loss, span)) {
    congestion_blame(congestion, span, spans, now);
    return;
  }
  if (span.number > congestion->cut.after) congestion->cut.loss = 0;
  if (loss < congestion->steady_loss)
    congestion->steady_loss += (loss - congestion->steady_loss) * part;
  if (span.size > congestion->ceiling) congestion->ceiling = 0;
}

/* Much is known to be lost before all is known. */
static bool congestion_is_urgent(const struct congestion *congestion, struct loss_span span) {
  return span.lost >= LOSS_SURE_LOST &&
         loss_share(span) > congestion->steady_loss + congestion_loss_quick;
}

/* Loss is known late: when what was sent last has been asked again and answered; of the sample
 * earlier. */
static uint64_t congestion_ripe(const struct congestion *congestion, bool sample, uint64_t now) {
  uint64_t again = sample ? congestion_hold(congestion) : congestion_retry(congestion);
  uint64_t wait = again + congestion_at_least(congestion->most, CONGESTION_JUDGE_MS);
  return now > wait ? loss_number(now - wait) : 0; /* spans before are */
}

/* Spans before a cut say no more, but for the one that showed it: more may be known of it. */
static bool congestion_counts(const struct congestion *congestion, uint64_t number) {
  return number > congestion->cut.after || number == congestion->cut.by;
}

static void congestion_judge_ripe(struct congestion *congestion, uint64_t now) {
  uint64_t ripe = congestion_ripe(congestion, true, now);
  uint64_t all = congestion_ripe(congestion, false, now);
  struct loss_span *sum = &congestion->judging;
  if (congestion->judged + LOSS_SPANS < ripe) congestion->judged = ripe - LOSS_SPANS;
  for (; congestion->judged < ripe; congestion->judged++) {
    struct loss_span span = loss_span(&congestion->loss, congestion->judged);
    if (!loss_is_sampled(span) && span.number >= all) return;
    if (!congestion_counts(congestion, span.number)) continue;
    loss_add(sum, span);
    congestion->judging_spans++;
    if (sum->answered + sum->lost < CONGESTION_JUDGED_MIN) continue;
    congestion_judge_span(congestion, *sum, congestion->judging_spans, now);
    *sum = (struct loss_span){0};
    congestion->judging_spans = 0;
  }
}

static void congestion_judge(struct congestion *congestion, uint64_t now) {
  congestion_judge_ripe(congestion, now);
  for (uint64_t number = congestion->judged; number < loss_number(now); number++) {
    struct loss_span span = loss_span(&congestion->loss, number);
    if (!congestion_counts(congestion, number) || !congestion_is_urgent(congestion, span)) continue;
    if (!congestion_is_not_ours(congestion, span)) congestion_blame(congestion, span, 1, now);
  }
}

double congestion_risk(const struct congestion *congestion, uint64_t sent) {
  return loss_risk(&congestion->loss, sent);
}

/* ---- trials ---- */

/* How long a phase is measured at least. */
static uint64_t congestion_measure_least(const struct congestion *congestion) {
  if (!congestion->half && congestion->measured < CONGESTION_MEASURED)
    return (uint64_t)(CONGESTION_BLIND_MS * congestion_ms);
  return congestion_at_least(congestion_hold(congestion), CONGESTION_MEASURE_MS);
}

static bool congestion_is_measured(const struct congestion *congestion, uint64_t now) {
  if (now < congestion->measure_start) return false;
  uint64_t since = now - congestion->measure_start;
  unsigned few = CONGESTION_MEASURED_MIN;
  if (since < congestion_measure_least(congestion)) return false;
  if (congestion->measured >= CONGESTION_MEASURED) return true;
  if ((double)since < CONGESTION_MEASURE_FEW_MS * congestion_ms) return false;
  return congestion->measured >= few || congestion->queried >= 4 * few ||
         (double)since >= CONGESTION_MEASURE_END_MS * congestion_ms;
}

/* Root of 2 / answers: how far two rates may lie apart by chance. */
static double congestion_noise(unsigned answers) {
  double square = 2.0 / (answers ? answers : 1), root = 1;
  for (int i = 0; i < 12; i++) root = (root + square / root) / 2;
  return root;
}

static double congestion_bar(double gain, unsigned answers) {
  double noise = 0.7 * congestion_noise(answers);
  return gain > noise ? gain : noise;
}

static void congestion_keep(struct congestion *congestion, double rate, double sends) {
  congestion->base = congestion->size;
  congestion->rate = rate;
  congestion->sends = sends;
  congestion->rate_of = congestion->measured;
}

static double congestion_step_least(const struct congestion *congestion) {
  double step = 1.5 * congestion_noise(congestion->rate_of);
  return congestion_clamp(step, congestion_step, 1);
}

static void congestion_try(struct congestion *congestion, uint64_t now) {
  bool less = congestion->less_next && congestion->pace_by <= 0;
  double size = congestion->base, step = congestion->step;
  if (now > congestion->ceiling_until) congestion->ceiling = 0;
  bool below = congestion->ceiling > 0 && size * (1 + step) > congestion->ceiling;
  if (below && !less) step = congestion_step_ceiling;
  congestion->step = step;
  size = less ? size / (1 + step) : size * (1 + step) + 0.25;
  congestion->less_next = !less;
  congestion_begin(congestion, less ? CONGESTION_LESS : CONGESTION_MORE, size, now);
}

/* ---- the start ---- */

static void congestion_start_again(struct congestion *congestion) {
  congestion->cohort = (struct cohort){0};
  congestion->wanted = false;
}

/* Answers that a cohort is judged by. */
static bool congestion_start_is_known(const struct congestion *congestion) {
  const struct cohort *cohort = &congestion->cohort, *before = &congestion->before;
  double answers = before->sent ? cohort_expected(cohort, before, congestion_hold(congestion))
                                : cohort->answers.count;
  return congestion->half && answers >= CONGESTION_STARTED_MIN;
}

static void congestion_start_fill(struct congestion *congestion, uint64_t now) {
  uint64_t least = congestion_at_least(congestion->half, CONGESTION_START_MS);
  uint64_t since = congestion->cohort.sent ? now - congestion->cohort.from : 0;
  bool grown = congestion->size >= congestion->target || since >= congestion_hold(congestion);
  if (since < least || !grown || !congestion_start_is_known(congestion)) return;
  if (congestion->wanted)
    cohort_close(&congestion->cohort, congestion->size, now);
  else
    congestion_start_again(congestion);
}

static void congestion_start_on(struct congestion *congestion) {
  const struct cohort *cohort = &congestion->cohort;
  bool all = cohort->answers.count * 5 > cohort->sent * 4; /* not the quick ones alone */
  double most = all && congestion_is_near(congestion) ? CONGESTION_NEAR : CONGESTION_MAX;
  congestion->before = *cohort;
  congestion->base = cohort->size;
  congestion->target = congestion_clamp(2 * cohort->size, 1, most);
  congestion_start_again(congestion);
}

static void congestion_start_judge(struct congestion *congestion, uint64_t now) {
  const struct cohort *cohort = &congestion->cohort, *before = &congestion->before;
  uint64_t age = cohort_age(cohort, now), hold = congestion_hold(congestion);
  if (age < congestion_at_least(congestion->half, CONGESTION_START_MS)) return;
  double expected = cohort_expected(cohort, before, age);
  if (before->sent && expected < CONGESTION_STARTED_MIN && age < hold) return;
  double part = before->sent ? cohort_part(cohort, before, age) : 1;
  bool full = before->sent && cohort->size <= before->size; /* it could not grow */
  if (part >= congestion_start_part && !full) {
    congestion_start_on(congestion);
    return;
  }
  double size = congestion_cut * part * cohort->size;
  if (size < congestion->base) size = congestion->base;
  if (!full)
    congestion->open =
        (struct congestion_open){cohort->size, loss_number(cohort->from), loss_number(cohort->to)};
  congestion->base = size;
  congestion_begin(congestion, CONGESTION_BASE, size, now);
}

/* Of delays that are unknown nothing can be told. */
static void congestion_start_count(struct congestion *congestion,
                                   const struct congestion_answer *answer) {
  if (answer->delay == CONGESTION_DELAY_UNKNOWN) {
    congestion_start_again(congestion);
    return;
  }
  cohort_answered(&congestion->before, answer->sent, answer->delay);
  cohort_answered(&congestion->cohort, answer->sent, answer->delay);
}

static void congestion_start_look(struct congestion *congestion, uint64_t now) {
  if (congestion->doubt.took > 0) return;
  if (congestion->cohort.to)
    congestion_start_judge(congestion, now);
  else
    congestion_start_fill(congestion, now);
}

static void congestion_accept(struct congestion *congestion, double rate, double sends,
                              uint64_t now) {
  bool more = congestion->trial == CONGESTION_MORE;
  congestion_keep(congestion, rate, sends);
  congestion_rest_little(congestion);
  congestion->step = congestion_clamp(CONGESTION_STEP_FACTOR * congestion->step,
                                      congestion_step_least(congestion), 1);
  congestion->less_next = !more;
  if (more && congestion->base > congestion->ceiling) congestion->ceiling = 0;
  congestion_try(congestion, now);
}

static void congestion_reject(struct congestion *congestion, uint64_t now) {
  congestion->step = congestion_step_least(congestion);
  congestion_rest(congestion, now);
  congestion_begin(congestion, CONGESTION_BASE, congestion->base, now);
}

/* A trial's outcome. With less, more cannot come: then the names have changed. */
static void congestion_tried(struct congestion *congestion, double rate, double sends,
                             uint64_t now) {
  bool more = congestion->trial == CONGESTION_MORE;
  unsigned answers =
      congestion->measured < congestion->rate_of ? congestion->measured : congestion->rate_of;
  double step = more || congestion->step < congestion_step ? congestion->step : congestion_step;
  double bar = congestion_bar(congestion_gain * step, answers);
  double gain = congestion->rate > 0 ? rate / congestion->rate - 1 : 0;
  double sent = congestion->sends > 0 ? sends / congestion->sends - 1 : 0;
  if (more ? gain > bar : gain > -bar && gain < 2 * bar) {
    congestion_accept(congestion, rate, sends, now);
    return;
  }
  if (more && sent > bar && !congestion_is_near(congestion))
    congestion->open = (struct congestion_open){congestion->size, loss_number(congestion->begun),
                                                loss_number(now)};
  congestion_reject(congestion, now);
}

/* The verdict of loss over a trial, as soon as there is one. */
static bool congestion_close(struct congestion *congestion, uint64_t now) {
  const struct congestion_open *open = &congestion->open;
  struct loss_span sum = loss_sum(&congestion->loss, open->first, open->last);
  if (congestion_ripe(congestion, loss_is_sampled(sum), now) <= open->last) return false;
  bool known = sum.answered + sum.lost >= CONGESTION_JUDGED_MIN;
  if (known && congestion_is_clean(congestion->steady_loss, sum)) {
    congestion->base = open->size;
    congestion->step =
        congestion_clamp(CONGESTION_STEP_FACTOR * congestion->step, congestion_step, 1);
    congestion->less_next = false;
    congestion->rate = 0;
    congestion_rest_little(congestion);
  }
  congestion->open.size = 0;
  congestion_begin(congestion, CONGESTION_BASE, congestion->base, now);
  return true;
}

/* ---- doubt ---- */

static void congestion_doubt(struct congestion *congestion, struct loss_span span, double share,
                             uint64_t now) {
  double took = share / congestion->yield, sends = congestion_sends(span, 1);
  uint64_t wait = congestion_hold(congestion) + 2 * LOSS_SPAN_MS * (uint64_t)congestion_ms;
  took = congestion_clamp(took, congestion_least, 1);
  congestion->doubt = (struct congestion_doubt){span.number, took,
                                                congestion_doubt_pace * took * sends, now + wait};
  congestion->open.size = 0;
  congestion_begin(congestion, CONGESTION_BASE, congestion->base, now);
}

/* Nothing of it was found lost: the names are to blame. */
static void congestion_believe(struct congestion *congestion) {
  congestion->yield *= congestion->doubt.took;
  congestion->doubt.took = 0;
}

static void congestion_watch_span(struct congestion *congestion, struct loss_span span,
                                  uint64_t now) {
  if (span.sent < CONGESTION_WATCHED_MIN) return;
  double share = congestion_clamp((double)span.answered / span.sent, congestion_least, 1);
  double usual = congestion->yield * span.sent, missing = usual - span.answered;
  bool few = missing > congestion_doubtful * usual && missing * missing > 16 * usual;
  if (few && congestion_counts(congestion, span.number))
    congestion_doubt(congestion, span, share, now);
  else if (!few)
    congestion->yield += (share - congestion->yield) * (share > congestion->yield ? 0.5 : 0.2);
}

static void congestion_watch(struct congestion *congestion, uint64_t now) {
  if (congestion->doubt.took > 0 && now >= congestion->doubt.until) congestion_believe(congestion);
  uint64_t wait = congestion_hold(congestion), ripe = now > wait ? loss_number(now - wait) : 0;
  if (congestion->watched + LOSS_SPANS < ripe) congestion->watched = ripe - LOSS_SPANS;
  for (; congestion->watched < ripe; congestion->watched++)
    if (congestion->doubt.took <= 0 && congestion->half)
      congestion_watch_span(congestion, loss_span(&congestion->loss, congestion->watched), now);
}

/* ---- what happens ---- */

static void congestion_base_done(struct congestion *congestion, double rate, double sends,
                                 uint64_t now) {
  double before = congestion->rate;
  bool changed = before > 0 && (rate > 1.3 * before || rate < before / 1.3);
  if (changed) congestion_rest_little(congestion);
  congestion_keep(congestion, rate, sends);
  if (congestion->open.size > 0 && congestion_close(congestion, now)) return;
  if (congestion->open.size > 0 || congestion->cut.loss > 0 || now < congestion->rest_until)
    congestion_begin(congestion, CONGESTION_BASE, congestion->base, now);
  else
    congestion_try(congestion, now);
}

static void congestion_turn(struct congestion *congestion, uint64_t now) {
  double seconds = (double)(now - congestion->measure_start + 1) / congestion_second;
  double rate = congestion->measured / seconds, sends = congestion->queried / seconds;
  if (congestion->doubt.took > 0)
    congestion_begin(congestion, CONGESTION_BASE, congestion->base, now);
  else if (!congestion->wanted)
    congestion_begin(congestion, CONGESTION_BASE, congestion->base, now);
  else if (congestion->trial == CONGESTION_BASE)
    congestion_base_done(congestion, rate, sends, now);
  else
    congestion_tried(congestion, rate, sends, now);
}

static void congestion_look(struct congestion *congestion, uint64_t now) {
  if (now - congestion->checked_at >= CONGESTION_CHECK_MS * (uint64_t)congestion_ms) {
    congestion->checked_at = now;
    congestion_learn_delays(congestion);
    congestion_judge(congestion, now);
    congestion_watch(congestion, now);
  }
  if (congestion->trial == CONGESTION_STARTING)
    congestion_start_look(congestion, now);
  else if (congestion_is_measured(congestion, now))
    congestion_turn(congestion, now);
}

bool congestion_paces(struct congestion *congestion, uint64_t now) {
  congestion_look(congestion, now);
  if (congestion->residence <= 0) return true;
  double each = congestion->residence / congestion->size / congestion_pace;
  if (congestion->pace_by > 0) each = congestion->pace_by / congestion->size;
  if (congestion->doubt.took > 0 && congestion->doubt.sends * each < congestion_second)
    each = congestion_second / congestion->doubt.sends;
  if (each > CONGESTION_PACE_MOST_MS * congestion_ms)
    each = CONGESTION_PACE_MOST_MS * congestion_ms;
  double most = 1 + CONGESTION_PACE_MS * congestion_ms / each, part = congestion->size / 2;
  if (congestion->pace_by <= 0 && most < part) most = part;
  congestion->tokens += (double)(now - congestion->tokens_at) / each;
  if (congestion->tokens > most) congestion->tokens = most;
  congestion->tokens_at = now;
  return congestion->tokens >= 1;
}

void congestion_sent(struct congestion *congestion, unsigned flying, uint64_t now) {
  congestion_look(congestion, now);
  bool filled = congestion->pace_by > 0 || flying > congestion->size;
  loss_sent(&congestion->loss, filled ? congestion->size : flying, now);
  congestion->tokens = congestion->tokens > 1 ? congestion->tokens - 1 : 0;
  if (congestion->trial == CONGESTION_STARTING) cohort_sent(&congestion->cohort, now);
  congestion->queried += now >= congestion->measure_start;
}

void congestion_answered(struct congestion *congestion, const struct congestion_answer *answer,
                         uint64_t now) {
  if (answer->found)
    loss_found(&congestion->loss, answer->sample, answer->sent);
  else
    loss_answered(&congestion->loss, answer->sample, answer->sent);
  if (congestion->trial == CONGESTION_STARTING) congestion_start_count(congestion, answer);
  congestion_look(congestion, now);
  if (!answer->useful) return;
  if (answer->delay != CONGESTION_DELAY_UNKNOWN) latency_add(&congestion->delays, answer->delay);
  congestion->measured += now >= congestion->measure_start;
}

void congestion_lost(struct congestion *congestion, bool sample, uint64_t sent) {
  loss_lost(&congestion->loss, sample, sent);
}
