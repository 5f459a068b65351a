/* UTF-8 by RFC 3629: no surrogates, no overlong forms, nothing beyond U+10FFFF. */
#ifndef OUTPUT_BASE_UTF8_H
#define OUTPUT_BASE_UTF8_H

#include "output/base/span.h"

/* The length of the well-formed character at the start of text, and its number; 0: there is none.
 * text is not empty. */
size_t utf8_next(struct span text, unsigned *character);

#endif
