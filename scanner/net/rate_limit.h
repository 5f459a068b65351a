/* A ceiling that all threads share: so many a second (DNS queries, HTTPS connections). Without a
 * lock, and without waiting: who is refused is told when to ask again. Times are monotonic
 * nanoseconds (uv_hrtime()); threads need not agree on them.
 *
 * No second, wherever it begins, sees more than its part of per_second tokens, what
 * RATE_LIMIT_BURST_NS holds of them, and one. Tokens are a whole number of nanoseconds apart,
 * rounded up.
 */
#ifndef SCANNER_NET_RATE_LIMIT_H
#define SCANNER_NET_RATE_LIMIT_H

#include "output/base/err.h"
#include <stdint.h>

enum { RATE_LIMIT_BURST_NS = 10000000 }; /* what was not taken in this time is lost */

struct rate_limit;

/* per_second 0: no limit. parts: how many processes share the ceiling, at least 1; each uses its
 * part only, which may be less than one token a second. */
enum err rate_limit_new(struct rate_limit **limit, unsigned per_second, unsigned parts);
void rate_limit_free(struct rate_limit *limit);
/* Takes up to want tokens. Returns how many were had; when fewer, *wait_ns says how long until the
 * next. limit NULL: no limit. */
unsigned rate_limit_take(struct rate_limit *limit, unsigned want, uint64_t now, uint64_t *wait_ns);

#endif
