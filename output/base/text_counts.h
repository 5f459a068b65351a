/* A map from short texts to rows of counters. Memory grows with the different texts; the texts are
 * copied, over COUNTMAP_TEXT_MAX bytes they are cut. Not for use by several threads at once.
 */
#ifndef OUTPUT_BASE_TEXT_COUNTS_H
#define OUTPUT_BASE_TEXT_COUNTS_H

#include "output/base/err.h"
#include "output/base/siphash.h"

enum { COUNTMAP_COLUMNS = 4, COUNTMAP_TEXT_MAX = 255 };

struct countmap_row {
  struct span text;
  uint64_t counts[COUNTMAP_COLUMNS];
};

/* Initialise with zeroes. */
struct countmap {
  struct countmap_row *rows; /* in the order of their first coming */
  size_t count, room;
  uint32_t *slots; /* 1 + index of the row; 0: free */
  size_t size;     /* of slots: a power of two */
  struct hash_key key;
};

void countmap_free(struct countmap *map);

/* The row of text, made when there is none; NULL: no memory. Valid until the next call. */
struct countmap_row *countmap_at(struct countmap *map, struct span text);

/* The row of text, or NULL. */
const struct countmap_row *countmap_find(const struct countmap *map, struct span text);

enum err countmap_merge(struct countmap *into, const struct countmap *from);

/* The rows by the first column, largest first, then by text. NULL: no memory (or no rows); to be
 * freed with free(). */
const struct countmap_row **countmap_sorted(const struct countmap *map);

#endif
