#include "scanner/resolver/congestion.h"

static const double window_ms = 1e6;
static const double window_least = 1.0 / 64;
static const double window_loss = WINDOW_LOSS_PERCENT / 100.0;
static const double window_losing = WINDOW_LOSES_PERCENT / 100.0;

void window_init(struct window *window, uint64_t now) {
  *window = (struct window){.size = WINDOW_START, .starting = true, .epoch_start = now};
}

unsigned window_limit(const struct window *window) {
  return window->size < 1 ? 1 : (unsigned)window->size;
}

void window_wanted(struct window *window) {
  window->wanted = true;
}

void window_restart(struct window *window) {
  if (window->size > WINDOW_START) window->size = WINDOW_START;
  window->starting = false;
}

bool window_loses(const struct window *window) {
  return window->loss > window_losing;
}

static double window_clamp(double value, double least, double most) {
  return value < least ? least : value > most ? most : value;
}

uint64_t window_retry(const struct window *window) {
  if (window->rtt <= 0) return (uint64_t)(WINDOW_RETRY_START_MS * window_ms);
  return (uint64_t)window_clamp(window->rtt + 4 * window->variation,
                                WINDOW_RETRY_MIN_MS * window_ms, WINDOW_RETRY_MAX_MS * window_ms);
}

uint64_t window_hold(const struct window *window) {
  if (window->rtt <= 0) return window_retry(window);
  double hold = window->rtt + 4 * window->variation;
  if (hold < WINDOW_HOLD_MIN_MS * window_ms) hold = WINDOW_HOLD_MIN_MS * window_ms;
  if (window->size < 1) hold /= window->size;
  uint64_t retry = window_retry(window);
  return hold < (double)retry ? (uint64_t)hold : retry;
}

unsigned window_late_max(const struct window *window) {
  unsigned sent = window->epochs[0].sent;
  if (window->epochs[1].sent > sent) sent = window->epochs[1].sent;
  return sent * WINDOW_LATE_PERCENT / 100;
}

static struct window_epoch *window_epoch(struct window *window, unsigned epoch) {
  bool known = epoch == window->epoch || epoch + 1 == window->epoch;
  return known ? &window->epochs[epoch & 1] : NULL;
}

/* Queries that wait in the server's queue, by the answers' rate and their delay. */
static double window_queue(const struct window *window, uint64_t length) {
  if (window->base <= 0 || window->quick <= window->base) return 0;
  return window->answers / (double)length * (window->quick - window->base);
}

static void window_adjust(struct window *window, double loss, double queue) {
  double step = window->size / 16;
  if (loss > window_loss) {
    double cut = 4 * loss < 0.5 ? 4 * loss : 0.5;
    window->size = window_clamp(window->size * (1 - cut), window_least, WINDOW_MAX);
    window->starting = false;
    window->judged_from = window->epoch + 1;
  } else if (queue > WINDOW_QUEUE_MAX) {
    window->starting = false;
    if (queue > 2 * WINDOW_QUEUE_MAX && window->size - step >= WINDOW_START) window->size -= step;
  } else if (window->wanted) {
    if (window->starting)
      window->size *= 2;
    else
      window->size += step + 0.25;
    window->size = window_clamp(window->size, window_least, WINDOW_MAX);
  }
}

static void window_turn(struct window *window, uint64_t now) {
  const struct window_epoch *before = &window->epochs[(window->epoch & 1) ^ 1];
  double loss = before->answered ? (double)before->lost / before->answered : 0;
  if (before->answered) window->loss += (loss - window->loss) / 4;
  if (before->answered && window->epoch > window->judged_from)
    window_adjust(window, loss, window_queue(window, now - window->epoch_start));
  window->epoch++;
  window->epochs[window->epoch & 1] = (struct window_epoch){.sent = 0};
  window->epoch_start = now;
  window->answers = 0;
  window->wanted = false;
}

unsigned window_sent(struct window *window, uint64_t now) {
  if (now - window->epoch_start >= window_retry(window) + window_retry(window) / 4 &&
      window->epochs[window->epoch & 1].sent >= WINDOW_EPOCH_MIN)
    window_turn(window, now);
  window->epochs[window->epoch & 1].sent++;
  return window->epoch;
}

static void window_measure(struct window *window, double rtt) {
  if (window->rtt <= 0) {
    window->rtt = rtt;
    window->variation = rtt / 2;
    return;
  }
  double off = rtt > window->rtt ? rtt - window->rtt : window->rtt - rtt;
  window->variation += (off - window->variation) / 4;
  window->rtt += (rtt - window->rtt) / 8;
}

static void window_measure_queue(struct window *window, uint64_t rtt) {
  if (!window->batch || rtt < window->batch_best) window->batch_best = rtt;
  if (++window->batch < WINDOW_BATCH) return;
  double best = (double)window->batch_best;
  window->batch = 0;
  if (window->base <= 0 || best < window->base) window->base = best;
  window->quick = window->quick > 0 ? window->quick + (best - window->quick) / 8 : best;
}

void window_answered(struct window *window, unsigned epoch, uint64_t rtt) {
  struct window_epoch *of = window_epoch(window, epoch);
  if (of) of->answered++;
  window->answers++;
  if (rtt == WINDOW_RTT_UNKNOWN) return;
  window_measure(window, (double)rtt);
  window_measure_queue(window, rtt);
}

void window_lost(struct window *window, unsigned epoch) {
  struct window_epoch *of = window_epoch(window, epoch);
  if (of) of->lost++;
}

void window_found(struct window *window, unsigned epoch) {
  struct window_epoch *of = window_epoch(window, epoch);
  if (of && of->lost) of->lost--;
}
