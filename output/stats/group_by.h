/* Domains counted by the values of one facet: `stats --by`. Over GROUP_BY_MAX values, the rest
 * stand in the row "other". */
#ifndef OUTPUT_STATS_GROUP_BY_H
#define OUTPUT_STATS_GROUP_BY_H

#include "output/stats/dimension.h"

enum { GROUP_BY_MAX = MANAGED_PROVIDERS_MAX };

/* Initialise with {.facet = ...}; all else zero. DIMENSION_COUNT: nothing is counted. */
struct group_by {
  enum dimension dimension;
  struct text_counts map; /* the columns stand in group_by.c */
};

void group_by_free(struct group_by *groups);

enum err group_by_count(struct group_by *groups, const struct tally *tally,
                        const struct domain_facts *facts);
enum err group_by_merge(struct group_by *into, const struct group_by *from);

/* The groups, most domains first; *lines is to be freed, its texts belong to the groups. */
enum err group_by_lines(const struct group_by *groups, struct statistics_line **lines,
                        size_t *count);

#endif
