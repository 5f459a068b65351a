#include "output/stats/former_mx.h"

#include "output/base/mx_pattern.h"
#include "output/base/number.h"
#include <stdio.h>
#include <stdlib.h>

struct former_mx_domain {
  int64_t at;     /* of the record that counts */
  uint32_t kinds; /* a bit each */
  bool found;
  char *patterns; /* of its policy, a line each */
};

void former_mx_free(struct former_mx *former) {
  for (size_t i = 0; i < former->domains.count && i < former->room; i++)
    free(former->at[i].patterns);
  free(former->at);
  text_counts_free(&former->domains);
  *former = (struct former_mx){0};
}

bool former_mx_keep(const struct result *result, struct result *kept) {
  bool deployed = result->status == STATUS_VALID || result->status == STATUS_BROKEN;
  if (result->domain.len == 0 || !deployed) return false;
  *kept = (struct result){.domain = result->domain,
                          .has_rank = result->has_rank,
                          .rank = result->rank,
                          .status = result->status,
                          .has_effect = result->has_effect,
                          .effect = result->effect,
                          .findings = result->findings,
                          .policy = {.here = result->policy.here, .mx = result->policy.mx},
                          .mx = result->mx,
                          .n = result->n,
                          .at = result->at};
  return true;
}

static uint32_t kinds_of(const struct result *result) {
  uint32_t kinds = 0;
  for (const struct finding *f = result->findings; f; f = f->next)
    if (f->has_kind) kinds |= (uint32_t)1 << f->kind;
  return kinds;
}

static bool names_host(struct span pattern, const struct result *result) {
  for (size_t i = 0; i < result->mx.count; i++)
    if (mx_pattern_covers(pattern, result->mx.at[i].host)) return true;
  return false;
}

/* Those that no MX of today fits. */
static char *patterns_of(const struct result *result) {
  char *text = NULL;
  size_t size = 0, count = result->policy.mx.count;
  FILE *out = open_memstream(&text, &size);
  if (!out) return NULL;
  for (size_t i = 0; i < count && i < FORMER_MX_PATTERNS_MAX; i++)
    if (!names_host(result->policy.mx.at[i], result))
      fprintf(out, "%.*s\n", SPAN_ARG(result->policy.mx.at[i]));
  fclose(out);
  return text;
}

static enum err room(struct former_mx *former) {
  size_t wanted = former->domains.room;
  if (former->room >= wanted) return ERR_NONE;
  struct former_mx_domain *grown = reallocarray(former->at, wanted, sizeof *grown);
  if (!grown) return ERR_MEMORY;
  memset(grown + former->room, 0, (wanted - former->room) * sizeof *grown);
  former->at = grown;
  former->room = wanted;
  return ERR_NONE;
}

static enum err take_newest(struct former_mx *former, const struct result *result) {
  uint32_t kinds = kinds_of(result);
  if (kinds == 0) return ERR_NONE;
  if (former->domains.count == FORMER_MX_DOMAINS_MAX) {
    former->left_out++;
    return ERR_NONE;
  }
  const struct text_counts_row *row = text_counts_at(&former->domains, result->domain);
  if (!row || room(former) != ERR_NONE) return ERR_MEMORY;
  struct former_mx_domain *domain = &former->at[row - former->domains.rows];
  domain->at = result->at;
  domain->kinds = kinds;
  free(domain->patterns);
  domain->patterns = patterns_of(result);
  return domain->patterns ? ERR_NONE : ERR_MEMORY;
}

static bool names_one(const struct former_mx_domain *domain, const struct result *result) {
  struct span rest = span_of(domain->patterns);
  while (rest.len)
    if (names_host(span_cut(&rest, '\n'), result)) return true;
  return false;
}

enum err former_mx_take(struct former_mx *former, const struct result *result, bool counts) {
  if (counts) return take_newest(former, result);
  const struct text_counts_row *row = text_counts_find(&former->domains, result->domain);
  struct former_mx_domain *domain = row ? &former->at[row - former->domains.rows] : NULL;
  if (domain && result->at < domain->at) domain->found |= names_one(domain, result);
  return ERR_NONE;
}

void former_mx_statistics(const struct former_mx *former, uint64_t duplicates,
                          struct statistics *statistics) {
  statistics->has_former_mx = duplicates != 0;
  for (size_t i = 0; i < former->domains.count; i++)
    for (int kind = 0; kind < KIND_COUNT; kind++)
      statistics->former_mx[kind] += former->at[i].found && (former->at[i].kinds >> kind & 1);
}

void former_mx_notes(const struct former_mx *former, input_tell *tell, void *context) {
  char left_out[NUMBER_SIZE], most[NUMBER_SIZE], text[160];
  if (!former->left_out) return;
  snprintf(text, sizeof text,
           "names that were an MX earlier were looked for in %s domains with a mismatch, not in "
           "%s others",
           number_text(FORMER_MX_DOMAINS_MAX, most), number_text(former->left_out, left_out));
  tell(context, NULL, text);
}
