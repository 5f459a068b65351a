#include "output/managed.h"

#include <stdlib.h>

enum { MANAGED_NAME_MAX = 255 };

#define MANAGED_NO_PROVIDER UINT32_MAX

enum manager { MANAGER_SELF, MANAGER_THIRD_PARTY, MANAGER_UNCLASSIFIED, MANAGER_COUNT };

static const char *const manager_texts[] = {"self", "third-party", "unclassified"};

struct manager_counts {
  uint64_t domains;
  uint64_t stage[STAGE_COUNT];
};

void managed_free(struct managed *managed) {
  countmap_free(&managed->operators);
  free(managed->domains);
  *managed = (struct managed){0};
}

/* The end of name that is its registrable domain, or all of it (a public suffix, an unknown one).
 */
static struct span managed_registrable(const psl_ctx_t *psl, struct span name) {
  char text[MANAGED_NAME_MAX + 1];
  if (!psl || name.len == 0 || name.len > MANAGED_NAME_MAX) return name;
  memcpy(text, name.ptr, name.len);
  text[name.len] = 0;
  struct span domain = span_of(psl_registrable_domain(psl, text));
  return domain.len ? span_skip(name, name.len - domain.len) : name;
}

struct span managed_provider(const psl_ctx_t *psl, const struct result *result) {
  const struct spans *cname = &result->policy_host.lookup.cname;
  if (cname->count == 0) return (struct span){0};
  return managed_registrable(psl, cname->at[cname->count - 1]);
}

static uint16_t managed_stages(const struct result *result) {
  unsigned stages = 0;
  for (const struct finding *f = result->findings; f; f = f->next) {
    const struct finding_info *info = finding_info(f->code);
    if (info->severity == FINDING_ERROR) stages |= 1U << info->stage;
  }
  return (uint16_t)stages;
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

enum err managed_add(struct managed *managed, const psl_ctx_t *psl, const struct result *result) {
  struct managed_domain domain = {.provider = MANAGED_NO_PROVIDER,
                                  .stages = managed_stages(result)};
  struct span provider = managed_provider(psl, result);
  const struct spans *addresses = &result->policy_host.addresses;
  domain.own = provider.len && span_equal(provider, managed_registrable(psl, result->domain));
  if (provider.len == 0 && addresses->count) provider = addresses->at[0];
  if (provider.len) {
    struct countmap_row *row = countmap_at(&managed->operators, provider);
    if (!row) return ERR_MEMORY;
    row->counts[0]++;
    domain.provider = (uint32_t)(row - managed->operators.rows);
  }
  enum err err = managed_room(managed, managed->count + 1);
  if (err == ERR_NONE) managed->domains[managed->count++] = domain;
  return err;
}

enum err managed_merge(struct managed *into, const struct managed *from) {
  enum err err = countmap_merge(&into->operators, &from->operators);
  if (err == ERR_NONE) err = managed_room(into, into->count + from->count);
  if (err != ERR_NONE) return err;
  for (size_t i = 0; i < from->count; i++) {
    struct managed_domain domain = from->domains[i];
    if (domain.provider != MANAGED_NO_PROVIDER) {
      struct span text = from->operators.rows[domain.provider].text;
      domain.provider = (uint32_t)(countmap_find(&into->operators, text) - into->operators.rows);
    }
    into->domains[into->count++] = domain;
  }
  return ERR_NONE;
}

static enum manager managed_by(const struct managed *managed, const struct managed_domain *domain) {
  if (domain->own) return MANAGER_SELF;
  if (domain->provider == MANAGED_NO_PROVIDER) return MANAGER_UNCLASSIFIED;
  uint64_t serves = managed->operators.rows[domain->provider].counts[0];
  if (serves <= MANAGED_SELF_MAX) return MANAGER_SELF;
  return serves >= MANAGED_THIRD_PARTY_MIN ? MANAGER_THIRD_PARTY : MANAGER_UNCLASSIFIED;
}

void managed_write(const struct managed *managed, struct json *json, const char *key) {
  struct manager_counts counts[MANAGER_COUNT] = {0};
  for (size_t i = 0; i < managed->count; i++) {
    struct manager_counts *by = &counts[managed_by(managed, &managed->domains[i])];
    by->domains++;
    for (int stage = 0; stage < STAGE_COUNT; stage++)
      by->stage[stage] += managed->domains[i].stages >> stage & 1;
  }
  json_open(json, key, '{');
  for (int manager = 0; manager < MANAGER_COUNT; manager++) {
    json_open(json, manager_texts[manager], '{');
    json_uint(json, "domains", counts[manager].domains);
    json_open(json, "stage", '{');
    for (int stage = 0; stage < STAGE_COUNT; stage++)
      json_uint(json, finding_stage_text((enum finding_stage)stage), counts[manager].stage[stage]);
    json_close(json, '}');
    json_close(json, '}');
  }
  json_close(json, '}');
}
