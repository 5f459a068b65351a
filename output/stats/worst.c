#include "output/stats/worst.h"

#include <stdlib.h>

static void domain_free(struct worst_domain *domain) {
  for (size_t i = 0; i < domain->cause_count; i++) free(domain->causes[i].detail);
  free(domain->times);
  free(domain->domain);
}

void worst_free(struct worst *worst) {
  for (size_t i = 0; i < worst->count; i++) domain_free(&worst->domains[i]);
  free(worst->domains);
  text_counts_free(&worst->names);
  *worst = (struct worst){0};
}

static bool loses_mail(enum result_effect effect) {
  return effect == EFFECT_UNDELIVERABLE || effect == EFFECT_AT_RISK;
}

static bool is_broken(const struct result *result) {
  return result->status == STATUS_BROKEN || (result->has_effect && loses_mail(result->effect));
}

bool worst_keep(const struct result *result, struct result *kept) {
  if (result->domain.len == 0 || !is_broken(result)) return false;
  *kept = (struct result){.domain = result->domain,
                          .has_rank = result->has_rank,
                          .rank = result->rank,
                          .status = result->status,
                          .has_effect = result->has_effect,
                          .effect = result->effect,
                          .findings = result->findings,
                          .n = result->n,
                          .at = result->at};
  return true;
}

static int domain_compare(const void *left, const void *right) {
  static const int grades[EFFECT_COUNT] = {[EFFECT_UNDELIVERABLE] = -2, [EFFECT_AT_RISK] = -1};
  const struct worst_domain *a = left, *b = right;
  if (grades[a->effect] != grades[b->effect]) return grades[a->effect] - grades[b->effect];
  uint64_t rank_a = a->rank ? a->rank : UINT64_MAX, rank_b = b->rank ? b->rank : UINT64_MAX;
  if (rank_a != rank_b) return rank_a < rank_b ? -1 : 1;
  return strcmp(a->domain, b->domain);
}

static void worst_sort(struct worst *worst) {
  if (worst->count) qsort(worst->domains, worst->count, sizeof *worst->domains, domain_compare);
  while (worst->count > worst->most) domain_free(&worst->domains[--worst->count]);
}

/* When twice as many are there as are wanted, the better half goes. */
static enum err worst_room(struct worst *worst) {
  if (worst->count < worst->room) return ERR_NONE;
  if (worst->room == 2 * worst->most) {
    worst_sort(worst);
    return ERR_NONE;
  }
  size_t room = worst->room ? 2 * worst->room : 64;
  if (room > 2 * worst->most) room = 2 * worst->most;
  struct worst_domain *grown = reallocarray(worst->domains, room, sizeof *grown);
  if (!grown) return ERR_MEMORY;
  worst->domains = grown;
  worst->room = room;
  return ERR_NONE;
}

static enum err causes_take(struct worst_domain *domain, const struct result *result) {
  for (const struct finding *f = result->findings; f; f = f->next) {
    struct worst_cause cause = {.code = f->code};
    if (finding_info(f->code)->severity != FINDING_ERROR) continue;
    if (domain->cause_count == WORST_CAUSES_MAX) break;
    struct span detail = span_first(f->detail, WORST_DETAIL_MAX);
    if (detail.len) cause.detail = strndup(detail.ptr, detail.len);
    if (detail.len && !cause.detail) return ERR_MEMORY;
    domain->causes[domain->cause_count++] = cause;
  }
  return ERR_NONE;
}

static enum err worst_add(struct worst *worst, const struct result *result) {
  if (!is_broken(result)) return ERR_NONE;
  worst->broken++;
  enum err err = worst->most ? worst_room(worst) : ERR_END;
  if (err != ERR_NONE) return err == ERR_END ? ERR_NONE : err;
  struct worst_domain *domain = &worst->domains[worst->count];
  *domain = (struct worst_domain){
      .domain = strndup(result->domain.ptr, result->domain.len),
      .rank = result->has_rank ? result->rank : 0,
      .effect = result->has_effect ? result->effect : EFFECT_UNKNOWN,
      .at = result->at,
  };
  if (!domain->domain) return ERR_MEMORY;
  worst->count++;
  return causes_take(domain, result);
}

/* So that the domain of an earlier record is found. */
static enum err worst_name(struct worst *worst) {
  worst_sort(worst);
  worst->named = true;
  for (size_t i = 0; i < worst->count; i++)
    if (!text_counts_at(&worst->names, span_of(worst->domains[i].domain))) return ERR_MEMORY;
  return ERR_NONE;
}

static enum err worst_earlier(struct worst *worst, const struct result *result) {
  const struct text_counts_row *row = text_counts_find(&worst->names, result->domain);
  struct worst_domain *domain = row ? &worst->domains[row - worst->names.rows] : NULL;
  if (!domain || result->at >= domain->at || result->at == 0) return ERR_NONE;
  if (!is_broken(result)) {
    if (result->at > domain->sound) domain->sound = result->at;
    return ERR_NONE;
  }
  if (domain->time_count == WORST_TIMES_MAX) return ERR_NONE;
  if (domain->time_count % 16 == 0) {
    size_t room = domain->time_count + 16;
    int64_t *grown = reallocarray(domain->times, room, sizeof *grown);
    if (!grown) return ERR_MEMORY;
    domain->times = grown;
  }
  domain->times[domain->time_count++] = result->at;
  return ERR_NONE;
}

enum err worst_take(struct worst *worst, const struct result *result, bool counts) {
  if (counts) return worst_add(worst, result);
  enum err err = worst->named ? ERR_NONE : worst_name(worst);
  return err == ERR_NONE ? worst_earlier(worst, result) : err;
}

void worst_end(struct worst *worst) {
  worst_sort(worst);
  for (size_t i = 0; i < worst->count; i++) {
    struct worst_domain *domain = &worst->domains[i];
    domain->since = domain->at;
    domain->before = domain->sound == 0;
    for (size_t j = 0; j < domain->time_count; j++)
      if (domain->times[j] > domain->sound && domain->times[j] < domain->since)
        domain->since = domain->times[j];
  }
}
