/* Labels that somebody asked for (label.NAME), and which of them some record has: a name that none
 * has is nearly always misspelt. Plain data that points into the texts that were given. Pure. */
#ifndef OUTPUT_STATS_LABELS_ASKED_H
#define OUTPUT_STATS_LABELS_ASKED_H

#include "output/record/result.h"

enum { LABELS_ASKED_MAX = 64 }; /* a bit each */

struct labels_asked {
  struct span names[LABELS_ASKED_MAX];
  unsigned count;
};

/* One more, unless it is there already, or empty. */
void labels_asked_add(struct labels_asked *asked, struct span name);

/* A bit for each that is among these labels. */
uint64_t labels_asked_among(const struct labels_asked *asked, const struct result_labels *labels);

#endif
