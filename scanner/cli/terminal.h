/* What can be expected of the place that output goes to. */
#ifndef SCANNER_CLI_TERMINAL_H
#define SCANNER_CLI_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

enum {
  TERMINAL_WIDTH_DEFAULT = 80,
  TERMINAL_WIDTH_MIN = 40,
  TERMINAL_WIDTH_MAX = 100, /* longer lines of text are hard to read */
};

bool terminal_is(FILE *out);

/* Only a terminal that is not dumb, and not when NO_COLOR is set and not empty (no-color.org). */
bool terminal_colour(FILE *out);

/* Columns to wrap text at, between the bounds above. */
unsigned terminal_width(FILE *out);

#endif
