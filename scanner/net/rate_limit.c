#include "scanner/net/rate_limit.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { RATE_LIMIT_SECOND_NS = 1000000000 };

/* The generic cell rate algorithm: the one number is when the next token is due. Tokens that
 * nobody took in the last RATE_LIMIT_BURST_NS may be taken at once, no more. */
struct rate_limit {
  uint64_t interval_ns; /* between tokens; 0: no limit */
  atomic_uint_fast64_t due;
};

enum err rate_limit_new(struct rate_limit **limit, unsigned per_second, unsigned parts) {
  struct rate_limit *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  if (per_second) made->interval_ns = 1 + ((uint64_t)RATE_LIMIT_SECOND_NS * parts - 1) / per_second;
  atomic_init(&made->due, 0);
  *limit = made;
  return ERR_NONE;
}

void rate_limit_free(struct rate_limit *limit) {
  free(limit);
}

unsigned rate_limit_take(struct rate_limit *limit, unsigned want, uint64_t now, uint64_t *wait_ns) {
  *wait_ns = 0;
  if (!limit || limit->interval_ns == 0 || want == 0) return want;
  uint64_t due = atomic_load_explicit(&limit->due, memory_order_relaxed);
  for (;;) {
    uint64_t from = due + RATE_LIMIT_BURST_NS < now ? now - RATE_LIMIT_BURST_NS : due;
    if (from > now) {
      *wait_ns = from - now;
      return 0;
    }
    uint64_t ready = (now - from) / limit->interval_ns + 1;
    unsigned took = ready < want ? (unsigned)ready : want;
    uint64_t next = from + took * limit->interval_ns;
    if (!atomic_compare_exchange_weak_explicit(&limit->due, &due, next, memory_order_relaxed,
                                               memory_order_relaxed))
      continue;
    if (took < want) *wait_ns = next - now;
    return took;
  }
}
