/* Many timers at the price of one: a hashed wheel of coarse ticks.
 *
 * Setting and stopping a timer are list operations. A timer fires at the first wheel_turn() at or
 * after its time, rounded up to WHEEL_TICK_MS. Times are monotonic nanoseconds.
 */
#ifndef SCANNER_BASE_TIMER_WHEEL_H
#define SCANNER_BASE_TIMER_WHEEL_H

#include "scanner/base/ring.h"
#include <stdint.h>

enum {
  WHEEL_TICK_MS = 20,
  WHEEL_SLOTS = 512, /* about ten seconds; a timer further away goes round again */
};

/* Embedded in what waits. */
struct wheel_timer {
  struct list link;
  uint64_t tick;
};

struct wheel {
  struct list slots[WHEEL_SLOTS];
  uint64_t tick; /* the last one that fired */
};

void wheel_init(struct wheel *wheel, uint64_t now);

/* A timer must be initialised before wheel_set() and wheel_stop(), which may be called at any time.
 */
void wheel_timer_init(struct wheel_timer *timer);
void wheel_set(struct wheel *wheel, struct wheel_timer *timer, uint64_t at);
void wheel_stop(struct wheel_timer *timer);

/* Moves all that is due by now to the end of `due`, by its link, each still to be stopped or set
 * anew like any other. */
void wheel_turn(struct wheel *wheel, uint64_t now, struct list *due);

#endif
