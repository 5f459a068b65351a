/* Why text is not what it should be, in words: the causes that a reader of raw bytes overlooks. */
#ifndef SCANNER_STS_CAUSE_H
#define SCANNER_STS_CAUSE_H

#include "output/base/span.h"

/* A constant phrase for what text holds and should not (a byte order mark, quotation marks, a
 * backslash, "\n" as two letters, a carriage return, ...), or NULL: nothing that has a name. */
const char *cause_of(struct span text);

#endif
