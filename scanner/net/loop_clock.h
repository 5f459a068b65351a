/* The clock of a libuv loop, a stopwatch (scanner/base/stopwatch.h) that the loop's turns drive:
 * what reads the loop's sockets and keeps deadlines reads this clock, and not uv_hrtime() or
 * uv_now(). Timers of libuv only wake the loop, and decide nothing.
 *
 * What threads share (rate limits, address limits) goes by uv_hrtime(): each loop's clock loses
 * time of its own. Used on the loop's thread alone; whoever made it closes it.
 */
#ifndef SCANNER_NET_LOOP_CLOCK_H
#define SCANNER_NET_LOOP_CLOCK_H

#include "output/base/err.h"
#include "scanner/base/stopwatch.h"
#include <uv.h>

struct loop_clock;

/* Monotonic nanoseconds. */
typedef uint64_t loop_clock_source(void);

/* source: uv_hrtime; tests have others. ERR_MEMORY. */
enum err loop_clock_new(struct loop_clock **clock, uv_loop_t *loop, loop_clock_source *source);
/* It can still be read until the loop closes handles, and the loop must run until then. NULL is
 * allowed. */
void loop_clock_close(struct loop_clock *clock);

uint64_t loop_clock_now(struct loop_clock *clock);           /* as stopwatch_now() */
bool loop_clock_stood_still(const struct loop_clock *clock); /* as stopwatch_stood_still() */
uint64_t loop_clock_lost(const struct loop_clock *clock);    /* as stopwatch_lost() */

#endif
