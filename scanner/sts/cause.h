/* Why text is not what it should be, in words: the causes that a reader of raw bytes overlooks. */
#ifndef SCANNER_STS_CAUSE_H
#define SCANNER_STS_CAUSE_H

#include "output/span.h"

/* A constant phrase for what text holds and should not (a byte order mark, quotation marks, a
 * backslash, "\n" as two letters, a carriage return, ...), or NULL: nothing that has a name. */
const char *cause_of(struct span text);

/* Levenshtein's distance of two short words, or limit + 1 when it is more than limit. Words over
 * CAUSE_WORD_MAX bytes are beyond any limit. */
enum { CAUSE_WORD_MAX = 255 };
unsigned cause_distance(struct span a, struct span b, unsigned limit);

#endif
