/* A histogram of how long answers took, in half octaves from LATENCY_FIRST_NS. Pure. */
#ifndef SCANNER_RESOLVER_LATENCY_H
#define SCANNER_RESOLVER_LATENCY_H

#include <stdint.h>

enum {
  LATENCY_BUCKETS = 48,
  LATENCY_FIRST_NS = 50000,
};

/* All zero: empty. */
struct latency {
  unsigned buckets[LATENCY_BUCKETS];
  unsigned count;
};

void latency_add(struct latency *latency, uint64_t ns);

/* So many percent took no longer; ns, rounded up to a bucket's edge. */
uint64_t latency_quantile(const struct latency *latency, unsigned percent);

/* How many took no longer, by whole buckets. */
unsigned latency_within(const struct latency *latency, uint64_t ns);

/* Halves what is known, so that what is new counts more. */
void latency_fade(struct latency *latency);

#endif
