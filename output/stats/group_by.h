/* Domains counted by the values of one facet: `stats --by`. Memory grows with the values. */
#ifndef OUTPUT_STATS_GROUP_BY_H
#define OUTPUT_STATS_GROUP_BY_H

#include "output/stats/dimension.h"

/* Initialise with {.facet = ...}; all else zero. FACET_COUNT: nothing is counted. */
struct groups {
  enum facet facet;
  struct text_counts map; /* the columns stand in group_by.c */
};

void groups_free(struct groups *groups);

enum err groups_count(struct groups *groups, const struct tally *tally, const struct mark *mark);
enum err groups_merge(struct groups *into, const struct groups *from);

/* The groups, most domains first; *lines is to be freed, its texts belong to the groups. */
enum err groups_lines(const struct groups *groups, struct figures_line **lines, size_t *count);

#endif
