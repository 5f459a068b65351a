#include "output/stats/managed.h"

#include "output/stats/provider_code.h"
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
  text_counts_free(&group->causes);
  free(group->served);
  free(group->own);
}

void managed_free(struct managed *managed) {
  group_free(&managed->providers);
  group_free(&managed->addresses);
  *managed = (struct managed){0};
}

struct span managed_registrable(const psl_ctx_t *psl, struct span name) {
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
  struct span mail = managed_registrable(psl, result->mx.at[0].host);
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

struct managed_operator managed_operator(const psl_ctx_t *psl, const struct result *result) {
  const struct spans *cname = &result->policy_host.lookup.cname;
  struct managed_operator made = {.address = cname->count == 0};
  if (made.address) {
    made.name = least_address(&result->policy_host.addresses);
  } else {
    made.name = managed_registrable(psl, cname->at[cname->count - 1]);
    made.own = span_equal(made.name, managed_registrable(psl, result->domain));
  }
  return made;
}

struct span managed_mail_provider(const psl_ctx_t *psl, const struct result *result) {
  struct span host = result->mx.count ? result->mx.at[0].host : (struct span){0};
  return span_equal(host, SPAN(".")) ? (struct span){0} : managed_registrable(psl, host);
}

enum err managed_facts(struct managed *managed, const psl_ctx_t *psl, const struct result *result,
                       struct domain_facts *facts) {
  struct managed_operator made = managed_operator(psl, result);
  if (made.own) facts->flags |= DOMAIN_FACTS_OWN;
  if (!made.address)
    facts_outsourced(psl, result, managed_registrable(psl, result->domain), made.name, facts);
  if (made.name.len == 0) return ERR_NONE;
  if (!made.address)
    return group_row(&managed->providers, made.name, MANAGED_PROVIDERS_MAX, &facts->operator_row);
  enum err err =
      group_row(&managed->addresses, made.name, MANAGED_ADDRESSES_MAX, &facts->operator_row);
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
  counts->passed += more->passed;
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

/* row: from 1; 0: nobody's. */
static enum err causes_take(struct managed *managed, struct managed_group *group, uint32_t row,
                            const struct domain_facts *facts) {
  bool own = facts->flags & DOMAIN_FACTS_OWN;
  enum err err = ERR_NONE;
  for (uint32_t word = 0; word < DOMAIN_FACTS_CODE_WORDS; word++)
    for (uint64_t bits = facts->codes[word]; bits && err == ERR_NONE; bits &= bits - 1) {
      uint32_t code = 64 * word + (uint32_t)__builtin_ctzll(bits);
      if (row)
        err = provider_code_add(&group->causes, (struct provider_code){row, code}, 1, own);
      else
        managed->nobody_codes[code]++;
    }
  return err;
}

enum err managed_count(struct managed *managed, const struct domain_facts *facts) {
  bool by_address = facts->operator_row & ROW_ADDRESS;
  struct managed_group *group = by_address ? &managed->addresses : &managed->providers;
  uint32_t row = facts->operator_row & ~ROW_ADDRESS;
  struct managed_counts *served = row ? &group->served[row - 1] : &managed->nobody;
  if (facts->flags & DOMAIN_FACTS_PASSED) {
    served->passed++;
    return ERR_NONE;
  }
  counts_take(served, facts);
  if (row && facts->flags & DOMAIN_FACTS_OWN) counts_take(&group->own[row - 1], facts);
  outsourced_take(managed, facts);
  return causes_take(managed, group, row, facts);
}

static enum err group_merge(struct managed_group *into, const struct managed_group *from,
                            size_t most) {
  enum err err = ERR_NONE;
  uint32_t *rows = calloc(from->names.count + 1, sizeof *rows);
  if (!rows) return ERR_MEMORY;
  for (size_t i = 0; err == ERR_NONE && i < from->names.count; i++) {
    err = group_row(into, from->names.rows[i].text, most, &rows[i]);
    if (err != ERR_NONE) break;
    counts_plus(&into->served[rows[i] - 1], &from->served[i]);
    counts_plus(&into->own[rows[i] - 1], &from->own[i]);
  }
  for (size_t i = 0; err == ERR_NONE && i < from->causes.count; i++) {
    const struct text_counts_row *row = &from->causes.rows[i];
    struct provider_code cause = provider_code_of(row);
    cause.row = rows[cause.row - 1];
    err = provider_code_add(&into->causes, cause, row->counts[0], row->counts[1]);
  }
  free(rows);
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
  for (int code = 0; code < FOUND_COUNT; code++)
    into->nobody_codes[code] += from->nobody_codes[code];
  outsourced_plus(&into->same, from->same);
  outsourced_plus(&into->different, from->different);
  return ERR_NONE;
}

static void line_plus(struct managed_line *line, const struct managed_counts *counts) {
  line->domains += counts->domains;
  line->valid += counts->domains - counts->broken;
  line->broken += counts->broken;
  for (int stage = 0; stage < STAGE_COUNT; stage++) line->stage[stage] += counts->stage[stage];
}

static struct managed_counts counts_without(const struct managed_counts *all,
                                            const struct managed_counts *part) {
  struct managed_counts rest = {.domains = all->domains - part->domains,
                                .broken = all->broken - part->broken};
  for (int stage = 0; stage < STAGE_COUNT; stage++)
    rest.stage[stage] = all->stage[stage] - part->stage[stage];
  return rest;
}

static bool is_other(const struct managed_group *group, size_t row) {
  return span_equal(group->names.rows[row].text, TEXT_COUNTS_OTHER);
}

enum manager managed_by_size(uint64_t serves, struct managed_limits limits) {
  if (serves <= limits.self_max) return MANAGER_SELF;
  return serves >= limits.third_party_min ? MANAGER_THIRD_PARTY : MANAGER_UNCLASSIFIED;
}

static enum manager managed_by(const struct managed_group *group, size_t row,
                               struct managed_limits limits) {
  uint64_t serves = (uint64_t)group->served[row].domains + group->served[row].passed;
  return is_other(group, row) ? MANAGER_UNCLASSIFIED : managed_by_size(serves, limits);
}

enum manager managed_manager(const struct managed *managed, struct managed_limits limits,
                             const struct managed_operator *operator_of) {
  const struct managed_group *group =
      operator_of->address ? &managed->addresses : &managed->providers;
  const struct text_counts_row *row = text_counts_find(&group->names, operator_of->name);
  if (operator_of->own) return MANAGER_SELF;
  if (operator_of->name.len == 0 || !row) return MANAGER_UNCLASSIFIED;
  return managed_by(group, (size_t)(row - group->names.rows), limits);
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
  for (size_t i = 0; i < group->causes.count; i++) {
    const uint64_t *counts = group->causes.rows[i].counts;
    struct provider_code cause = provider_code_of(&group->causes.rows[i]);
    enum manager manager = managed_by(group, cause.row - 1, limits);
    statistics->codes[MANAGER_SELF][cause.code] += counts[1];
    statistics->codes[manager][cause.code] += counts[0] - counts[1];
  }
}

static int line_compare(const void *left, const void *right) {
  const struct managed_line *a = left, *b = right;
  if (a->domains != b->domains) return a->domains > b->domains ? -1 : 1;
  return strcmp(a->text.ptr, b->text.ptr); /* the map terminates its texts */
}

static int cause_compare(const void *left, const void *right) {
  const struct managed_cause *a = left, *b = right;
  if (a->row != b->row) return a->row < b->row ? -1 : 1;
  if (a->domains != b->domains) return a->domains > b->domains ? -1 : 1;
  return (a->code > b->code) - (a->code < b->code);
}

static enum err lines_causes(const struct managed_group *group, struct managed_lines *lines) {
  size_t count = group->causes.count;
  struct managed_cause *causes = lines->causes = calloc(count + 1, sizeof *causes);
  if (!causes) return ERR_MEMORY;
  for (size_t i = 0; i < count; i++) {
    struct provider_code cause = provider_code_of(&group->causes.rows[i]);
    causes[i] = (struct managed_cause){cause.row, (enum finding_code)cause.code,
                                       group->causes.rows[i].counts[0]};
  }
  qsort(causes, count, sizeof *causes, cause_compare);
  for (size_t i = 0, end; i < count; i = end) {
    struct managed_line *line = &lines->at[causes[i].row - 1];
    for (end = i; end < count && causes[end].row == causes[i].row;) end++;
    line->causes = &causes[i];
    line->cause_count = end - i;
  }
  return ERR_NONE;
}

/* The operators that serve more than `least` domains. */
static enum err group_lines(const struct managed_group *group, uint64_t least,
                            struct managed_lines *lines) {
  size_t count = group->names.count;
  lines->at = calloc(count + 1, sizeof *lines->at);
  if (!lines->at) return ERR_MEMORY;
  for (size_t i = 0; i < count; i++) {
    lines->at[i].text = group->names.rows[i].text;
    line_plus(&lines->at[i], &group->served[i]);
  }
  enum err err = lines_causes(group, lines);
  qsort(lines->at, count, sizeof *lines->at, line_compare);
  while (count && lines->at[count - 1].domains <= least) count--;
  lines->count = count;
  return err;
}

enum err managed_statistics(const struct managed *managed, struct managed_limits limits,
                            struct managed_statistics *statistics) {
  *statistics = (struct managed_statistics){.same = managed->same, .different = managed->different};
  group_statistics(&managed->providers, limits, statistics);
  group_statistics(&managed->addresses, limits, statistics);
  line_plus(&statistics->managers[MANAGER_UNCLASSIFIED], &managed->nobody);
  for (int code = 0; code < FOUND_COUNT; code++)
    statistics->codes[MANAGER_UNCLASSIFIED][code] += managed->nobody_codes[code];
  enum err err = group_lines(&managed->providers, 0, &statistics->providers);
  if (err == ERR_NONE)
    err = group_lines(&managed->addresses, limits.self_max, &statistics->addresses);
  return err;
}

void managed_statistics_free(struct managed_statistics *statistics) {
  free(statistics->providers.at);
  free(statistics->providers.causes);
  free(statistics->addresses.at);
  free(statistics->addresses.causes);
  *statistics = (struct managed_statistics){0};
}
