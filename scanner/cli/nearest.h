/* "Did you mean ...": the known word that a mistyped one was most likely meant to be. */
#ifndef SCANNER_CLI_NEAREST_H
#define SCANNER_CLI_NEAREST_H

#include "output/base/span.h"
#include <stdbool.h>

enum { NEAREST_WORD_MAX = 64 }; /* a longer word is like no other */

/* The i-th known word, NULL behind the last; data is the caller's. */
typedef const char *nearest_word(const void *data, size_t i);

/* The first of those that are least far from `word`; NULL where none is near: a third of its
 * letters may differ, and one in a short word. */
const char *nearest_find(const char *word, nearest_word *words, const void *data);

/* Complains that `word` is not allowed as the value of `option`, and tells the nearest that is;
 * false: none is near, and nothing was said. */
bool nearest_complain(const char *command, const char *option, struct span word,
                      nearest_word *words, const void *data);

#endif
