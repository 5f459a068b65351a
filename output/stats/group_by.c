#include "output/stats/group_by.h"

#include <assert.h>
#include <stdlib.h>

enum { COLUMN_DOMAINS, COLUMN_VALID, COLUMN_BROKEN };

/* A combination: of each dimension how many values, and their rows in base 128, the lowest digit
 * first; what does not fit into a text is left out, which no record of ours needs. */
enum { COMBINATION_DIGITS = 3, COMBINATION_VALUES = 120 };

static_assert(FOUND_COUNT < 128 && REASON_COUNT < 512, "codes need one digit, reasons two");
static_assert(GROUP_BY_MAX < 1 << (7 * COMBINATION_DIGITS), "rows fit into their digits");

struct combination {
  char text[TEXT_COUNTS_TEXT_MAX];
  size_t len;
};

void group_by_free(struct group_by *groups) {
  for (int i = 0; i < GROUP_BY_DIMENSIONS; i++) text_counts_free(&groups->values[i]);
  text_counts_free(&groups->combinations);
  text_counts_free(&groups->groups);
}

static void combination_put(struct combination *to, uint32_t row) {
  for (; row >= 128; row >>= 7) to->text[to->len++] = (char)(row & 127);
  to->text[to->len++] = (char)(row | 128);
}

static uint32_t combination_take(struct span *from) {
  uint32_t row = 0;
  for (int shift = 0; from->len; shift += 7) {
    unsigned char digit = (unsigned char)from->ptr[0];
    *from = span_skip(*from, 1);
    row |= (uint32_t)(digit & 127) << shift;
    if (digit & 128) break;
  }
  return row;
}

/* The values of one dimension; false: no memory. */
static bool combination_add(struct combination *to, struct text_counts *values,
                            const struct dimension_values *has) {
  size_t at = to->len++, most = at + COMBINATION_VALUES, count = 0;
  for (size_t i = 0; i < has->count && to->len + COMBINATION_DIGITS <= most; i++, count++) {
    const struct text_counts_row *row = text_counts_within(values, has->at[i], GROUP_BY_MAX);
    if (!row) return false;
    combination_put(to, (uint32_t)(row - values->rows));
  }
  to->text[at] = (char)count;
  return true;
}

static const struct text_counts_row *combination_other(struct group_by *groups) {
  struct combination made = {.len = 0};
  struct dimension_values other = {.count = 1};
  other.at[0] = TEXT_COUNTS_OTHER;
  for (unsigned i = 0; i < groups->dimension_count; i++)
    if (!combination_add(&made, &groups->values[i], &other)) return NULL;
  return text_counts_at(&groups->combinations, (struct span){made.text, made.len});
}

enum err group_by_row(struct group_by *groups, const struct dimension_domain *domain,
                      uint32_t *row) {
  struct combination made = {.len = 0};
  struct dimension_values has;
  *row = 0;
  for (unsigned i = 0; i < groups->dimension_count; i++) {
    struct dimension_domain asked = *domain;
    asked.label = dimension_label(groups->names[i]);
    dimension_groups(groups->dimensions[i], &asked, &has);
    if (has.count == 0) return ERR_NONE;
    if (!combination_add(&made, &groups->values[i], &has)) return ERR_MEMORY;
  }
  struct span text = {made.text, made.len};
  const struct text_counts_row *found = text_counts_find(&groups->combinations, text);
  if (!found && groups->combinations.count >= GROUP_BY_COMBINATIONS_MAX)
    found = combination_other(groups);
  else if (!found)
    found = text_counts_at(&groups->combinations, text);
  if (!found) return ERR_MEMORY;
  *row = (uint32_t)(found - groups->combinations.rows) + 1;
  return ERR_NONE;
}

void group_by_count(struct group_by *groups, uint32_t row, const struct domain_facts *facts) {
  if (row == 0) return;
  uint64_t *counts = groups->combinations.rows[row - 1].counts;
  counts[COLUMN_DOMAINS]++;
  counts[COLUMN_VALID] += facts->status == STATUS_VALID;
  counts[COLUMN_BROKEN] += facts->status == STATUS_BROKEN;
}

/* The values of one dimension of a combination, as rows of `into`. */
struct expansion {
  uint32_t rows[COMBINATION_VALUES];
  size_t count;
};

