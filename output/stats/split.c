#include "output/stats/split.h"

#include <stdlib.h>

/* What codes are counted by. */
struct code_key {
  uint32_t row, code;
};

void split_free(struct split *split) {
  text_counts_free(&split->values);
  text_counts_free(&split->codes);
  free(split->counts);
}

static struct span label_of(const struct result *result, struct span label) {
  for (size_t i = 0; i < result->labels.count; i++)
    if (span_equal(result->labels.at[i].name, label)) return result->labels.at[i].value;
  return SPAN("");
}

static enum err value_row(struct split *split, struct span value, uint32_t *row) {
  const struct text_counts_row *found = text_counts_within(&split->values, value, SPLIT_VALUES_MAX);
  size_t room = split->values.room;
  if (!found) return ERR_MEMORY;
  *row = (uint32_t)(found - split->values.rows) + 1;
  if (split->room >= room) return ERR_NONE;
  struct split_counts *grown = reallocarray(split->counts, room, sizeof *grown);
  if (!grown) return ERR_MEMORY;
  memset(grown + split->room, 0, (room - split->room) * sizeof *grown);
  split->counts = grown;
  split->room = room;
  return ERR_NONE;
}

enum err split_row(struct split *split, const struct result *result, uint32_t *row) {
  return value_row(split, label_of(result, split->label), row);
}

static enum err codes_plus(struct split *split, struct code_key key, uint64_t domains) {
  struct text_counts_row *row =
      text_counts_at(&split->codes, (struct span){(const char *)&key, sizeof key});
  if (!row) return ERR_MEMORY;
  row->counts[0] += domains;
  return ERR_NONE;
}

enum err split_count(struct split *split, uint32_t row, const struct domain_facts *facts) {
  struct split_counts *counts = &split->counts[row - 1];
  enum err err = ERR_NONE;
  counts->domains++;
  counts->status[facts->status]++;
  if (facts->effect != EFFECT_COUNT) counts->effect[facts->effect]++;
  for (uint32_t word = 0; word < DOMAIN_FACTS_CODE_WORDS; word++)
    for (uint64_t bits = facts->codes[word]; bits && err == ERR_NONE; bits &= bits - 1) {
      uint32_t code = 64 * word + (uint32_t)__builtin_ctzll(bits);
      err = codes_plus(split, (struct code_key){row, code}, 1);
    }
  return err;
}

/* Nothing but uint64_t. */
static void counts_plus(struct split_counts *into, const struct split_counts *from) {
  uint64_t *sums = (uint64_t *)into;
  const uint64_t *more = (const uint64_t *)from;
  for (size_t i = 0; i < sizeof *into / sizeof *sums; i++) sums[i] += more[i];
}

static struct code_key key_of(const struct text_counts_row *row) {
  struct code_key key;
  memcpy(&key, row->text.ptr, sizeof key);
  return key;
}

enum err split_merge(struct split *into, const struct split *from) {
  uint32_t *rows = calloc(from->values.count + 1, sizeof *rows);
  enum err err = rows ? ERR_NONE : ERR_MEMORY;
  for (size_t i = 0; err == ERR_NONE && i < from->values.count; i++) {
    err = value_row(into, from->values.rows[i].text, &rows[i]);
    if (err == ERR_NONE) counts_plus(&into->counts[rows[i] - 1], &from->counts[i]);
  }
  for (size_t i = 0; err == ERR_NONE && i < from->codes.count; i++) {
    struct code_key key = key_of(&from->codes.rows[i]);
    key.row = rows[key.row - 1];
    err = codes_plus(into, key, from->codes.rows[i].counts[0]);
  }
  free(rows);
  return err;
}

static bool is_other(const struct split_line *line) {
  return span_equal(line->value, TEXT_COUNTS_OTHER);
}

/* Values of ours are terminated. */
static int line_compare(const void *left, const void *right) {
  const struct split_line *a = left, *b = right;
  if (is_other(a) != is_other(b)) return is_other(a) ? 1 : -1;
  if (a->counts.domains != b->counts.domains) return a->counts.domains > b->counts.domains ? -1 : 1;
  return strcmp(a->value.ptr, b->value.ptr);
}

static void line_plus(struct split_line *into, const struct split_line *from) {
  counts_plus(&into->counts, &from->counts);
  for (int code = 0; code < FOUND_COUNT; code++) into->codes[code] += from->codes[code];
}

/* All over SPLIT_TOLD_MAX into one, which is "other" whatever it was. */
static size_t lines_cap(struct split_line *lines, size_t count) {
  if (count <= SPLIT_TOLD_MAX) return count;
  struct split_line *other = &lines[SPLIT_TOLD_MAX];
  for (size_t i = SPLIT_TOLD_MAX + 1; i < count; i++) line_plus(other, &lines[i]);
  other->value = TEXT_COUNTS_OTHER;
  return SPLIT_TOLD_MAX + 1;
}

enum err split_lines(const struct split *split, struct split_line **lines, size_t *count) {
  size_t used = 0;
  *count = 0;
  *lines = calloc(split->values.count + 1, sizeof **lines);
  if (!*lines) return ERR_MEMORY;
  for (size_t i = 0; i < split->values.count; i++)
    (*lines)[i] =
        (struct split_line){.value = split->values.rows[i].text, .counts = split->counts[i]};
  for (size_t i = 0; i < split->codes.count; i++) {
    struct code_key key = key_of(&split->codes.rows[i]);
    (*lines)[key.row - 1].codes[key.code] = split->codes.rows[i].counts[0];
  }
  for (size_t i = 0; i < split->values.count; i++) /* some were of records that do not count */
    if ((*lines)[i].counts.domains) (*lines)[used++] = (*lines)[i];
  if (used) qsort(*lines, used, sizeof **lines, line_compare);
  *count = lines_cap(*lines, used);
  return ERR_NONE;
}
