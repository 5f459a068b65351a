/* A hash of text that comes from the network or a list: keyed by chance, once a process, so that
 * nobody can choose texts that collide. SipHash-1-3 (Aumasson, Bernstein), 64 bits. Never stored,
 * never compared between processes.
 */
#ifndef OUTPUT_BASE_SIPHASH_H
#define OUTPUT_BASE_SIPHASH_H

#include "output/base/span.h"
#include <stdint.h>

struct hash_key {
  uint64_t k0, k1;
};

/* The key of this process. Safe by several threads at once. */
struct hash_key hash_key(void);

uint64_t hash_text(struct hash_key key, struct span text);

#endif
