/* A free list of objects of one size: what was allocated once is used again, and given back to the
 * system only by pool_free(). */
#ifndef SCANNER_BASE_POOL_H
#define SCANNER_BASE_POOL_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct pool {
  size_t size; /* of an object, at least a pointer's */
  void *spare; /* each begins with a pointer to the next */
};

/* Zeroed; NULL when there is no memory. */
static inline void *pool_take(struct pool *pool) {
  void *object = pool->spare;
  if (!object) return calloc(1, pool->size);
  memcpy(&pool->spare, object, sizeof(void *));
  return memset(object, 0, pool->size);
}

static inline void pool_give(struct pool *pool, void *object) {
  memcpy(object, &pool->spare, sizeof(void *));
  pool->spare = object;
}

/* Frees the spare objects; those that were taken and not given back are not its to free. */
static inline void pool_free(struct pool *pool) {
  while (pool->spare) {
    void *object = pool->spare;
    memcpy(&pool->spare, object, sizeof(void *));
    free(object);
  }
}

#endif
