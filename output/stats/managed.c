#include "output/stats/managed.h"

#include <stdlib.h>

enum { MANAGED_NAME_MAX = 255 };

/* Rows of addresses are told from those of providers by this bit. */
#define ROW_ADDRESS 0x80000000U

const char *manager_text(enum manager manager) {
  static const char *const texts[] = {"self", "third-party", "unclassified"};
  return texts[manager];
}

static void group_free(struct managed_group *group) {
  text_counts_free(&group->names);
  free(group->served);
  free(group->own);
}

void managed_free(struct managed *managed) {
  group_free(&managed->providers);
  group_free(&managed->addresses);
  *managed = (struct managed){0};
}

/* The end of name that is its registrable domain, or all of it (a public suffix, an unknown one).
 */
static struct span registrable(const psl_ctx_t *psl, struct span name) {
  char text[MANAGED_NAME_MAX + 1];
  if (!psl || name.len == 0 || name.len > MANAGED_NAME_MAX) return name;
  memcpy(text, name.ptr, name.len);
  text[name.len] = 0;
  struct span domain = span_of(psl_registrable_domain(psl, text));
  return domain.len ? span_skip(name, name.len - domain.len) : name;
}

/* Answers come in any order, so that the first address says nothing. */
static struct span least_address(const struct spans *addresses) {
  struct span least = {0};
  for (size_t i = 0; i < addresses->count; i++) {
    struct span address = addresses->at[i];
    size_t len = address.len < least.len ? address.len : least.len;
    int order = len ? memcmp(address.ptr, least.ptr, len) : 0;
    if (!least.len || order < 0 || (order == 0 && address.len < least.len)) least = address;
  }
  return least;
}

static void facts_outsourced(const psl_ctx_t *psl, const struct result *result, struct span own,
                             struct span provider, struct domain_facts *facts) {
  if (result->mx.count == 0 || facts->flags & DOMAIN_FACTS_OWN) return;
  struct span mail = registrable(psl, result->mx.at[0].host);
  if (span_equal(mail, own) || span_equal(mail, SPAN(".")) || mail.len == 0) return;
  bool same = span_equal(span_cut(&mail, '.'), span_cut(&provider, '.'));
  facts->flags |= same ? DOMAIN_FACTS_SAME : DOMAIN_FACTS_DIFFERENT;
}

static struct managed_counts *counts_grown(struct managed_counts *counts, size_t from, size_t to) {
  struct managed_counts *grown = reallocarray(counts, to, sizeof *grown);
  if (grown) memset(grown + from, 0, (to - from) * sizeof *grown);
  return grown;
}

/* Room for the counters of all names. */
static enum err group_room(struct managed_group *group) {
  size_t room = group->names.room;
  if (group->room >= room) return ERR_NONE;
  struct managed_counts *served = counts_grown(group->served, group->room, room);
  if (served) group->served = served;
  struct managed_counts *own = counts_grown(group->own, group->room, room);
  if (own) group->own = own;
  if (!served || !own) return ERR_MEMORY;
  group->room = room;
  return ERR_NONE;
}

/* *row: from 1. */
static enum err group_row(struct managed_group *group, struct span name, size_t most,
                          uint32_t *row) {
  struct text_counts_row *found = text_counts_within(&group->names, name, most);
  if (!found) return ERR_MEMORY;
  *row = (uint32_t)(found - group->names.rows) + 1;
  return group_room(group);
}

enum err managed_expect(struct managed *managed, struct span provider) {
  uint32_t row;
  return group_row(&managed->providers, provider, SIZE_MAX, &row);
}

enum err managed_facts(struct managed *managed, const psl_ctx_t *psl, const struct result *result,
                       struct domain_facts *facts) {
  const struct spans *cname = &result->policy_host.lookup.cname;
  struct span target = cname->count ? cname->at[cname->count - 1] : (struct span){0};
  struct span address = least_address(&result->policy_host.addresses);
  struct span name = address;
  if (target.len) {
    struct span own = registrable(psl, result->domain);
    name = registrable(psl, target);
    if (span_equal(name, own)) facts->flags |= DOMAIN_FACTS_OWN;
    facts_outsourced(psl, result, own, name, facts);
  }
  if (name.len == 0) return ERR_NONE;
  if (target.len)
    return group_row(&managed->providers, name, MANAGED_PROVIDERS_MAX, &facts->operator_row);
  enum err err = group_row(&managed->addresses, name, MANAGED_ADDRESSES_MAX, &facts->operator_row);
  facts->operator_row |= ROW_ADDRESS;
  return err;
}

static void counts_take(struct managed_counts *counts, const struct domain_facts *facts) {
  counts->domains++;
  counts->broken += facts->status == STATUS_BROKEN;
  for (int stage = 0; stage < STAGE_COUNT; stage++)
    counts->stage[stage] += facts->stages >> stage & 1;
}

static void counts_plus(struct managed_counts *counts, const struct managed_counts *more) {
  counts->domains += more->domains;
  counts->broken += more->broken;
  for (int stage = 0; stage < STAGE_COUNT; stage++) counts->stage[stage] += more->stage[stage];
}

static void outsourced_take(struct managed *managed, const struct domain_facts *facts) {
  struct managed_outsourced *to = facts->flags & DOMAIN_FACTS_SAME        ? &managed->same
                                  : facts->flags & DOMAIN_FACTS_DIFFERENT ? &managed->different
                                                                          : NULL;
  if (!to) return;
  to->domains++;
  to->mismatch += facts->stages >> STAGE_MX & 1;
}

