#include "output/tally.h"

#include "output/countmap.h"
#include "output/managed.h"
#include <libpsl.h>
#include <stdio.h>
#include <stdlib.h>

enum { TALLY_RANK_BIN = 10000, TALLY_RANK_MAX = 2000000000 };

/* Columns of the TLDs, the rank bins and the providers. */
enum { COLUMN_DOMAINS, COLUMN_DEPLOYED, COLUMN_VALID, COLUMN_BROKEN };

/* The bins of max_age, by their lower ends, in seconds: a day, a week, 30 days, half a year, and
 * what RFC 8461 section 3.2 allows at most. */
static const uint64_t max_age_from[] = {0, 86400, 604800, 2592000, 15768000, 31557601};

/* The last bin ends where ten digits do. */
#define TALLY_MAX_AGE_TOP 9999999999

enum { MAX_AGE_BINS = sizeof max_age_from / sizeof *max_age_from };

struct rank_bin {
  uint64_t counts[4];
};

struct tally {
  uint64_t domains;
  uint64_t status[STATUS_COUNT];
  uint64_t effect[EFFECT_COUNT];
  uint64_t mode[MODE_COUNT];
  uint64_t stage[STAGE_COUNT];
  uint64_t codes[FOUND_COUNT];
  uint64_t kinds[KIND_COUNT];
  uint64_t max_age[MAX_AGE_BINS];
  uint64_t tlsrpt_deployed, tlsrpt_broken;
  struct countmap http_status;
  struct countmap tlds;
  struct countmap providers;
  struct rank_bin *ranks;
  size_t rank_count;
  struct managed managed;
  psl_ctx_t *psl;
};

enum err tally_new(struct tally **tally) {
  struct tally *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->psl = psl_latest(NULL);
  *tally = made;
  return ERR_NONE;
}

void tally_free(struct tally *tally) {
  if (!tally) return;
  countmap_free(&tally->http_status);
  countmap_free(&tally->tlds);
  countmap_free(&tally->providers);
  managed_free(&tally->managed);
  free(tally->ranks);
  psl_free(tally->psl);
  free(tally);
}

static void tally_count(uint64_t counts[4], const struct result *result) {
  counts[COLUMN_DOMAINS]++;
  counts[COLUMN_VALID] += result->status == STATUS_VALID;
  counts[COLUMN_BROKEN] += result->status == STATUS_BROKEN;
  counts[COLUMN_DEPLOYED] += result->status == STATUS_VALID || result->status == STATUS_BROKEN;
}

static enum err tally_add_tld(struct tally *tally, const struct result *result) {
  struct span domain = result->domain;
  size_t at = domain.len;
  while (at && domain.ptr[at - 1] != '.') at--;
  struct countmap_row *row = countmap_at(&tally->tlds, span_skip(domain, at));
  if (!row) return ERR_MEMORY;
  tally_count(row->counts, result);
  return ERR_NONE;
}

static enum err tally_rank_room(struct tally *tally, size_t count) {
  if (count <= tally->rank_count) return ERR_NONE;
  struct rank_bin *grown = reallocarray(tally->ranks, count, sizeof *grown);
  if (!grown) return ERR_MEMORY;
  memset(grown + tally->rank_count, 0, (count - tally->rank_count) * sizeof *grown);
  tally->ranks = grown;
  tally->rank_count = count;
  return ERR_NONE;
}

static enum err tally_add_rank(struct tally *tally, const struct result *result) {
  if (!result->has_rank || result->rank == 0 || result->rank > TALLY_RANK_MAX) return ERR_NONE;
  size_t bin = (size_t)((result->rank - 1) / TALLY_RANK_BIN);
  enum err err = tally_rank_room(tally, bin + 1);
  if (err == ERR_NONE) tally_count(tally->ranks[bin].counts, result);
  return err;
}

/* A code stands once in a record, but several of a stage may. */
static void tally_add_findings(struct tally *tally, const struct result *result) {
  bool stages[STAGE_COUNT] = {false};
  for (const struct finding *f = result->findings; f; f = f->next) {
    const struct finding_info *info = finding_info(f->code);
    tally->codes[f->code]++;
    if (info->severity == FINDING_ERROR) stages[info->stage] = true;
    if (f->has_kind) tally->kinds[f->kind]++;
  }
  for (int stage = 0; stage < STAGE_COUNT; stage++) tally->stage[stage] += stages[stage];
}

static void tally_add_policy(struct tally *tally, const struct result_policy *policy) {
  if (!policy->here) return;
  if (policy->mode != MODE_COUNT) tally->mode[policy->mode]++;
  if (!policy->has_max_age) return;
  size_t bin = MAX_AGE_BINS - 1;
  while (policy->max_age < max_age_from[bin]) bin--;
  tally->max_age[bin]++;
}

