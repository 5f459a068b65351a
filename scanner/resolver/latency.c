#include "scanner/resolver/latency.h"

static uint64_t latency_edge(unsigned at) {
  uint64_t edge = (uint64_t)LATENCY_FIRST_NS << (at / 2);
  return at % 2 ? edge + edge * 53 / 128 : edge;
}

void latency_add(struct latency *latency, uint64_t ns) {
  unsigned at = 0;
  while (at < LATENCY_BUCKETS - 1 && latency_edge(at) < ns) at++;
  latency->buckets[at]++;
  latency->count++;
}

uint64_t latency_quantile(const struct latency *latency, unsigned percent) {
  unsigned rest = (unsigned)((uint64_t)latency->count * percent / 100), at = 0;
  for (; at < LATENCY_BUCKETS - 1 && latency->buckets[at] <= rest; at++)
    rest -= latency->buckets[at];
  return latency_edge(at);
}

unsigned latency_within(const struct latency *latency, uint64_t ns) {
  unsigned within = 0;
  for (unsigned at = 0; at < LATENCY_BUCKETS && latency_edge(at) <= ns; at++)
    within += latency->buckets[at];
  return within;
}

void latency_fade(struct latency *latency) {
  latency->count = 0;
  for (unsigned i = 0; i < LATENCY_BUCKETS; i++) latency->count += latency->buckets[i] /= 2;
}
