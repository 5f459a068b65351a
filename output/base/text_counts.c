#include "output/base/text_counts.h"

#include "output/base/siphash.h"
#include <stdlib.h>

enum { COUNTMAP_FIRST_SIZE = 64 };

void countmap_free(struct countmap *map) {
  for (size_t i = 0; i < map->count; i++) free((char *)map->rows[i].text.ptr);
  free(map->rows);
  free(map->slots);
  *map = (struct countmap){0};
}

/* The slot where text stands, or where it would. There is always a free one. */
static size_t countmap_slot(const struct countmap *map, struct span text) {
  size_t slot = hash_text(map->key, text) & (map->size - 1);
  while (map->slots[slot] && !span_equal(map->rows[map->slots[slot] - 1].text, text))
    slot = (slot + 1) & (map->size - 1);
  return slot;
}

static enum err countmap_grow(struct countmap *map) {
  size_t size = map->size ? 2 * map->size : COUNTMAP_FIRST_SIZE;
  map->key = hash_key();
  uint32_t *slots = calloc(size, sizeof *slots);
  struct countmap_row *rows = reallocarray(map->rows, size / 2, sizeof *rows);
  if (rows) map->rows = rows;
  if (!slots || !rows) {
    free(slots);
    return ERR_MEMORY;
  }
  free(map->slots);
  map->slots = slots;
  map->size = size;
  map->room = size / 2;
  for (size_t i = 0; i < map->count; i++)
    slots[countmap_slot(map, map->rows[i].text)] = (uint32_t)i + 1;
  return ERR_NONE;
}

struct countmap_row *countmap_at(struct countmap *map, struct span text) {
  text = span_first(text, COUNTMAP_TEXT_MAX);
  if (map->count == map->room && countmap_grow(map) != ERR_NONE) return NULL;
  size_t slot = countmap_slot(map, text);
  if (map->slots[slot]) return &map->rows[map->slots[slot] - 1];
  char *copy = malloc(text.len + 1);
  if (!copy) return NULL;
  memcpy(copy, text.ptr, text.len);
  copy[text.len] = 0;
  struct countmap_row *row = &map->rows[map->count++];
  *row = (struct countmap_row){.text = {copy, text.len}};
  map->slots[slot] = (uint32_t)map->count;
  return row;
}

const struct countmap_row *countmap_find(const struct countmap *map, struct span text) {
  if (map->size == 0) return NULL;
  size_t slot = countmap_slot(map, span_first(text, COUNTMAP_TEXT_MAX));
  return map->slots[slot] ? &map->rows[map->slots[slot] - 1] : NULL;
}

enum err countmap_merge(struct countmap *into, const struct countmap *from) {
  for (size_t i = 0; i < from->count; i++) {
    struct countmap_row *row = countmap_at(into, from->rows[i].text);
    if (!row) return ERR_MEMORY;
    for (int column = 0; column < COUNTMAP_COLUMNS; column++)
      row->counts[column] += from->rows[i].counts[column];
  }
  return ERR_NONE;
}

static int countmap_compare(const void *left, const void *right) {
  const struct countmap_row *a = *(const struct countmap_row *const *)left;
  const struct countmap_row *b = *(const struct countmap_row *const *)right;
  if (a->counts[0] != b->counts[0]) return a->counts[0] > b->counts[0] ? -1 : 1;
  return strcmp(a->text.ptr, b->text.ptr);
}

const struct countmap_row **countmap_sorted(const struct countmap *map) {
  const struct countmap_row **rows = calloc(map->count + 1, sizeof(struct countmap_row *));
  if (!rows) return NULL;
  for (size_t i = 0; i < map->count; i++) rows[i] = &map->rows[i];
  qsort(rows, map->count, sizeof *rows, countmap_compare);
  return rows;
}
