/* How many queries one server is asked at a time, and how long an answer is awaited. Pure: it is
 * told what happened and when (monotonic nanoseconds).
 *
 * The idea, in the manner of PCC (Dong et al., "PCC: Re-architecting Congestion Control for
 * Consistent High Performance", NSDI 2015): what counts is goodput, useful answers a second,
 * whatever the delays are. At the start the window doubles as long as of what was sent the same
 * share is answered within the same age (cohort.h), however many of the names are dead. Then
 * trials: for a while more, for a while less, each long enough for the slow answers; more is kept
 * when it brought more, less when it cost nothing. Trials that succeed grow. Beside it stands the
 * loss of queries whose names are answered (loss.h); names that nobody answers, SERVFAIL and delays
 * are no signal. What was lost above what is lost at any window is what the server could not take:
 * the window falls at once to the part that it took. When less brings no lower loss, the network is
 * to blame, and the window comes back. Where more queries went out and no more answers came, loss
 * decides, which is known when what is silent was asked for again. Quantiles of the delays say when
 * to ask again.
 */
#ifndef SCANNER_RESOLVER_CONGESTION_H
#define SCANNER_RESOLVER_CONGESTION_H

#include "scanner/resolver/cohort.h"
#include "scanner/resolver/loss.h"
#include <stdbool.h>

enum {
  CONGESTION_START = 48,
  CONGESTION_MAX = 32000,
  CONGESTION_NEAR = 128, /* at first to a server that answers as fast as one on the same machine:
                            its socket holds some 160 datagrams by Linux's default */
  CONGESTION_RETRY_MIN_MS = 250,
  CONGESTION_RETRY_MAX_MS = 2500,
  CONGESTION_RETRY_START_MS = 500, /* while nothing was measured */
  CONGESTION_HOLD_MIN_MS = 25,
};

enum congestion_trial {
  CONGESTION_STARTING, /* doubling */
  CONGESTION_BASE,     /* no trial: what the next is compared with */
  CONGESTION_MORE,
  CONGESTION_LESS,
};

/* Of an answer that waited for us. */
#define CONGESTION_DELAY_UNKNOWN UINT64_MAX

/* A trial that sent more and brought no more: whether it is kept, loss will say. */
struct congestion_open {
  double size;          /* 0: none */
  uint64_t first, last; /* spans of loss */
};

/* A cut, until it is known whether it helped. */
struct congestion_cut {
  double loss, size; /* before; loss 0: none */
  double took;       /* the least that can have been, 0: not known */
  uint64_t by;       /* the span that showed it */
  uint64_t after;    /* the last span that was not sent under it */
};

/* Far fewer answers than usual: until it is known whether the names are dead or their queries lost,
 * no more is sent than is answered. */
struct congestion_doubt {
  uint64_t by;  /* the span that showed it */
  double took;  /* the share of it that was answered, against the usual; 0: there is no doubt */
  double sends; /* a second, meanwhile */
  uint64_t until;
};

struct congestion {
  double size;                  /* in use */
  double base;                  /* between trials */
  double step;                  /* of the next trial, a share of base */
  double target;                /* the start's: where a doubling ends */
  struct cohort before, cohort; /* the start's: of the last size that was well, of this one */
  enum congestion_trial trial;
  bool less_next;
  bool wanted; /* it kept a query waiting in this phase */
  uint64_t begun, measure_start;
  unsigned measured;  /* useful answers since measure_start, */
  unsigned queried;   /* and queries */
  double rate, sends; /* of the base, a second; rate 0: not known */
  unsigned rate_of;   /* answers */
  uint64_t rest;      /* between trials that fail, ns */
  uint64_t rest_until;
  double ceiling; /* where loss was seen; 0: nowhere */
  uint64_t ceiling_until;
  struct congestion_open open;
  struct congestion_cut cut;
  double passed_loss, passed_size; /* seen when the window was far larger already */
  struct loss loss;
  uint64_t judged;          /* spans before were */
  struct loss_span judging; /* that are too few to be judged by themselves, */
  unsigned judging_spans;
  struct congestion_doubt doubt;
  uint64_t checked_at;
  uint64_t watched; /* spans before were, for their yield */
  double yield;     /* answers a query, smoothed; 0: not known */
  double pace_by; /* ns; once it drops what is too much: queries are `size` in this time; 0: not */
  double residence; /* ns that a query fills the window, smoothed; 0: not known */
  double tokens;    /* queries that may be sent at once */
  uint64_t tokens_at;
  double steady_loss;    /* at any window */
  uint64_t steady_until; /* to be doubted then */
  struct latency delays;
  uint64_t half, most, nearly_all; /* ns; quantiles 0.5, 0.9, 0.95 of the delays; 0: none */
};

void congestion_init(struct congestion *congestion, uint64_t now);

/* Queries that may be in flight, at least one. */
unsigned congestion_limit(const struct congestion *congestion);

/* Whether a query may be sent, by the pace: what has left the window together must not be followed
 * by as many together. */
bool congestion_paces(struct congestion *congestion, uint64_t now);

/* A query has left the window after so long. */
void congestion_left(struct congestion *congestion, uint64_t age);

/* Somebody waits because the window is full. */
void congestion_wanted(struct congestion *congestion);

/* flying: how many are in flight with it. */
void congestion_sent(struct congestion *congestion, unsigned flying, uint64_t now);
/* An answer of any kind but a refusal to what was sent then. useful: it says something of the name:
 * NOERROR, NXDOMAIN. sample: of a name that is asked for again early. found: it was told as lost.
 */
struct congestion_answer {
  uint64_t sent, delay;
  bool useful, sample, found;
};
void congestion_answered(struct congestion *congestion, const struct congestion_answer *answer,
                         uint64_t now);
/* It was refused; or a later query of the same lookup had a useful answer. */
void congestion_lost(struct congestion *congestion, bool sample, uint64_t sent);

/* After silence: begins again from CONGESTION_START or less. */
void congestion_restart(struct congestion *congestion, uint64_t now);

/* As loss_risk(). */
double congestion_risk(const struct congestion *congestion, uint64_t sent);

/* When a query should be asked again, and not before nine of ten are answered; ns. */
uint64_t congestion_retry(const struct congestion *congestion);
uint64_t congestion_most(const struct congestion *congestion);

/* When an answer is late: from then on the query fills the window no more; ns. */
uint64_t congestion_hold(const struct congestion *congestion);

/* The median delay; ns, 0: not measured. */
uint64_t congestion_delay(const struct congestion *congestion);

#endif
