/* An arena: the memory of one domain's journey, freed at once.
 *
 * Grows by chunks up to a limit; a failed allocation (no memory, or over the limit) is sticky:
 * everything after it fails too, so a caller may check once at the end. What it gives stays in
 * place until arena_reset() or arena_free(). An arena that was never used owns no memory, so the
 * slot of an absent domain costs nothing. Not for use by several threads at once.
 */
#ifndef SCANNER_BASE_ARENA_H
#define SCANNER_BASE_ARENA_H

#include "output/base/err.h"
#include "output/base/span.h"

enum {
  ARENA_CHUNK_SIZE = 4096,
  /* What one domain may hold: a policy, its copies in several forms, DNS answers, certificate. */
  ARENA_LIMIT_DEFAULT = 4 * 1024 * 1024,
};

struct arena_chunk;

/* What several arenas may hold together. One that is over it fails with ERR_LIMIT and is pressed;
 * the only one that holds anything never is, so that somebody always gets on. */
struct arena_budget {
  size_t used, limit; /* bytes */
};

/* Initialise with {.limit = ..., .budget = ...}; all else zero. */
struct arena {
  struct arena_chunk *chunks; /* newest first */
  char *next;
  size_t left;
  size_t total;                /* bytes of all chunks */
  size_t limit;                /* 0: ARENA_LIMIT_DEFAULT */
  struct arena_budget *budget; /* NULL: none */
  bool pressed;                /* err is the budget's, not its own limit's */
  enum err err;                /* sticky: ERR_MEMORY or ERR_LIMIT */
};

/* Zeroed, aligned for any type; NULL once err is set. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);

/* As arena_alloc of count * size, safe against overflow. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* A copy of the bytes; a NUL follows them. {NULL, 0} once err is set. */
struct span arena_copy(struct arena *arena, struct span bytes);

/* Formatted text, NUL follows; {NULL, 0} once err is set. */
__attribute__((format(printf, 2, 3))) struct span arena_format(struct arena *arena,
                                                               const char *format, ...);

/* The bytes of a and b as one span. */
struct span arena_join(struct arena *arena, struct span a, struct span b);

/* Forgets everything but keeps one ordinary chunk for the next use, and clears err. */
void arena_reset(struct arena *arena);

/* Gives all memory back; the arena may be used again. */
void arena_free(struct arena *arena);

#endif
