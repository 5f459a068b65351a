/* Which share of the queries that a server was sent came to nothing by its fault or the network's,
 * by the time when they were sent. Pure: it is told what happened and when (monotonic ns).
 *
 * Only a name that the server does answer says anything: its query was answered; or lost, for a
 * later query of the same lookup was answered instead; or refused. What nobody answers counts for
 * nothing, so that dead names are never taken for loss.
 */
#ifndef SCANNER_RESOLVER_LOSS_H
#define SCANNER_RESOLVER_LOSS_H

#include <stdbool.h>
#include <stdint.h>

enum {
  LOSS_SPAN_MS = 250,
  LOSS_SPANS = 64,     /* what was sent longer ago is told apart no more */
  LOSS_MEMORY = 16384, /* outcomes after which an old one hardly counts */
  LOSS_SAMPLE = 24,
  LOSS_SURE = 24,     /* outcomes; before, nothing is known */
  LOSS_SURE_LOST = 8, /* are more than chance */
};

/* What became of the queries of a time. */
struct loss_span {
  uint64_t number; /* since time 0 */
  unsigned sent, answered, lost;
  unsigned sample_answered, sample_lost; /* of those that are asked for again early */
  double size;                           /* the largest window */
};

struct loss {
  struct loss_span spans[LOSS_SPANS];
  double lost, known; /* of all outcomes, the old ones fading */
};

void loss_sent(struct loss *loss, double size, uint64_t now);
/* sample: of a name that is asked for again early. */
void loss_answered(struct loss *loss, bool sample, uint64_t sent);
void loss_lost(struct loss *loss, bool sample, uint64_t sent); /* or refused */
/* What was lost was answered after all. */
void loss_found(struct loss *loss, bool sample, uint64_t sent);

/* The share of a span that was lost: of the sample where that is large enough, for of the others
 * many may still be unknown. */
double loss_share(struct loss_span span);
/* Whether the sample says it by itself: nothing, or much, of it was lost. */
bool loss_is_sampled(struct loss_span span);

/* The number of the span of a time; what is known of it: nothing of one that is long past or yet to
 * come. */
uint64_t loss_number(uint64_t at);
struct loss_span loss_span(const struct loss *loss, uint64_t number);
/* All of them from one to another together. */
struct loss_span loss_sum(const struct loss *loss, uint64_t first, uint64_t last);
void loss_add(struct loss_span *sum, struct loss_span span);

/* The chance that a query sent then came to nothing though its name has an answer: 0 to 1; small,
 * but not nothing, before anything is known. */
double loss_risk(const struct loss *loss, uint64_t sent);

#endif
