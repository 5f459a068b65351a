/* How many queries one server is asked at a time, and how long an answer is awaited. Pure: it is
 * told what happened and when (monotonic nanoseconds).
 *
 * The window grows while lookups wait for it, and by three signals only does it stop or shrink:
 * - Loss: queries that a later query of the same lookup overtook. Some loss is a line's own and is
 *   borne; above CONGESTION_LOSS_PERCENT the server drops what it cannot or will not take, and the
 *   window shrinks by four times the share lost, below one if need be (then lost queries are held
 * longer). The share is of lost to answered: where p of all are dropped, of those dropped 1 - p are
 * seen to be, by their retries, which is p to the 1 - p that were answered; names that nobody
 * answers are in neither number.
 * - Delay: when even the quickest of many answers take longer than they once did, queries wait in
 *   the server's queue, and more of them would bring nothing but loss.
 * - The limit, CONGESTION_MAX.
 * Bad rcodes, slow names and names that nobody answers are no signal. Loss is known late, so the
 * window is judged once an epoch, of at least a retry's time, by the queries of the epoch before.
 */
#ifndef SCANNER_RESOLVER_CONGESTION_H
#define SCANNER_RESOLVER_CONGESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  CONGESTION_START = 100, /* where a name server on the same machine is already at its best */
  CONGESTION_MAX = 4000,
  CONGESTION_LOSS_PERCENT = 6, /* lines that lose 5 of 100 are met with */
  CONGESTION_LOSES_PERCENT =
      1, /* from here on four tries in a row are lost to more than 1 in 10^8 */
  CONGESTION_LATE_PERCENT = 7, /* a little more: or the window would be full of them */
  CONGESTION_QUEUE_MAX = 64,   /* queries that may wait in the server's queue */
  CONGESTION_EPOCH_MIN = 100,  /* queries that must have been sent before an epoch is judged */
  CONGESTION_BATCH = 32,       /* answers, of which the quickest shows the queue's delay */
  CONGESTION_RETRY_MIN_MS = 250,
  CONGESTION_RETRY_MAX_MS = 1000,
  CONGESTION_RETRY_START_MS = 500, /* while nothing was measured */
  CONGESTION_HOLD_MIN_MS = 5,
};

#define CONGESTION_RTT_UNKNOWN UINT64_MAX

struct congestion {
  double size;
  bool starting; /* doubles each epoch until the first signal */
  bool wanted;   /* it kept a lookup waiting in this epoch */
  unsigned epoch;
  unsigned judged_from; /* epochs before were sent under a larger window */
  uint64_t epoch_start;
  struct congestion_epoch {
    unsigned sent;
    unsigned lost;
    unsigned answered;
  } epochs[2];      /* of the queries sent in this one and the one before; by parity */
  double loss;      /* smoothed share of lost to answered */
  unsigned answers; /* that came in this epoch */
  double rtt;       /* smoothed, ns; 0: not measured */
  double variation; /* RFC 6298 */
  unsigned batch;
  uint64_t batch_best;
  double quick; /* smoothed best of the batches */
  double base;  /* the best there was */
};

void congestion_init(struct congestion *congestion, uint64_t now);

/* Queries that may be in flight, at least one. */
unsigned congestion_limit(const struct congestion *congestion);

/* Somebody waits because the window is full. */
void congestion_wanted(struct congestion *congestion);

/* Gives the epoch that the three below want back. */
unsigned congestion_sent(struct congestion *congestion, uint64_t now);
/* rtt: ns; CONGESTION_RTT_UNKNOWN: nobody looked when it came. */
void congestion_answered(struct congestion *congestion, unsigned epoch, uint64_t rtt);
void congestion_lost(struct congestion *congestion, unsigned epoch);
/* What was lost came after all. */
void congestion_found(struct congestion *congestion, unsigned epoch);

/* After silence: begins again from CONGESTION_START or less. */
void congestion_restart(struct congestion *congestion);

/* Whether so much is lost on the way, or by the server, that CONGESTION_LOSES_PERCENT is passed. */
bool congestion_loses(const struct congestion *congestion);

/* When a query should be asked again; ns. */
uint64_t congestion_retry(const struct congestion *congestion);

/* When an answer is late, though others came; ns. From then until congestion_retry() a query does
 * not fill the window, as long as no more of them are late than congestion_late_max(): the loss
 * that is borne. */
uint64_t congestion_hold(const struct congestion *congestion);
unsigned congestion_late_max(const struct congestion *congestion);

#endif
