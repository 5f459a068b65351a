/* A map from short texts to rows of counters. Memory grows with the different texts, up to the most
 * that the caller names; the texts are copied, over TEXT_COUNTS_TEXT_MAX bytes they are cut. Not
 * for use by several threads at once.
 */
#ifndef OUTPUT_BASE_TEXT_COUNTS_H
#define OUTPUT_BASE_TEXT_COUNTS_H

#include "output/base/err.h"
#include "output/base/siphash.h"

enum { TEXT_COUNTS_COLUMNS = 6, TEXT_COUNTS_TEXT_MAX = 255 };

/* The row of all that came when there was no room for a row of their own. */
#define TEXT_COUNTS_OTHER SPAN("other")

struct text_counts_row {
  struct span text;
  uint64_t counts[TEXT_COUNTS_COLUMNS];
};

/* Initialise with zeroes. */
struct text_counts {
  struct text_counts_row *rows; /* in the order of their first coming */
  size_t count, room;
  uint32_t *slots; /* 1 + index of the row; 0: free */
  size_t size;     /* of slots: a power of two */
  struct siphash_key key;
};

void text_counts_free(struct text_counts *map);

/* The row of text, made when there is none; NULL: no memory. Valid until the next call. */
struct text_counts_row *text_counts_at(struct text_counts *map, struct span text);

/* The same with at most so many rows, and one more: with no room left, the row "other". */
struct text_counts_row *text_counts_within(struct text_counts *map, struct span text, size_t most);

/* The row of text, or NULL. */
const struct text_counts_row *text_counts_find(const struct text_counts *map, struct span text);

void text_counts_add(struct text_counts_row *into, const struct text_counts_row *from);

/* The rows by the first column, largest first, then by text. NULL: no memory (or no rows); to be
 * freed with free(). */
const struct text_counts_row **text_counts_sorted(const struct text_counts *map);

#endif
