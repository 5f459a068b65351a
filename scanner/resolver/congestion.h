/* How many queries one server is asked at a time, and how long an answer is awaited. Pure: it is
 * told what happened and when (monotonic nanoseconds).
 *
 * The window grows while lookups wait for it, and by three signals only does it stop or shrink:
 * - Loss: queries that a later query of the same lookup overtook. Some loss is a line's own and is
 *   borne; above WINDOW_LOSS_PERCENT the server drops what it cannot or will not take, and the
 *   window shrinks by four times the share lost, below one if need be (then lost queries are held
 * longer). The share is of lost to answered: where p of all are dropped, of those dropped 1 - p are
 * seen to be, by their retries, which is p to the 1 - p that were answered; names that nobody
 * answers are in neither number.
 * - Delay: when even the quickest of many answers take longer than they once did, queries wait in
 *   the server's queue, and more of them would bring nothing but loss.
 * - The limit, WINDOW_MAX.
 * Bad rcodes, slow names and names that nobody answers are no signal. Loss is known late, so the
 * window is judged once an epoch, of at least a retry's time, by the queries of the epoch before.
 */
#ifndef SCANNER_RESOLVER_CONGESTION_H
#define SCANNER_RESOLVER_CONGESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  WINDOW_START = 100, /* where a name server on the same machine is already at its best */
  WINDOW_MAX = 4000,
  WINDOW_LOSS_PERCENT = 6,  /* lines that lose 5 of 100 are met with */
  WINDOW_LOSES_PERCENT = 1, /* from here on four tries in a row are lost to more than 1 in 10^8 */
  WINDOW_LATE_PERCENT = 7,  /* a little more: or the window would be full of them */
  WINDOW_QUEUE_MAX = 64,    /* queries that may wait in the server's queue */
  WINDOW_EPOCH_MIN = 100,   /* queries that must have been sent before an epoch is judged */
  WINDOW_BATCH = 32,        /* answers, of which the quickest shows the queue's delay */
  WINDOW_RETRY_MIN_MS = 250,
  WINDOW_RETRY_MAX_MS = 1000,
  WINDOW_RETRY_START_MS = 500, /* while nothing was measured */
  WINDOW_HOLD_MIN_MS = 5,
};

#define WINDOW_RTT_UNKNOWN UINT64_MAX

struct window {
  double size;
  bool starting; /* doubles each epoch until the first signal */
  bool wanted;   /* it kept a lookup waiting in this epoch */
  unsigned epoch;
  unsigned judged_from; /* epochs before were sent under a larger window */
  uint64_t epoch_start;
  struct window_epoch {
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

void window_init(struct window *window, uint64_t now);

/* Queries that may be in flight, at least one. */
unsigned window_limit(const struct window *window);

/* Somebody waits because the window is full. */
void window_wanted(struct window *window);

/* Gives the epoch that the three below want back. */
unsigned window_sent(struct window *window, uint64_t now);
/* rtt: ns; WINDOW_RTT_UNKNOWN: nobody looked when it came. */
void window_answered(struct window *window, unsigned epoch, uint64_t rtt);
void window_lost(struct window *window, unsigned epoch);
/* What was lost came after all. */
void window_found(struct window *window, unsigned epoch);

/* After silence: begins again from WINDOW_START or less. */
void window_restart(struct window *window);

/* Whether so much is lost on the way, or by the server, that WINDOW_LOSES_PERCENT is passed. */
bool window_loses(const struct window *window);

/* When a query should be asked again; ns. */
uint64_t window_retry(const struct window *window);

/* When an answer is late, though others came; ns. From then until window_retry() a query does not
 * fill the window, as long as no more of them are late than window_late_max(): the loss that is
 * borne. */
uint64_t window_hold(const struct window *window);
unsigned window_late_max(const struct window *window);

#endif
