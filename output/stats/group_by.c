#include "output/stats/group_by.h"

#include <stdlib.h>

enum { COLUMN_DOMAINS, COLUMN_VALID, COLUMN_BROKEN };

void group_by_free(struct group_by *groups) {
  text_counts_free(&groups->map);
}

enum err group_by_count(struct group_by *groups, const struct tally *tally,
                        const struct domain_facts *facts) {
  struct dimension_values values;
  dimension_values(groups->dimension, tally, facts, &values);
  for (size_t i = 0; i < values.count; i++) {
    struct text_counts_row *row = text_counts_within(&groups->map, values.at[i], GROUP_BY_MAX);
    if (!row) return ERR_MEMORY;
    row->counts[COLUMN_DOMAINS]++;
    row->counts[COLUMN_VALID] += facts->status == STATUS_VALID;
    row->counts[COLUMN_BROKEN] += facts->status == STATUS_BROKEN;
  }
  return ERR_NONE;
}

enum err group_by_merge(struct group_by *into, const struct group_by *from) {
  return text_counts_merge(&into->map, &from->map, GROUP_BY_MAX);
}

static int line_compare(const void *left, const void *right) {
  const struct statistics_line *a = left, *b = right;
  unsigned long long x = strtoull(a->text.ptr, NULL, 10), y = strtoull(b->text.ptr, NULL, 10);
  return (x > y) - (x < y); /* the map terminates its texts */
}

enum err group_by_lines(const struct group_by *groups, struct statistics_line **lines,
                        size_t *count) {
  const struct text_counts_row **rows = text_counts_sorted(&groups->map);
  struct statistics_line *made = calloc(groups->map.count + 1, sizeof *made);
  *count = groups->map.count;
  *lines = made;
  for (size_t i = 0; rows && made && i < *count; i++) {
    const uint64_t *columns = rows[i]->counts;
    made[i] = (struct statistics_line){
        .text = rows[i]->text,
        .domains = columns[COLUMN_DOMAINS],
        .deployed = columns[COLUMN_VALID] + columns[COLUMN_BROKEN],
        .valid = columns[COLUMN_VALID],
        .broken = columns[COLUMN_BROKEN],
    };
  }
  if (rows && made && dimension_is_number(groups->dimension))
    qsort(made, *count, sizeof *made, line_compare);
  if (!rows) {
    free(made);
    *lines = NULL;
  }
  free(rows);
  return *lines ? ERR_NONE : ERR_MEMORY;
}
