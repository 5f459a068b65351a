/* A hash of text that comes from the network or a list: keyed by chance, once a process, so that
 * nobody can choose texts that collide. SipHash-1-3 (Aumasson, Bernstein), 64 bits. Never stored,
 * never compared between processes.
 */
#ifndef OUTPUT_BASE_SIPHASH_H
#define OUTPUT_BASE_SIPHASH_H

#include "output/base/span.h"
#include <stdint.h>

struct siphash_key {
  uint64_t k0, k1;
};

/* The key of this process. Safe by several threads at once. */
struct siphash_key siphash_key(void);

uint64_t siphash_text(struct siphash_key key, struct span text);

#endif
