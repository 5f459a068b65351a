/* A set of line numbers: a bit a line, in pages that come with the first line of theirs.
 *
 * Filled by one thread; after that any number of threads may read.
 */
#ifndef OUTPUT_RESULTS_LINE_SET_H
#define OUTPUT_RESULTS_LINE_SET_H

#include "output/base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum { MARKS_PAGE_LINES = 1 << 19 }; /* 64 KiB */

#define MARKS_LINE_MAX ((uint64_t)1 << 36) /* the highest line that can be marked */

struct marks;

enum err marks_new(struct marks **marks);
void marks_free(struct marks *marks); /* NULL is allowed */

/* n from 1. ERR_LIMIT: 0 or over MARKS_LINE_MAX; ERR_MEMORY. */
enum err marks_set(struct marks *marks, uint64_t n);

/* NULL: an empty set. */
bool marks_has(const struct marks *marks, uint64_t n);

/* How many lines are marked; each counts once. NULL: an empty set. */
uint64_t marks_count(const struct marks *marks);

/* Empties the set. */
void marks_clear(struct marks *marks);

#endif