void managed_count(struct managed *managed, const struct domain_facts *facts) {
  bool by_address = facts->operator_row & ROW_ADDRESS;
  struct managed_group *group = by_address ? &managed->addresses : &managed->providers;
  size_t row = facts->operator_row & ~ROW_ADDRESS;
  counts_take(row ? &group->served[row - 1] : &managed->nobody, facts);
  if (row && facts->flags & DOMAIN_FACTS_OWN) counts_take(&group->own[row - 1], facts);
  outsourced_take(managed, facts);
}

static enum err group_merge(struct managed_group *into, const struct managed_group *from,
                            size_t most) {
  enum err err = ERR_NONE;
  for (size_t i = 0; err == ERR_NONE && i < from->names.count; i++) {
    uint32_t row;
    err = group_row(into, from->names.rows[i].text, most, &row);
    if (err != ERR_NONE) break;
    counts_plus(&into->served[row - 1], &from->served[i]);
    counts_plus(&into->own[row - 1], &from->own[i]);
  }
  return err;
}

static void outsourced_plus(struct managed_outsourced *sum, struct managed_outsourced more) {
  sum->domains += more.domains;
  sum->mismatch += more.mismatch;
}

enum err managed_merge(struct managed *into, const struct managed *from) {
  enum err err = group_merge(&into->providers, &from->providers, MANAGED_PROVIDERS_MAX);
  if (err == ERR_NONE) err = group_merge(&into->addresses, &from->addresses, MANAGED_ADDRESSES_MAX);
  if (err != ERR_NONE) return err;
  counts_plus(&into->nobody, &from->nobody);
  outsourced_plus(&into->same, from->same);
  outsourced_plus(&into->different, from->different);
  return ERR_NONE;
}

struct span managed_provider(const struct managed *managed, const struct domain_facts *facts) {
  if (facts->operator_row == 0 || facts->operator_row & ROW_ADDRESS) return (struct span){0};
  return managed->providers.names.rows[facts->operator_row - 1].text;
}

static void line_plus(struct managed_line *line, const struct managed_counts *counts) {
  line->domains += counts->domains;
  line->valid += counts->domains - counts->broken;
  line->broken += counts->broken;
  for (int stage = 0; stage < STAGE_COUNT; stage++) line->stage[stage] += counts->stage[stage];
}

static struct managed_counts counts_without(const struct managed_counts *all,
                                            const struct managed_counts *part) {
  struct managed_counts rest = {all->domains - part->domains, all->broken - part->broken, {0}};
  for (int stage = 0; stage < STAGE_COUNT; stage++)
    rest.stage[stage] = all->stage[stage] - part->stage[stage];
  return rest;
}

static bool is_other(const struct managed_group *group, size_t row) {
  return span_equal(group->names.rows[row].text, TEXT_COUNTS_OTHER);
}

static enum manager managed_by(const struct managed_group *group, size_t row,
                               struct managed_limits limits) {
  if (is_other(group, row)) return MANAGER_UNCLASSIFIED;
  if (group->served[row].domains <= limits.self_max) return MANAGER_SELF;
  if (group->served[row].domains >= limits.third_party_min) return MANAGER_THIRD_PARTY;
  return MANAGER_UNCLASSIFIED;
}

static void operators_add(struct managed_operators *operators,
                          const struct managed_counts *served) {
  if (served->domains == 0) return;
  operators->count++;
  operators->broken += served->broken != 0;
  for (int stage = 0; stage < STAGE_COUNT; stage++)
    operators->stage[stage] += served->stage[stage] != 0;
}

static void group_statistics(const struct managed_group *group, struct managed_limits limits,
                             struct managed_statistics *statistics) {
  for (size_t i = 0; i < group->names.count; i++) {
    struct managed_counts others = counts_without(&group->served[i], &group->own[i]);
    line_plus(&statistics->managers[MANAGER_SELF], &group->own[i]);
    line_plus(&statistics->managers[managed_by(group, i, limits)], &others);
    if (!is_other(group, i)) operators_add(&statistics->operators, &group->served[i]);
  }
}

static int line_compare(const void *left, const void *right) {
  const struct managed_line *a = left, *b = right;
  if (a->domains != b->domains) return a->domains > b->domains ? -1 : 1;
  return strcmp(a->text.ptr, b->text.ptr); /* the map terminates its texts */
}

enum err managed_statistics(const struct managed *managed, struct managed_limits limits,
                            struct managed_statistics *statistics) {
  const struct managed_group *providers = &managed->providers;
  size_t count = providers->names.count;
  *statistics = (struct managed_statistics){.same = managed->same, .different = managed->different};
  struct managed_line *lines = calloc(count + 1, sizeof *lines);
  if (!lines) return ERR_MEMORY;
  group_statistics(providers, limits, statistics);
  group_statistics(&managed->addresses, limits, statistics);
  line_plus(&statistics->managers[MANAGER_UNCLASSIFIED], &managed->nobody);
  for (size_t i = 0; i < count; i++) {
    lines[i].text = providers->names.rows[i].text;
    line_plus(&lines[i], &providers->served[i]);
  }
  qsort(lines, count, sizeof *lines, line_compare);
  while (count && lines[count - 1].domains == 0) count--;
  statistics->providers = lines;
  statistics->provider_count = count;
  return ERR_NONE;
}

void managed_statistics_free(struct managed_statistics *statistics) {
  free(statistics->providers);
  *statistics = (struct managed_statistics){0};
}
