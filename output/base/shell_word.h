/* A word as a shell takes it, in one line of printable ASCII, whatever it holds. */
#ifndef OUTPUT_BASE_SHELL_WORD_H
#define OUTPUT_BASE_SHELL_WORD_H

#include "output/base/span.h"
#include <stdio.h>

/* As it is when it needs no quotes; else 'between quotes', which every shell reads; or, with
 * control characters or bytes that are not ASCII, as $'\x1b' (bash, zsh, ksh). */
void shell_word_print(FILE *out, struct span word);

#endif