static enum err expand(struct span *rest, struct text_counts *into, const struct text_counts *from,
                       struct expansion *expansion) {
  *expansion = (struct expansion){.count = (unsigned char)rest->ptr[0]};
  *rest = span_skip(*rest, 1);
  for (size_t i = 0; i < expansion->count; i++) {
    struct span text = from->rows[combination_take(rest)].text;
    const struct text_counts_row *row = text_counts_within(into, text, GROUP_BY_MAX);
    if (!row) return ERR_MEMORY;
    expansion->rows[i] = (uint32_t)(row - into->rows);
  }
  return ERR_NONE;
}

static enum err group_add(struct group_by *into, const uint32_t key[GROUP_BY_DIMENSIONS],
                          const struct text_counts_row *from) {
  struct span text = {(const char *)key, sizeof *key * GROUP_BY_DIMENSIONS};
  struct text_counts_row *row = text_counts_at(&into->groups, text);
  if (!row) return ERR_MEMORY;
  text_counts_add(row, from);
  return ERR_NONE;
}

static enum err combination_merge(struct group_by *into, const struct group_by *from,
                                  const struct text_counts_row *row) {
  struct expansion parts[GROUP_BY_DIMENSIONS] = {0};
  struct span rest = row->text;
  enum err err = ERR_NONE;
  parts[1].count = 1;
  for (unsigned i = 0; i < from->dimension_count && err == ERR_NONE; i++)
    err = expand(&rest, &into->values[i], &from->values[i], &parts[i]);
  for (size_t a = 0; err == ERR_NONE && a < parts[0].count; a++)
    for (size_t b = 0; err == ERR_NONE && b < parts[1].count; b++) {
      uint32_t key[GROUP_BY_DIMENSIONS] = {parts[0].rows[a], parts[1].rows[b]};
      err = group_add(into, key, row);
    }
  return err;
}

enum err group_by_merge(struct group_by *into, const struct group_by *from) {
  enum err err = ERR_NONE;
  for (size_t i = 0; i < from->combinations.count && err == ERR_NONE; i++)
    if (from->combinations.rows[i].counts[COLUMN_DOMAINS]) /* else by a record that is not newest */
      err = combination_merge(into, from, &from->combinations.rows[i]);
  return err;
}

static struct group_by_line line_of(const struct group_by *groups,
                                    const struct text_counts_row *row) {
  uint32_t key[GROUP_BY_DIMENSIONS];
  memcpy(key, row->text.ptr, sizeof key);
  struct group_by_line line = {
      .domains = row->counts[COLUMN_DOMAINS],
      .deployed = row->counts[COLUMN_VALID] + row->counts[COLUMN_BROKEN],
      .valid = row->counts[COLUMN_VALID],
      .broken = row->counts[COLUMN_BROKEN],
  };
  for (unsigned i = 0; i < groups->dimension_count; i++)
    line.values[i] = groups->values[i].rows[key[i]].text;
  return line;
}

/* The maps terminate their texts. */
static int text_compare(enum dimension dimension, struct span left, struct span right) {
  if (!dimension_is_number(dimension)) return strcmp(left.ptr, right.ptr);
  unsigned long long x = strtoull(left.ptr, NULL, 10), y = strtoull(right.ptr, NULL, 10);
  return (x > y) - (x < y);
}

static int line_compare(const void *left, const void *right, void *context) {
  const struct group_by *groups = context;
  const struct group_by_line *a = left, *b = right;
  if (dimension_is_number(groups->dimensions[0])) {
    int order = text_compare(groups->dimensions[0], a->values[0], b->values[0]);
    if (order) return order;
  }
  if (a->domains != b->domains) return a->domains > b->domains ? -1 : 1;
  for (unsigned i = 0; i < groups->dimension_count; i++) {
    int order = text_compare(groups->dimensions[i], a->values[i], b->values[i]);
    if (order) return order;
  }
  return 0;
}

enum err group_by_lines(const struct group_by *groups, struct group_by_line **lines,
                        size_t *count) {
  *count = groups->groups.count;
  *lines = calloc(*count + 1, sizeof **lines);
  if (!*lines) return ERR_MEMORY;
  for (size_t i = 0; i < *count; i++) (*lines)[i] = line_of(groups, &groups->groups.rows[i]);
  qsort_r(*lines, *count, sizeof **lines, line_compare, (void *)(size_t)groups);
  return ERR_NONE;
}
