#include "output/stats/group_by.h"

#include <stdlib.h>

enum { COLUMN_DOMAINS, COLUMN_VALID, COLUMN_BROKEN };

void groups_free(struct groups *groups) {
  text_counts_free(&groups->map);
}

enum err groups_count(struct groups *groups, const struct tally *tally, const struct mark *mark) {
  struct facet_values values;
  facet_values(groups->facet, tally, mark, &values);
  for (size_t i = 0; i < values.count; i++) {
    struct text_counts_row *row = text_counts_at(&groups->map, values.at[i]);
    if (!row) return ERR_MEMORY;
    row->counts[COLUMN_DOMAINS]++;
    row->counts[COLUMN_VALID] += mark->status == STATUS_VALID;
    row->counts[COLUMN_BROKEN] += mark->status == STATUS_BROKEN;
  }
  return ERR_NONE;
}

enum err groups_merge(struct groups *into, const struct groups *from) {
  return text_counts_merge(&into->map, &from->map);
}

static int line_compare(const void *left, const void *right) {
  const struct figures_line *a = left, *b = right;
  unsigned long long x = strtoull(a->text.ptr, NULL, 10), y = strtoull(b->text.ptr, NULL, 10);
  return (x > y) - (x < y); /* the map terminates its texts */
}

enum err groups_lines(const struct groups *groups, struct figures_line **lines, size_t *count) {
  const struct text_counts_row **rows = text_counts_sorted(&groups->map);
  struct figures_line *made = calloc(groups->map.count + 1, sizeof *made);
  *count = groups->map.count;
  *lines = made;
  for (size_t i = 0; rows && made && i < *count; i++) {
    const uint64_t *columns = rows[i]->counts;
    made[i] = (struct figures_line){
        .text = rows[i]->text,
        .domains = columns[COLUMN_DOMAINS],
        .deployed = columns[COLUMN_VALID] + columns[COLUMN_BROKEN],
        .valid = columns[COLUMN_VALID],
        .broken = columns[COLUMN_BROKEN],
    };
  }
  if (rows && made && facet_is_number(groups->facet))
    qsort(made, *count, sizeof *made, line_compare);
  if (!rows) {
    free(made);
    *lines = NULL;
  }
  free(rows);
  return *lines ? ERR_NONE : ERR_MEMORY;
}
