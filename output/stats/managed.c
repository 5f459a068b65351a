#include "output/stats/managed.h"

#include <stdlib.h>

enum { MANAGED_NAME_MAX = 255 };

/* Rows of addresses are told from those of providers by this bit. */
#define ROW_ADDRESS 0x80000000U

/* What decides, of one deployed domain. */
struct managed_domain {
  uint64_t stages;
  uint32_t operator_row;
  uint32_t flags : 31;
  uint32_t broken : 1;
};

const char *manager_text(enum manager manager) {
  static const char *const texts[] = {"self", "third-party", "unclassified"};
  return texts[manager];
}

void managed_free(struct managed *managed) {
  text_counts_free(&managed->providers);
  text_counts_free(&managed->addresses);
  free(managed->domains);
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

enum err managed_facts(struct managed *managed, const psl_ctx_t *psl, const struct result *result,
                       struct domain_facts *facts) {
  const struct spans *cname = &result->policy_host.lookup.cname;
  struct span target = cname->count ? cname->at[cname->count - 1] : (struct span){0};
  struct span address = least_address(&result->policy_host.addresses);
  struct text_counts *map = &managed->addresses;
  struct span name = address;
  if (target.len) {
    struct span own = registrable(psl, result->domain);
    map = &managed->providers;
    name = registrable(psl, target);
    if (span_equal(name, own)) facts->flags |= DOMAIN_FACTS_OWN;
    facts_outsourced(psl, result, own, name, facts);
  }
  if (name.len == 0) return ERR_NONE;
  struct text_counts_row *row = text_counts_at(map, name);
  if (!row) return ERR_MEMORY;
  facts->operator_row = (uint32_t)(row - map->rows) + 1;
  if (!target.len) facts->operator_row |= ROW_ADDRESS;
  return ERR_NONE;
}

static enum err managed_room(struct managed *managed, size_t count) {
  if (count <= managed->room) return ERR_NONE;
  size_t room = managed->room ? 2 * managed->room : 64;
  while (room < count) room *= 2;
  struct managed_domain *grown = reallocarray(managed->domains, room, sizeof *grown);
  if (!grown) return ERR_MEMORY;
  managed->domains = grown;
  managed->room = room;
  return ERR_NONE;
}

enum err managed_count(struct managed *managed, const struct domain_facts *facts) {
  enum err err = managed_room(managed, managed->count + 1);
  if (err != ERR_NONE) return err;
  managed->domains[managed->count++] = (struct managed_domain){
      .operator_row = facts->operator_row,
      .stages = facts->stages,
      .flags = facts->flags & 0x7fffffff,
      .broken = facts->status == STATUS_BROKEN,
  };
  return ERR_NONE;
}

/* The row in `into` of a row in `from`. */
static enum err merged_row(struct managed *into, const struct managed *from, uint32_t *row) {
  if (*row == 0) return ERR_NONE;
  uint32_t bit = *row & ROW_ADDRESS, index = (*row & ~ROW_ADDRESS) - 1;
  struct text_counts *map = bit ? &into->addresses : &into->providers;
  const struct text_counts *source = bit ? &from->addresses : &from->providers;
  struct text_counts_row *found = text_counts_at(map, source->rows[index].text);
  if (!found) return ERR_MEMORY;
  *row = ((uint32_t)(found - map->rows) + 1) | bit;
  return ERR_NONE;
}

enum err managed_merge(struct managed *into, const struct managed *from) {
  enum err err = managed_room(into, into->count + from->count);
  for (size_t i = 0; err == ERR_NONE && i < from->count; i++) {
    struct managed_domain domain = from->domains[i];
    err = merged_row(into, from, &domain.operator_row);
    if (err == ERR_NONE) into->domains[into->count++] = domain;
  }
  return err;
}

struct span managed_provider(const struct managed *managed, const struct domain_facts *facts) {
  if (facts->operator_row == 0 || facts->operator_row & ROW_ADDRESS) return (struct span){0};
  return managed->providers.rows[facts->operator_row - 1].text;
}

static void line_add(struct managed_line *line, const struct managed_domain *domain) {
  line->domains++;
  line->valid += !domain->broken;
  line->broken += domain->broken;
  for (int stage = 0; stage < STAGE_COUNT; stage++)
    line->stage[stage] += domain->stages >> stage & 1;
}

static enum manager managed_by(const struct managed_domain *domain,
                               const struct managed_line *operator_line,
                               struct managed_limits limits) {
  if (domain->flags & DOMAIN_FACTS_OWN) return MANAGER_SELF;
  if (!operator_line) return MANAGER_UNCLASSIFIED;
  if (operator_line->domains <= limits.self_max) return MANAGER_SELF;
  if (operator_line->domains >= limits.third_party_min) return MANAGER_THIRD_PARTY;
  return MANAGER_UNCLASSIFIED;
}

static void outsourced_add(struct managed_statistics *statistics,
                           const struct managed_domain *domain) {
  struct managed_outsourced *to = domain->flags & DOMAIN_FACTS_SAME        ? &statistics->same
                                  : domain->flags & DOMAIN_FACTS_DIFFERENT ? &statistics->different
                                                                           : NULL;
  if (!to) return;
  to->domains++;
  to->mismatch += domain->stages >> STAGE_MX & 1;
}

static void operators_add(struct managed_operators *operators, const struct managed_line *line) {
  if (line->domains == 0) return;
  operators->count++;
  operators->broken += line->broken != 0;
  for (int stage = 0; stage < STAGE_COUNT; stage++)
    operators->stage[stage] += line->stage[stage] != 0;
}

static int line_compare(const void *left, const void *right) {
  const struct managed_line *a = left, *b = right;
  if (a->domains != b->domains) return a->domains > b->domains ? -1 : 1;
  return strcmp(a->text.ptr, b->text.ptr); /* the map terminates its texts */
}

/* The lines of all operators: providers, then addresses. */
static struct managed_line *operator_line(const struct managed *managed, struct managed_line *lines,
                                          uint32_t row) {
  if (row == 0) return NULL;
  if (row & ROW_ADDRESS) return &lines[managed->providers.count + (row & ~ROW_ADDRESS) - 1];
  return &lines[row - 1];
}

enum err managed_statistics(const struct managed *managed, struct managed_limits limits,
                            struct managed_statistics *statistics) {
  size_t providers = managed->providers.count, count = providers + managed->addresses.count;
  *statistics = (struct managed_statistics){0};
  struct managed_line *lines = calloc(count + 1, sizeof *lines);
  if (!lines) return ERR_MEMORY;
  for (size_t i = 0; i < providers; i++) lines[i].text = managed->providers.rows[i].text;
  for (size_t i = 0; i < managed->count; i++) {
    const struct managed_domain *domain = &managed->domains[i];
    struct managed_line *line = operator_line(managed, lines, domain->operator_row);
    if (line) line_add(line, domain);
    outsourced_add(statistics, domain);
  }
  for (size_t i = 0; i < managed->count; i++) {
    const struct managed_domain *domain = &managed->domains[i];
    const struct managed_line *line = operator_line(managed, lines, domain->operator_row);
    line_add(&statistics->managers[managed_by(domain, line, limits)], domain);
  }
  for (size_t i = 0; i < count; i++) operators_add(&statistics->operators, &lines[i]);
  qsort(lines, providers, sizeof *lines, line_compare);
  while (providers && lines[providers - 1].domains == 0) providers--;
  statistics->providers = lines;
  statistics->provider_count = providers;
  return ERR_NONE;
}

void managed_statistics_free(struct managed_statistics *statistics) {
  free(statistics->providers);
  *statistics = (struct managed_statistics){0};
}
