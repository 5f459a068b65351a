/* How many queries one server is asked at a time, and how long an answer is awaited. Pure: it is
 * told what happened and when (monotonic nanoseconds).
 *
 * The idea, in the manner of PCC (Dong et al., "PCC: Re-architecting Congestion Control for
 * Consistent High Performance", NSDI 2015) with BBR's start: what counts is goodput, useful answers
 * a second, whatever the delays are. At the start the window doubles while goodput follows. Then
 * trials: for a while a quarter more, for a while a quarter less, each long enough for the slow
 * answers; more is kept when it brought more, less when it cost nothing. Trials that succeed grow.
 * The yield, useful answers a query, counts half as much as the rate: where a server drops or
 * refuses what is too much, more queries bring a lower yield. A yield that has fallen makes the
 * next trial one with as much less; when that does not bring it back, the names are to blame and it
 * is what there is. Delays, SERVFAIL and names that nobody answers so are no signal of their own.
 * Quantiles of the delays say when to ask again.
 */
#ifndef SCANNER_RESOLVER_CONGESTION_H
#define SCANNER_RESOLVER_CONGESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  CONGESTION_START = 100, /* where a name server on the same machine is already at its best */
  CONGESTION_MAX = 32000,
  CONGESTION_LOSES_PERCENT = 1, /* from here on four tries in a row are lost to 1 in 10^8 */
  CONGESTION_PHASES = 32,       /* whose queries are told apart */
  CONGESTION_DELAYS = 48,       /* of the histogram: half octaves from 50 us */
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

/* What became of the queries that were sent in one phase. */
struct congestion_phase {
  enum congestion_trial trial;
  double size; /* at its end */
  unsigned sent, useful, lost;
  uint64_t end;
};

/* Of an answer that waited for us. */
#define CONGESTION_DELAY_UNKNOWN UINT64_MAX

struct congestion {
  double size;   /* in use */
  double target; /* the start's: where the phase's doubling ends */
  double base;   /* between trials */
  double step;   /* of the next trial, a share of base */
  bool less_next;
  bool wanted; /* it kept a query waiting in this phase */
  unsigned phase;
  unsigned judged; /* phases before were */
  uint64_t measure_start;
  unsigned measured;       /* useful answers since measure_start, */
  unsigned queried;        /* and queries */
  unsigned asked, yielded; /* first tries, and useful answers to such */
  double rate, yield;      /* of the base; rate 0: not known */
  unsigned rate_of;        /* answers */
  double best_yield;       /* what it was, or might be */
  unsigned settled;        /* of the start's phases, those before are, */
  double start_yield;      /* the best of theirs, */
  double start_size;       /* and the window of the last that was as good */
  unsigned stalled;        /* phases of the start that brought nothing */
  struct congestion_phase phases[CONGESTION_PHASES];
  double loss; /* smoothed */
  unsigned delays[CONGESTION_DELAYS];
  unsigned delay_count;
  uint64_t half, most, nearly_all; /* ns; quantiles 0.5, 0.9, 0.95 of the delays; 0: none */
};

void congestion_init(struct congestion *congestion, uint64_t now);

/* Queries that may be in flight, at least one. */
unsigned congestion_limit(const struct congestion *congestion);

/* Somebody waits because the window is full. */
void congestion_wanted(struct congestion *congestion);

/* Gives the phase that the others want back. first: the lookup's first try; the yield is of such.
 */
unsigned congestion_sent(struct congestion *congestion, bool first, uint64_t now);
/* By an answer that says something of the name: NOERROR, NXDOMAIN. No other needs to be told. */
void congestion_answered(struct congestion *congestion, unsigned phase, bool first, uint64_t delay,
                         uint64_t now);
/* A later query of the same lookup had a useful answer. */
void congestion_lost(struct congestion *congestion, unsigned phase);
/* What was lost came after all. */
void congestion_found(struct congestion *congestion, unsigned phase);

/* After silence: begins again from CONGESTION_START or less. */
void congestion_restart(struct congestion *congestion, uint64_t now);

/* The smoothed share of queries that are lost; and whether it is above CONGESTION_LOSES_PERCENT. */
double congestion_loss(const struct congestion *congestion);
bool congestion_loses(const struct congestion *congestion);

/* When a query should be asked again, and not before nine of ten are answered; ns. */
uint64_t congestion_retry(const struct congestion *congestion);
uint64_t congestion_most(const struct congestion *congestion);

/* When an answer is late: from then on the query fills the window no more; ns. */
uint64_t congestion_hold(const struct congestion *congestion);

/* The median delay; ns, 0: not measured. */
uint64_t congestion_delay(const struct congestion *congestion);

#endif
