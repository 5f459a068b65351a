#include "scanner/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct arena_chunk {
  struct arena_chunk *older;
  size_t size;
  alignas(max_align_t) char bytes[];
};

static size_t arena_limit(const struct arena *arena) {
  return arena->limit ? arena->limit : ARENA_LIMIT_DEFAULT;
}

static bool arena_is_pressed(const struct arena *arena, size_t want) {
  const struct arena_budget *budget = arena->budget;
  return budget && budget->used > arena->total && budget->used + want > budget->limit;
}

static void arena_count(struct arena *arena, size_t more, size_t less) {
  arena->total = arena->total + more - less;
  if (arena->budget) arena->budget->used = arena->budget->used + more - less;
}

static bool arena_grow(struct arena *arena, size_t size) {
  size_t want = size > ARENA_CHUNK_SIZE ? size : ARENA_CHUNK_SIZE;
  if (want > arena_limit(arena) - arena->total) {
    arena->err = ERR_LIMIT;
    return false;
  }
  arena->pressed = arena_is_pressed(arena, want);
  if (arena->pressed) {
    arena->err = ERR_LIMIT;
    return false;
  }
  struct arena_chunk *chunk = malloc(sizeof *chunk + want);
  if (!chunk) {
    arena->err = ERR_MEMORY;
    return false;
  }
  chunk->older = arena->chunks;
  chunk->size = want;
  arena->chunks = chunk;
  arena_count(arena, want, 0);
  arena->next = chunk->bytes;
  arena->left = want;
  return true;
}

void *arena_alloc(struct arena *arena, size_t size) {
  if (arena->err != ERR_NONE) return NULL;
  if (size > arena_limit(arena)) {
    arena->err = ERR_LIMIT;
    return NULL;
  }
  const size_t align = alignof(max_align_t);
  size_t rounded = size ? (size + align - 1) / align * align : align;
  if (rounded > arena->left && !arena_grow(arena, rounded)) return NULL;
  void *at = arena->next;
  arena->next += rounded;
  arena->left -= rounded;
  return memset(at, 0, rounded);
}

void *arena_array(struct arena *arena, size_t count, size_t size) {
  if (size && count > SIZE_MAX / size) {
    if (arena->err == ERR_NONE) arena->err = ERR_LIMIT;
    return NULL;
  }
  return arena_alloc(arena, count * size);
}

struct span arena_copy(struct arena *arena, struct span bytes) {
  return arena_join(arena, bytes, (struct span){0});
}

struct span arena_join(struct arena *arena, struct span a, struct span b) {
  char *at = arena_alloc(arena, a.len + b.len + 1);
  if (!at) return (struct span){0};
  if (a.len) memcpy(at, a.ptr, a.len);
  if (b.len) memcpy(at + a.len, b.ptr, b.len);
  return (struct span){at, a.len + b.len};
}

struct span arena_format(struct arena *arena, const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  struct span text = {0};
  int len = vsnprintf(NULL, 0, format, args);
  char *at = len < 0 ? NULL : arena_alloc(arena, (size_t)len + 1);
  if (at) {
    vsnprintf(at, (size_t)len + 1, format, again);
    text = (struct span){at, (size_t)len};
  }
  va_end(again);
  va_end(args);
  return text;
}

void arena_reset(struct arena *arena) {
  struct arena_chunk *keep = NULL;
  while (arena->chunks) {
    struct arena_chunk *chunk = arena->chunks;
    arena->chunks = chunk->older;
    if (!keep && chunk->size == ARENA_CHUNK_SIZE)
      keep = chunk;
    else
      free(chunk);
  }
  arena_count(arena, 0, arena->total);
  *arena = (struct arena){.limit = arena->limit, .budget = arena->budget};
  if (!keep) return;
  keep->older = NULL;
  arena->chunks = keep;
  arena_count(arena, keep->size, 0);
  arena->next = keep->bytes;
  arena->left = keep->size;
}

void arena_free(struct arena *arena) {
  while (arena->chunks) {
    struct arena_chunk *chunk = arena->chunks;
    arena->chunks = chunk->older;
    free(chunk);
  }
  arena_count(arena, 0, arena->total);
  *arena = (struct arena){.limit = arena->limit, .budget = arena->budget};
}
