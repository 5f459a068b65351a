/* Text from outside, made fit for a terminal: whatever it holds, only printable characters come
 * out.
 *
 * Control characters (C0, DEL, C1), bytes that are not UTF-8, and the characters that turn or hide
 * what stands around them (bidirectional controls, zero widths, line separators) are shown escaped:
 * \x1b, \u202e.
 */
#ifndef OUTPUT_BASE_TERMINAL_TEXT_H
#define OUTPUT_BASE_TERMINAL_TEXT_H

#include "output/base/span.h"
#include <stdio.h>

enum { TERMINAL_TEXT_CHARACTER_MAX = 12 }; /* octets that a character is shown as, with a NUL */

void terminal_text_print(FILE *out, struct span text);

/* The same into memory: as many whole characters as size allows, without a NUL. Gives their
 * octets. */
size_t terminal_text_escape(struct span text, char *out, size_t size);

#endif
