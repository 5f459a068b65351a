/* Many timers at the price of one: a hashed wheel of coarse ticks.
 *
 * Setting and stopping a timer are list operations. A timer fires at the first timer_wheel_turn()
 * at or after its time, rounded up to TIMER_WHEEL_TICK_MS. Times are monotonic nanoseconds.
 */
#ifndef SCANNER_BASE_TIMER_WHEEL_H
#define SCANNER_BASE_TIMER_WHEEL_H

#include "scanner/base/ring.h"
#include <stdint.h>

enum {
  TIMER_WHEEL_TICK_MS = 20,
  TIMER_WHEEL_SLOTS = 512, /* about ten seconds; a timer further away goes round again */
};

/* Embedded in what waits. */
struct timer_wheel_timer {
  struct ring link;
  uint64_t tick;
};

struct timer_wheel {
  struct ring slots[TIMER_WHEEL_SLOTS];
  uint64_t tick; /* the last one that fired */
};

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now);

/* A timer must be initialised before timer_wheel_set() and timer_wheel_stop(), which may be called
 * at any time.
 */
void timer_wheel_timer_init(struct timer_wheel_timer *timer);
void timer_wheel_set(struct timer_wheel *wheel, struct timer_wheel_timer *timer, uint64_t at);
void timer_wheel_stop(struct timer_wheel_timer *timer);

/* Moves all that is due by now to the end of `due`, by its link, each still to be stopped or set
 * anew like any other. */
void timer_wheel_turn(struct timer_wheel *wheel, uint64_t now, struct ring *due);

#endif