static enum err tally_add_fetch(struct tally *tally, const struct result_fetch *fetch) {
  if (fetch->http_status == 0) return ERR_NONE;
  char text[16];
  int len = snprintf(text, sizeof text, "%d", fetch->http_status);
  struct countmap_row *row = countmap_at(&tally->http_status, (struct span){text, (size_t)len});
  if (!row) return ERR_MEMORY;
  row->counts[COLUMN_DOMAINS]++;
  return ERR_NONE;
}

static void tally_add_tlsrpt(struct tally *tally, const struct result *result) {
  bool broken = false, absent = false;
  for (const struct finding *f = result->findings; f; f = f->next) {
    broken |= f->code == FOUND_TLSRPT_MULTIPLE || f->code == FOUND_TLSRPT_SYNTAX;
    absent |= f->code == FOUND_TLSRPT_ABSENT;
  }
  if (result->tlsrpt.txt.count == 0 || absent) return;
  tally->tlsrpt_deployed++;
  tally->tlsrpt_broken += broken;
}

/* The registrable domain of the last CNAME target of the policy host. */
static enum err tally_add_provider(struct tally *tally, const struct result *result) {
  struct span provider = managed_provider(tally->psl, result);
  if (provider.len == 0) return ERR_NONE;
  struct countmap_row *row = countmap_at(&tally->providers, provider);
  if (!row) return ERR_MEMORY;
  tally_count(row->counts, result);
  return ERR_NONE;
}

static enum err tally_add_deployed(struct tally *tally, const struct result *result) {
  tally_add_policy(tally, &result->policy);
  tally_add_tlsrpt(tally, result);
  enum err err = tally_add_fetch(tally, &result->fetch);
  if (err == ERR_NONE) err = tally_add_provider(tally, result);
  if (err == ERR_NONE) err = managed_add(&tally->managed, tally->psl, result);
  return err;
}

enum err tally_add(struct tally *tally, const struct result *result) {
  tally->domains++;
  tally->status[result->status]++;
  if (result->has_effect) tally->effect[result->effect]++;
  tally_add_findings(tally, result);
  enum err err = ERR_NONE;
  if (result->domain.len) err = tally_add_tld(tally, result);
  if (err == ERR_NONE) err = tally_add_rank(tally, result);
  if (err == ERR_NONE && (result->status == STATUS_VALID || result->status == STATUS_BROKEN))
    err = tally_add_deployed(tally, result);
  return err;
}

static void tally_sum(uint64_t *into, const uint64_t *from, size_t count) {
  for (size_t i = 0; i < count; i++) into[i] += from[i];
}

static enum err tally_merge_ranks(struct tally *into, const struct tally *from) {
  enum err err = tally_rank_room(into, from->rank_count);
  for (size_t i = 0; err == ERR_NONE && i < from->rank_count; i++)
    tally_sum(into->ranks[i].counts, from->ranks[i].counts, 4);
  return err;
}

enum err tally_merge(struct tally *into, const struct tally *from) {
  into->domains += from->domains;
  into->tlsrpt_deployed += from->tlsrpt_deployed;
  into->tlsrpt_broken += from->tlsrpt_broken;
  tally_sum(into->status, from->status, STATUS_COUNT);
  tally_sum(into->effect, from->effect, EFFECT_COUNT);
  tally_sum(into->mode, from->mode, MODE_COUNT);
  tally_sum(into->stage, from->stage, STAGE_COUNT);
  tally_sum(into->codes, from->codes, FOUND_COUNT);
  tally_sum(into->kinds, from->kinds, KIND_COUNT);
  tally_sum(into->max_age, from->max_age, MAX_AGE_BINS);
  enum err err = countmap_merge(&into->http_status, &from->http_status);
  if (err == ERR_NONE) err = countmap_merge(&into->tlds, &from->tlds);
  if (err == ERR_NONE) err = countmap_merge(&into->providers, &from->providers);
  if (err == ERR_NONE) err = tally_merge_ranks(into, from);
  if (err == ERR_NONE) err = managed_merge(&into->managed, &from->managed);
  return err;
}

uint64_t tally_domains(const struct tally *tally) {
  return tally->domains;
}

uint64_t tally_status(const struct tally *tally, enum result_status status) {
  return tally->status[status];
}

uint64_t tally_code(const struct tally *tally, enum finding_code code) {
  return tally->codes[code];
}

typedef const char *tally_name(int value);

static const char *status_name(int value) {
  return result_status_text((enum result_status)value);
}

static const char *effect_name(int value) {
  return result_effect_text((enum result_effect)value);
}

static const char *mode_name(int value) {
  return result_mode_text((enum result_mode)value);
}

