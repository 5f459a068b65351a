#include "scanner/resolver/loss.h"
#include <stddef.h>

static const double loss_prior = 0.002;
static const double loss_bursts = 1.5; /* losses come together */

enum {
  LOSS_FEW = 2,  /* lost: more than chance */
  LOSS_NEAR = 1, /* spans to either side */
};

uint64_t loss_number(uint64_t at) {
  return at / (LOSS_SPAN_MS * UINT64_C(1000000));
}

/* NULL: it has been forgotten. */
static struct loss_span *loss_span_at(struct loss *loss, uint64_t at) {
  uint64_t number = loss_number(at);
  struct loss_span *span = &loss->spans[number % LOSS_SPANS];
  if (span->number > number) return NULL;
  if (span->number < number) *span = (struct loss_span){.number = number};
  return span;
}

struct loss_span loss_span(const struct loss *loss, uint64_t number) {
  const struct loss_span *span = &loss->spans[number % LOSS_SPANS];
  return span->number == number ? *span : (struct loss_span){.number = number};
}

void loss_sent(struct loss *loss, double size, uint64_t now) {
  struct loss_span *span = loss_span_at(loss, now);
  if (!span) return;
  span->sent++;
  if (size > span->size) span->size = size;
}

static void loss_fade(struct loss *loss) {
  loss->known += 1 - loss->known / LOSS_MEMORY;
  loss->lost -= loss->lost / LOSS_MEMORY;
}

void loss_answered(struct loss *loss, bool sample, uint64_t sent) {
  struct loss_span *span = loss_span_at(loss, sent);
  loss_fade(loss);
  if (!span) return;
  span->answered++;
  span->sample_answered += sample;
}

void loss_lost(struct loss *loss, bool sample, uint64_t sent) {
  struct loss_span *span = loss_span_at(loss, sent);
  loss_fade(loss);
  loss->lost += 1;
  if (!span) return;
  span->lost++;
  span->sample_lost += sample;
}

void loss_found(struct loss *loss, bool sample, uint64_t sent) {
  struct loss_span *span = loss_span_at(loss, sent);
  loss->lost = loss->lost > 1 ? loss->lost - 1 : 0;
  if (!span || !span->lost) return;
  span->lost--;
  span->answered++;
  if (!sample || !span->sample_lost) return;
  span->sample_lost--;
  span->sample_answered++;
}

static double loss_chance(double share) {
  return loss_bursts * share < 1 ? loss_bursts * share : 1;
}

static double loss_part(unsigned lost, unsigned answered) {
  return lost + answered ? (double)lost / (lost + answered) : 0;
}

bool loss_is_sampled(struct loss_span span) {
  bool much = span.sample_lost >= LOSS_SURE_LOST;
  return much || (!span.sample_lost && span.sample_answered >= LOSS_SAMPLE);
}

double loss_share(struct loss_span span) {
  double all = loss_part(span.lost, span.answered);
  double sample = loss_part(span.sample_lost, span.sample_answered);
  return loss_is_sampled(span) && sample > all ? sample : all;
}

void loss_add(struct loss_span *sum, struct loss_span span) {
  sum->number = span.number;
  sum->sent += span.sent;
  sum->answered += span.answered;
  sum->lost += span.lost;
  sum->sample_answered += span.sample_answered;
  sum->sample_lost += span.sample_lost;
  if (span.size > sum->size) sum->size = span.size;
}

struct loss_span loss_sum(const struct loss *loss, uint64_t first, uint64_t last) {
  struct loss_span sum = {0};
  for (uint64_t number = first; number <= last; number++) loss_add(&sum, loss_span(loss, number));
  return sum;
}

static struct loss_span loss_around(const struct loss *loss, uint64_t sent, unsigned reach) {
  uint64_t middle = loss_number(sent);
  return loss_sum(loss, middle > reach ? middle - reach : 0, middle + reach);
}

static double loss_always(const struct loss *loss) {
  return (loss->lost + loss_prior) / (loss->known + 1);
}

double loss_risk(const struct loss *loss, uint64_t sent) {
  if (loss->known < LOSS_SURE) return loss_prior;
  struct loss_span near = loss_around(loss, sent, LOSS_NEAR);
  if (near.lost >= LOSS_FEW) return loss_chance(loss_share(near));
  double always = loss_always(loss); /* but no more than was seen then */
  double most = loss_chance((near.lost + 1.0) / (near.answered + near.lost + 1.0));
  return most < always ? most : always;
}
