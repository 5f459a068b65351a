/* Domains counted by the values of one dimension or two: `stats --by A[,B]`.
 *
 * In two steps, as the facts of a domain may wait until it is clear that its record counts: a
 * combination of values gets a row, and a row is counted. Memory grows with the values, up to a
 * limit; over it they stand together as "other".
 */
#ifndef OUTPUT_STATS_GROUP_BY_H
#define OUTPUT_STATS_GROUP_BY_H

#include "output/stats/dimension.h"

enum {
  GROUP_BY_DIMENSIONS = 2,
  GROUP_BY_MAX = 100000,             /* values of each dimension */
  GROUP_BY_COMBINATIONS_MAX = 500000 /* over it a domain is "other" in both */
};

/* Initialise with the dimensions and their count; all else zero. No dimension: nothing is counted.
 */
struct group_by {
  enum dimension dimensions[GROUP_BY_DIMENSIONS];
  struct span names[GROUP_BY_DIMENSIONS]; /* of them, as given */
  unsigned dimension_count;
  struct text_counts values[GROUP_BY_DIMENSIONS]; /* the columns stay 0 */
  struct text_counts combinations;                /* columns as in group_by.c */
  struct text_counts groups;                      /* of one value each; merged */
};

/* A group. */
struct group_by_line {
  struct span values[GROUP_BY_DIMENSIONS];
  uint64_t domains, deployed, valid, broken;
};

void group_by_free(struct group_by *groups);

/* The row of the domain's values, from 1; 0: it has none for some dimension. */
enum err group_by_row(struct group_by *groups, const struct dimension_domain *domain,
                      uint32_t *row);
void group_by_count(struct group_by *groups, uint32_t row, const struct domain_facts *facts);
enum err group_by_merge(struct group_by *into, const struct group_by *from);

/* The groups that were merged, most domains first, numbers in their order; *lines is to be freed,
 * its texts belong to the groups. */
enum err group_by_lines(const struct group_by *groups, struct group_by_line **lines, size_t *count);

#endif