static const char *kind_name(int value) {
  return result_kind_text((enum result_kind)value);
}

static const char *stage_name(int value) {
  return finding_stage_text((enum finding_stage)value);
}

static const char *code_name(int value) {
  return finding_info((enum finding_code)value)->name;
}

/* {"name":count,...} of an enum's counters; those that are 0 only when all is wanted. */
static void write_counters(struct json *json, const char *key, const uint64_t *counts, int count,
                           tally_name *name, bool all) {
  json_open(json, key, '{');
  for (int i = 0; i < count; i++)
    if (all || counts[i]) json_uint(json, name(i), counts[i]);
  json_close(json, '}');
}

static void write_max_age(const struct tally *tally, struct json *json) {
  json_open(json, "max_age", '[');
  for (size_t bin = 0; bin < MAX_AGE_BINS; bin++) {
    json_open(json, NULL, '{');
    json_uint(json, "from", max_age_from[bin]);
    json_uint(json, "to", bin + 1 < MAX_AGE_BINS ? max_age_from[bin + 1] - 1 : TALLY_MAX_AGE_TOP);
    json_uint(json, "domains", tally->max_age[bin]);
    json_close(json, '}');
  }
  json_close(json, ']');
}

static void write_row(struct json *json, const char *key, struct span text,
                      const uint64_t counts[4], bool deployed_only) {
  json_open(json, NULL, '{');
  json_string(json, key, text);
  json_uint(json, "domains", counts[COLUMN_DOMAINS]);
  if (!deployed_only) json_uint(json, "deployed", counts[COLUMN_DEPLOYED]);
  json_uint(json, "valid", counts[COLUMN_VALID]);
  json_uint(json, "broken", counts[COLUMN_BROKEN]);
  json_close(json, '}');
}

static void write_map(struct json *json, const char *key, const char *name,
                      const struct countmap *map, bool deployed_only) {
  const struct countmap_row **rows = countmap_sorted(map);
  json_open(json, key, '[');
  for (size_t i = 0; rows && i < map->count; i++)
    write_row(json, name, rows[i]->text, rows[i]->counts, deployed_only);
  json_close(json, ']');
  free(rows);
}

static void write_http_status(const struct tally *tally, struct json *json) {
  const struct countmap_row **rows = countmap_sorted(&tally->http_status);
  json_open(json, "http_status", '{');
  for (size_t i = 0; rows && i < tally->http_status.count; i++) {
    json_key(json, rows[i]->text);
    json_uint(json, NULL, rows[i]->counts[COLUMN_DOMAINS]);
  }
  json_close(json, '}');
  free(rows);
}

static void write_ranks(const struct tally *tally, struct json *json) {
  json_open(json, "rank", '[');
  for (size_t bin = 0; bin < tally->rank_count; bin++) {
    const uint64_t *counts = tally->ranks[bin].counts;
    if (counts[COLUMN_DOMAINS] == 0) continue;
    json_open(json, NULL, '{');
    json_uint(json, "from", bin * TALLY_RANK_BIN + 1);
    json_uint(json, "to", (bin + 1) * TALLY_RANK_BIN);
    json_uint(json, "domains", counts[COLUMN_DOMAINS]);
    json_uint(json, "deployed", counts[COLUMN_DEPLOYED]);
    json_uint(json, "valid", counts[COLUMN_VALID]);
    json_uint(json, "broken", counts[COLUMN_BROKEN]);
    json_close(json, '}');
  }
  json_close(json, ']');
}

void tally_write(const struct tally *tally, struct json *json, const char *key) {
  json_open(json, key, '{');
  json_uint(json, "domains", tally->domains);
  write_counters(json, "status", tally->status, STATUS_COUNT, status_name, true);
  write_counters(json, "effect", tally->effect, EFFECT_COUNT, effect_name, true);
  write_counters(json, "mode", tally->mode, MODE_COUNT, mode_name, true);
  write_counters(json, "stage", tally->stage, STAGE_COUNT, stage_name, true);
  write_counters(json, "findings", tally->codes, FOUND_COUNT, code_name, false);
  write_http_status(tally, json);
  write_max_age(tally, json);
  write_map(json, "tld", "tld", &tally->tlds, false);
  write_ranks(tally, json);
  write_map(json, "delegation", "provider", &tally->providers, true);
  managed_write(&tally->managed, json, "managed");
  write_counters(json, "mismatch", tally->kinds, KIND_COUNT, kind_name, true);
  json_open(json, "tlsrpt", '{');
  json_uint(json, "deployed", tally->tlsrpt_deployed);
  json_uint(json, "broken", tally->tlsrpt_broken);
  json_close(json, '}');
  json_close(json, '}');
}
