#include "scanner/sts/shard.h"

#include <stdint.h>

unsigned shard_of(struct span name, unsigned shards) {
  uint64_t hash = 0xcbf29ce484222325;
  for (size_t i = 0; i < name.len; i++) {
    hash ^= (unsigned char)name.ptr[i];
    hash *= 0x100000001b3;
  }
  return (unsigned)(hash % shards);
}
