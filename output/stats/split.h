/* Domains counted by the values of a label, each with all its statuses, effects and codes: what
 * `stats --metrics` splits by.
 *
 * In two steps, as group_by.h. Memory grows with the values up to SPLIT_VALUES_MAX; over it the
 * rest stand together as "other", and so do, when it is told, all but the SPLIT_TOLD_MAX values
 * with most domains.
 */
#ifndef OUTPUT_STATS_SPLIT_H
#define OUTPUT_STATS_SPLIT_H

#include "output/base/text_counts.h"
#include "output/stats/domain_facts.h"

enum { SPLIT_VALUES_MAX = 10000, SPLIT_TOLD_MAX = 1000 };

struct split_counts {
  uint64_t domains;
  uint64_t status[STATUS_COUNT];
  uint64_t effect[EFFECT_COUNT];
};

/* Initialise with the label; all else zero. No label: nothing is counted. */
struct split {
  struct span label;
  struct text_counts values;   /* the columns stay 0; "": domains without the label */
  struct split_counts *counts; /* by row of values */
  size_t room;
  struct text_counts codes; /* of each row and code: domains */
};

void split_free(struct split *split);

/* The row of the domain's value, from 1. */
enum err split_row(struct split *split, const struct result *result, uint32_t *row);
enum err split_count(struct split *split, uint32_t row, const struct domain_facts *facts);
enum err split_merge(struct split *into, const struct split *from);

/* A value, told. */
struct split_line {
  struct span value; /* belongs to the split; empty: without the label */
  struct split_counts counts;
  uint64_t codes[FOUND_COUNT];
};

/* Most domains first, "other" last; *lines is to be freed. */
enum err split_lines(const struct split *split, struct split_line **lines, size_t *count);

#endif
