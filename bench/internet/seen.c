#include "bench/internet/seen.h"
#include <stdlib.h>

enum { SEEN_ROOM = 1 << 16 };

static struct seen_entry *seen_probe(const struct seen *seen, uint64_t key) {
  size_t at = key & (seen->room - 1);
  while (seen->entries[at].key && seen->entries[at].key != key) at = (at + 1) & (seen->room - 1);
  return &seen->entries[at];
}

static bool seen_grow(struct seen *seen) {
  struct seen larger = {.room = seen->room ? 2 * seen->room : SEEN_ROOM, .count = seen->count};
  larger.entries = calloc(larger.room, sizeof *larger.entries);
  if (!larger.entries) return false;
  for (size_t i = 0; i < seen->room; i++)
    if (seen->entries[i].key) *seen_probe(&larger, seen->entries[i].key) = seen->entries[i];
  free(seen->entries);
  *seen = larger;
  return true;
}

struct seen_entry *seen_find(struct seen *seen, uint64_t key) {
  key += !key;
  if (2 * seen->count >= seen->room && !seen_grow(seen)) return NULL;
  struct seen_entry *entry = seen_probe(seen, key);
  if (!entry->key) {
    entry->key = key;
    seen->count++;
  }
  return entry;
}

void seen_free(struct seen *seen) {
  free(seen->entries);
}
