/* A set of line numbers: a bit a line, in pages of memory that come with the first of their lines.
 *
 * Filled by one thread; after that any number of threads may read.
 */
#ifndef OUTPUT_RESULTS_LINE_SET_H
#define OUTPUT_RESULTS_LINE_SET_H

#include "output/base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum { LINE_SET_PAGE_LINES = 1 << 19 }; /* 64 KiB */

#define LINE_SET_LINE_MAX ((uint64_t)1 << 36) /* the highest line that can be marked */

struct line_set;

enum err line_set_new(struct line_set **set);
void line_set_free(struct line_set *set); /* NULL is allowed */

/* n from 1. ERR_LIMIT: 0 or over LINE_SET_LINE_MAX; ERR_MEMORY. */
enum err line_set_set(struct line_set *set, uint64_t n);

/* NULL: an empty set. */
bool line_set_has(const struct line_set *set, uint64_t n);

/* How many lines are marked; each counts once. NULL: an empty set. */
uint64_t line_set_count(const struct line_set *set);

/* Empties the set. */
void line_set_clear(struct line_set *set);

#endif
