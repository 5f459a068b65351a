/* Why text is not what it should be, in words: the causes that a reader of raw bytes overlooks. */
#ifndef SCANNER_STS_CAUSE_H
#define SCANNER_STS_CAUSE_H

#include "output/base/span.h"

/* A constant phrase for what text holds and should not (a byte order mark, quotation marks, a
 * backslash, "\n" as two letters, a carriage return, ...), or NULL: nothing that has a name. */
const char *cause_of(struct span text);

/* The bytes of the character that text begins with, if it is one that nobody sees or takes for a
 * plain blank (U+200B, U+FEFF, U+00A0, ...); else 0. *name, if not NULL: a constant phrase. */
size_t cause_unseen(struct span text, const char **name);

/* Whether text holds a typographic quotation mark. */
bool cause_holds_quote(struct span text);

#endif
