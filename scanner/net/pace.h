/* A ceiling that all threads share: so many a second (DNS queries, HTTPS connections). Without a
 * lock, and without waiting: who is refused is told when to ask again. Times are monotonic
 * nanoseconds (uv_hrtime()).
 */
#ifndef SCANNER_NET_PACE_H
#define SCANNER_NET_PACE_H

#include "output/err.h"
#include <stdint.h>

enum { PACE_BURST_NS = 10000000 }; /* what was not taken in this time is lost */

struct pace;

/* per_second 0: no limit. */
enum err pace_new(struct pace **pace, unsigned per_second);
void pace_free(struct pace *pace);
/* Takes up to want tokens. Returns how many were had; when fewer, *wait_ns says how long until the
 * next. */
unsigned pace_take(struct pace *pace, unsigned want, uint64_t now, uint64_t *wait_ns);

#endif
