/* What goes from a line of a list into its record as it is: the line as given, where the domain is
 * only a part of it, and labels. Pure.
 *
 * In one piece of bytes, so that whoever puts a domain aside, for a while or into a file, keeps one
 * thing and does not look into it. An empty piece: there is nothing.
 */
#ifndef SCANNER_STS_CARRIED_H
#define SCANNER_STS_CARRIED_H

#include "output/record/result.h"

enum {
  CARRIED_LINE_MAX = 4096, /* octets; what is beyond is cut */
  CARRIED_LABEL_NAME_MAX = 64,
  CARRIED_LABEL_VALUE_MAX = 255,
  CARRIED_MAX = 2 + CARRIED_LINE_MAX +
                RESULT_LABELS_MAX * (4 + CARRIED_LABEL_NAME_MAX + CARRIED_LABEL_VALUE_MAX),
};

struct carried {
  char bytes[CARRIED_MAX];
  size_t len;
  unsigned labels;
};

/* Begins with the line; empty: it is not kept. */
void carried_begin(struct carried *carried, struct span line);

/* Adds a label. What is too long is cut before a character of UTF-8; one with an empty name or
 * value, or over RESULT_LABELS_MAX, is left out. False: something was cut or left out for its
 * length or number. */
bool carried_label(struct carried *carried, struct span name, struct span value);

/* The piece; empty when there is neither a line nor a label. */
struct span carried_piece(const struct carried *carried);

/* What a piece holds, in spans into it. */
struct span carried_line(struct span piece); /* not here: none */
struct result_labels carried_labels(struct span piece, struct result_label at[RESULT_LABELS_MAX]);

#endif
