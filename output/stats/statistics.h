/* The finished statistics: plain data that every report (JSON, text, HTML) is made from, so that
 * they cannot differ.
 */
#ifndef OUTPUT_STATS_STATISTICS_H
#define OUTPUT_STATS_STATISTICS_H

#include "output/stats/managed.h"

/* One TLD, or one bin of ranks. */
struct figures_line {
  struct span text;  /* the TLD */
  uint64_t from, to; /* the ranks */
  uint64_t domains, deployed, valid, broken;
};

struct figures {
  struct counts counts;
  struct managed_figures managed;
  struct managed_limits limits;
  struct figures_line *tlds; /* most domains first */
  size_t tld_count;
  struct figures_line *ranks; /* in order; bins without a domain are left out */
  size_t rank_count;
};

/* valid + broken. */
uint64_t figures_deployed(const struct figures *figures);

void figures_free(struct figures *figures);

#endif
