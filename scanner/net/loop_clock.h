/* The stopwatch of a libuv loop: what reads a loop's sockets and keeps deadlines reads this clock,
 * and not uv_hrtime() or uv_now(). Timers of libuv may wake it; they decide nothing.
 *
 * What threads share (pace, gates) goes by uv_hrtime(): each loop's clock loses its own time.
 * Used on the loop's thread alone; whoever made it closes it.
 */
#ifndef SCANNER_NET_LOOP_CLOCK_H
#define SCANNER_NET_LOOP_CLOCK_H

#include "output/base/err.h"
#include "scanner/base/stopwatch.h"
#include <uv.h>

struct loop_clock;

enum err loop_clock_new(struct loop_clock **clock, uv_loop_t *loop);
/* It can still be read until the loop closes handles, and the loop must run until then. NULL is
 * allowed. */
void loop_clock_close(struct loop_clock *clock);

uint64_t loop_clock_now(struct loop_clock *clock);           /* as stopwatch_now() */
bool loop_clock_stood_still(const struct loop_clock *clock); /* as stopwatch_stood_still() */
uint64_t loop_clock_lost(const struct loop_clock *clock);    /* as stopwatch_lost() */

#endif
