#include "output/stats/study.h"

#include <stdlib.h>

enum { COLUMN_DOMAINS, COLUMN_VALID, COLUMN_BROKEN, COLUMN_PASSED };

/* A set: whether one of its hosts is in the domain's own registrable domain, and rows of providers,
 * from 1, the least first. "other" begins with neither. */
struct host_set {
  uint32_t own;
  uint32_t rows[STUDY_HOSTS_MAX];
  size_t count;
};

void study_free(struct study *study) {
  text_counts_free(&study->providers);
  text_counts_free(&study->sets);
}

static void set_add(struct host_set *set, uint32_t row) {
  size_t at = 0;
  while (at < set->count && set->rows[at] < row) at++;
  if ((at < set->count && set->rows[at] == row) || set->count == STUDY_HOSTS_MAX) return;
  memmove(set->rows + at + 1, set->rows + at, (set->count - at) * sizeof *set->rows);
  set->rows[at] = row;
  set->count++;
}

static enum err set_add_name(struct study *study, struct host_set *set, struct span name) {
  struct text_counts_row *row = text_counts_within(&study->providers, name, STUDY_PROVIDERS_MAX);
  if (!row) return ERR_MEMORY;
  if (!span_equal(row->text, TEXT_COUNTS_OTHER))
    set_add(set, (uint32_t)(row - study->providers.rows) + 1);
  return ERR_NONE;
}

static enum err set_add_host(struct study *study, const psl_ctx_t *psl, struct span own,
                             struct span host, struct host_set *set) {
  struct span name = managed_registrable(psl, host);
  if (name.len == 0 || span_equal(name, SPAN("."))) return ERR_NONE;
  if (!span_equal(name, own)) return set_add_name(study, set, name);
  set->own = 1;
  return ERR_NONE;
}

/* *row: from 1; its key is the numbers as they stand in memory. */
static enum err set_row(struct study *study, const struct host_set *set, uint32_t *row) {
  uint32_t key[1 + STUDY_HOSTS_MAX] = {set->own};
  memcpy(key + 1, set->rows, set->count * sizeof *key);
  struct span text = {(const char *)key, (1 + set->count) * sizeof *key};
  struct text_counts_row *found = text_counts_within(&study->sets, text, STUDY_SETS_MAX);
  if (!found) return ERR_MEMORY;
  *row = (uint32_t)(found - study->sets.rows) + 1;
  return ERR_NONE;
}

static struct host_set set_of(const struct text_counts_row *row) {
  struct host_set set = {0};
  if (span_equal(row->text, TEXT_COUNTS_OTHER)) return set;
  memcpy(&set.own, row->text.ptr, sizeof set.own);
  set.count = row->text.len / sizeof *set.rows - 1;
  memcpy(set.rows, row->text.ptr + sizeof set.own, set.count * sizeof *set.rows);
  return set;
}

enum err study_facts(struct study *study, const psl_ctx_t *psl, const struct result *result,
                     struct domain_facts *facts) {
  enum asked_mx mx = asked_mx(result);
  bool known = mx == ASKED_MX_NONE || mx == ASKED_MX_SOME;
  if (!known && result->ns.hosts.count == 0) return ERR_NONE;
  struct host_set set = {0};
  struct span own = managed_registrable(psl, result->domain);
  enum err err = ERR_NONE;
  for (size_t i = 0; i < result->mx.count && err == ERR_NONE; i++)
    if (!result->mx.at[i].implicit)
      err = set_add_host(study, psl, own, result->mx.at[i].host, &set);
  for (size_t i = 0; i < result->ns.hosts.count && err == ERR_NONE; i++)
    err = set_add_host(study, psl, own, result->ns.hosts.at[i], &set);
  return err == ERR_NONE ? set_row(study, &set, &facts->hosts_row) : err;
}

void study_count(struct study *study, const struct domain_facts *facts) {
  if (facts->hosts_row == 0) return;
  uint64_t *counts = study->sets.rows[facts->hosts_row - 1].counts;
  if (facts->flags & DOMAIN_FACTS_PASSED) {
    counts[COLUMN_PASSED]++;
    return;
  }
  counts[COLUMN_DOMAINS]++;
  counts[COLUMN_VALID] += facts->status == STATUS_VALID;
  counts[COLUMN_BROKEN] += facts->status == STATUS_BROKEN;
}

/* The set with the rows that its providers have in `into`. */
static enum err set_merge(struct study *into, const struct study *from,
                          const struct text_counts_row *row) {
  struct host_set set = set_of(row), moved = {.own = set.own};
  uint32_t to = 0;
  enum err err = ERR_NONE;
  for (size_t i = 0; i < set.count && err == ERR_NONE; i++)
    err = set_add_name(into, &moved, from->providers.rows[set.rows[i] - 1].text);
  if (err == ERR_NONE) err = set_row(into, &moved, &to);
  if (err == ERR_NONE) text_counts_add(&into->sets.rows[to - 1], row);
  return err;
}

enum err study_merge(struct study *into, const struct study *from) {
  enum err err = ERR_NONE;
  for (size_t i = 0; i < from->sets.count && err == ERR_NONE; i++)
    err = set_merge(into, from, &from->sets.rows[i]);
  return err;
}

static enum manager set_manager(const struct host_set *set, const uint64_t *serves,
                                struct managed_limits limits) {
  for (size_t i = 0; i < set->count; i++)
    if (serves[set->rows[i] - 1] >= limits.third_party_min) return MANAGER_THIRD_PARTY;
  return set->own ? MANAGER_SELF : MANAGER_UNCLASSIFIED;
}

enum err study_statistics(const struct study *study, struct managed_limits limits,
                          struct study_statistics *statistics) {
  uint64_t *serves = calloc(study->providers.count + 1, sizeof *serves);
  *statistics = (struct study_statistics){0};
  if (!serves) return ERR_MEMORY;
  for (size_t i = 0; i < study->sets.count; i++) {
    const uint64_t *counts = study->sets.rows[i].counts;
    struct host_set set = set_of(&study->sets.rows[i]);
    for (size_t j = 0; j < set.count; j++)
      serves[set.rows[j] - 1] += counts[COLUMN_DOMAINS] + counts[COLUMN_PASSED];
  }
  for (size_t i = 0; i < study->sets.count; i++) {
    const uint64_t *counts = study->sets.rows[i].counts;
    struct host_set set = set_of(&study->sets.rows[i]);
    struct study_line *line = &statistics->managers[set_manager(&set, serves, limits)];
    line->domains += counts[COLUMN_VALID] + counts[COLUMN_BROKEN];
    line->valid += counts[COLUMN_VALID];
    line->broken += counts[COLUMN_BROKEN];
  }
  free(serves);
  return ERR_NONE;
}
