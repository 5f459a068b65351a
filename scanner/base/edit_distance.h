/* How far two short texts are apart: the fewest single bytes to add, drop or replace. */
#ifndef SCANNER_BASE_EDIT_DISTANCE_H
#define SCANNER_BASE_EDIT_DISTANCE_H

#include "output/base/span.h"

enum { EDIT_DISTANCE_TEXT_MAX = 255 };

/* Ignores the case of ASCII letters. A text over EDIT_DISTANCE_TEXT_MAX bytes is
 * EDIT_DISTANCE_TEXT_MAX from every other. */
unsigned edit_distance(struct span a, struct span b);

#endif
