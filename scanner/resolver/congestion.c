#include "scanner/resolver/congestion.h"

static const double congestion_ms = 1e6;
static const double congestion_least = 1.0 / 64;
static const double congestion_loss = CONGESTION_LOSS_PERCENT / 100.0;
static const double congestion_losing = CONGESTION_LOSES_PERCENT / 100.0;

void congestion_init(struct congestion *congestion, uint64_t now) {
  *congestion = (struct congestion){.size = CONGESTION_START, .starting = true, .epoch_start = now};
}

unsigned congestion_limit(const struct congestion *congestion) {
  return congestion->size < 1 ? 1 : (unsigned)congestion->size;
}

void congestion_wanted(struct congestion *congestion) {
  congestion->wanted = true;
}

void congestion_restart(struct congestion *congestion) {
  if (congestion->size > CONGESTION_START) congestion->size = CONGESTION_START;
  congestion->starting = false;
}

bool congestion_loses(const struct congestion *congestion) {
  return congestion->loss > congestion_losing;
}

static double congestion_clamp(double value, double least, double most) {
  return value < least ? least : value > most ? most : value;
}

uint64_t congestion_retry(const struct congestion *congestion) {
  if (congestion->rtt <= 0) return (uint64_t)(CONGESTION_RETRY_START_MS * congestion_ms);
  return (uint64_t)congestion_clamp(congestion->rtt + 4 * congestion->variation,
                                    CONGESTION_RETRY_MIN_MS * congestion_ms,
                                    CONGESTION_RETRY_MAX_MS * congestion_ms);
}

uint64_t congestion_hold(const struct congestion *congestion) {
  if (congestion->rtt <= 0) return congestion_retry(congestion);
  double hold = congestion->rtt + 4 * congestion->variation;
  if (hold < CONGESTION_HOLD_MIN_MS * congestion_ms) hold = CONGESTION_HOLD_MIN_MS * congestion_ms;
  if (congestion->size < 1) hold /= congestion->size;
  uint64_t retry = congestion_retry(congestion);
  return hold < (double)retry ? (uint64_t)hold : retry;
}

unsigned congestion_late_max(const struct congestion *congestion) {
  unsigned sent = congestion->epochs[0].sent;
  if (congestion->epochs[1].sent > sent) sent = congestion->epochs[1].sent;
  return sent * CONGESTION_LATE_PERCENT / 100;
}

static struct congestion_epoch *congestion_epoch(struct congestion *congestion, unsigned epoch) {
  bool known = epoch == congestion->epoch || epoch + 1 == congestion->epoch;
  return known ? &congestion->epochs[epoch & 1] : NULL;
}

/* Queries that wait in the server's queue, by the answers' rate and their delay. */
static double congestion_queue(const struct congestion *congestion, uint64_t length) {
  if (congestion->base <= 0 || congestion->quick <= congestion->base) return 0;
  return congestion->answers / (double)length * (congestion->quick - congestion->base);
}

static void congestion_adjust(struct congestion *congestion, double loss, double queue) {
  double step = congestion->size / 16;
  if (loss > congestion_loss) {
    double cut = 4 * loss < 0.5 ? 4 * loss : 0.5;
    congestion->size =
        congestion_clamp(congestion->size * (1 - cut), congestion_least, CONGESTION_MAX);
    congestion->starting = false;
    congestion->judged_from = congestion->epoch + 1;
  } else if (queue > CONGESTION_QUEUE_MAX) {
    congestion->starting = false;
    if (queue > 2 * CONGESTION_QUEUE_MAX && congestion->size - step >= CONGESTION_START)
      congestion->size -= step;
  } else if (congestion->wanted) {
    if (congestion->starting)
      congestion->size *= 2;
    else
      congestion->size += step + 0.25;
    congestion->size = congestion_clamp(congestion->size, congestion_least, CONGESTION_MAX);
  }
}

static void congestion_turn(struct congestion *congestion, uint64_t now) {
  const struct congestion_epoch *before = &congestion->epochs[(congestion->epoch & 1) ^ 1];
  double loss = before->answered ? (double)before->lost / before->answered : 0;
  if (before->answered) congestion->loss += (loss - congestion->loss) / 4;
  if (before->answered && congestion->epoch > congestion->judged_from)
    congestion_adjust(congestion, loss,
                      congestion_queue(congestion, now - congestion->epoch_start));
  congestion->epoch++;
  congestion->epochs[congestion->epoch & 1] = (struct congestion_epoch){.sent = 0};
  congestion->epoch_start = now;
  congestion->answers = 0;
  congestion->wanted = false;
}

unsigned congestion_sent(struct congestion *congestion, uint64_t now) {
  if (now - congestion->epoch_start >=
          congestion_retry(congestion) + congestion_retry(congestion) / 4 &&
      congestion->epochs[congestion->epoch & 1].sent >= CONGESTION_EPOCH_MIN)
    congestion_turn(congestion, now);
  congestion->epochs[congestion->epoch & 1].sent++;
  return congestion->epoch;
}

static void congestion_measure(struct congestion *congestion, double rtt) {
  if (congestion->rtt <= 0) {
    congestion->rtt = rtt;
    congestion->variation = rtt / 2;
    return;
  }
  double off = rtt > congestion->rtt ? rtt - congestion->rtt : congestion->rtt - rtt;
  congestion->variation += (off - congestion->variation) / 4;
  congestion->rtt += (rtt - congestion->rtt) / 8;
}

static void congestion_measure_queue(struct congestion *congestion, uint64_t rtt) {
  if (!congestion->batch || rtt < congestion->batch_best) congestion->batch_best = rtt;
  if (++congestion->batch < CONGESTION_BATCH) return;
  double best = (double)congestion->batch_best;
  congestion->batch = 0;
  if (congestion->base <= 0 || best < congestion->base) congestion->base = best;
  congestion->quick =
      congestion->quick > 0 ? congestion->quick + (best - congestion->quick) / 8 : best;
}

void congestion_answered(struct congestion *congestion, unsigned epoch, uint64_t rtt) {
  struct congestion_epoch *of = congestion_epoch(congestion, epoch);
  if (of) of->answered++;
  congestion->answers++;
  if (rtt == CONGESTION_RTT_UNKNOWN) return;
  congestion_measure(congestion, (double)rtt);
  congestion_measure_queue(congestion, rtt);
}

void congestion_lost(struct congestion *congestion, unsigned epoch) {
  struct congestion_epoch *of = congestion_epoch(congestion, epoch);
  if (of) of->lost++;
}

void congestion_found(struct congestion *congestion, unsigned epoch) {
  struct congestion_epoch *of = congestion_epoch(congestion, epoch);
  if (of && of->lost) of->lost--;
}
