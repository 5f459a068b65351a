#include "output/base/text_counts.h"

#include "output/base/siphash.h"
#include <stdlib.h>

enum { TEXT_COUNTS_FIRST_SIZE = 64 };

void text_counts_free(struct text_counts *map) {
  for (size_t i = 0; i < map->count; i++) free((char *)map->rows[i].text.ptr);
  free(map->rows);
  free(map->slots);
  *map = (struct text_counts){0};
}

/* The slot where text stands, or where it would. There is always a free one. */
static size_t text_counts_slot(const struct text_counts *map, struct span text) {
  size_t slot = siphash_text(map->key, text) & (map->size - 1);
  while (map->slots[slot] && !span_equal(map->rows[map->slots[slot] - 1].text, text))
    slot = (slot + 1) & (map->size - 1);
  return slot;
}

static enum err text_counts_grow(struct text_counts *map) {
  size_t size = map->size ? 2 * map->size : TEXT_COUNTS_FIRST_SIZE;
  map->key = siphash_key();
  uint32_t *slots = calloc(size, sizeof *slots);
  struct text_counts_row *rows = reallocarray(map->rows, size / 2, sizeof *rows);
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
    slots[text_counts_slot(map, map->rows[i].text)] = (uint32_t)i + 1;
  return ERR_NONE;
}

struct text_counts_row *text_counts_at(struct text_counts *map, struct span text) {
  text = span_first(text, TEXT_COUNTS_TEXT_MAX);
  if (map->count == map->room && text_counts_grow(map) != ERR_NONE) return NULL;
  size_t slot = text_counts_slot(map, text);
  if (map->slots[slot]) return &map->rows[map->slots[slot] - 1];
  char *copy = malloc(text.len + 1);
  if (!copy) return NULL;
  memcpy(copy, text.ptr, text.len);
  copy[text.len] = 0;
  struct text_counts_row *row = &map->rows[map->count++];
  *row = (struct text_counts_row){.text = {copy, text.len}};
  map->slots[slot] = (uint32_t)map->count;
  return row;
}

const struct text_counts_row *text_counts_find(const struct text_counts *map, struct span text) {
  if (map->size == 0) return NULL;
  size_t slot = text_counts_slot(map, span_first(text, TEXT_COUNTS_TEXT_MAX));
  return map->slots[slot] ? &map->rows[map->slots[slot] - 1] : NULL;
}

struct text_counts_row *text_counts_within(struct text_counts *map, struct span text, size_t most) {
  bool fits = map->count < most || text_counts_find(map, text);
  return text_counts_at(map, fits ? text : TEXT_COUNTS_OTHER);
}

void text_counts_add(struct text_counts_row *into, const struct text_counts_row *from) {
  for (int column = 0; column < TEXT_COUNTS_COLUMNS; column++)
    into->counts[column] += from->counts[column];
}

static int text_counts_compare(const void *left, const void *right) {
  const struct text_counts_row *a = *(const struct text_counts_row *const *)left;
  const struct text_counts_row *b = *(const struct text_counts_row *const *)right;
  if (a->counts[0] != b->counts[0]) return a->counts[0] > b->counts[0] ? -1 : 1;
  return strcmp(a->text.ptr, b->text.ptr);
}

const struct text_counts_row **text_counts_sorted(const struct text_counts *map) {
  const struct text_counts_row **rows = calloc(map->count + 1, sizeof(struct text_counts_row *));
  if (!rows) return NULL;
  for (size_t i = 0; i < map->count; i++) rows[i] = &map->rows[i];
  qsort(rows, map->count, sizeof *rows, text_counts_compare);
  return rows;
}
