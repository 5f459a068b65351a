#include "scanner/sts/match.h"

#include "scanner/text/distance.h"

enum {
  MATCH_NAME_MAX = 253,
};

static struct span without_dot(struct span name) {
  if (name.len && name.ptr[name.len - 1] == '.') name.len--;
  return name;
}

static struct span without_first_label(struct span name) {
  struct span rest = name;
  span_cut(&rest, '.');
  return rest;
}

bool match_covers(struct span pattern, struct span host) {
  struct span name = without_dot(host);
  if (!span_starts(pattern, SPAN("*."))) return name.len && span_equal_nocase(pattern, name);
  size_t first = span_find(name, '.');
  return first > 0 && first < name.len &&
         span_equal_nocase(span_skip(pattern, 1), span_skip(name, first));
}

static struct span last_label(struct span name) {
  size_t at = name.len;
  while (at && name.ptr[at - 1] != '.') at--;
  return span_skip(name, at);
}

/* Lower case, in the caller's memory; too long: empty, which is like nothing else. */
static struct span match_lower(struct span name, char out[MATCH_NAME_MAX + 1]) {
  name = without_dot(name);
  if (name.len > MATCH_NAME_MAX) name.len = 0;
  for (size_t i = 0; i < name.len; i++) {
    char c = name.ptr[i];
    out[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
  }
  out[name.len] = 0;
  return (struct span){out, name.len};
}

/* Of a name that ends with a NUL. */
static struct span registrable(const psl_ctx_t *psl, struct span name) {
  if (psl) {
    struct span domain = span_of(psl_registrable_domain(psl, name.ptr));
    return domain.len ? domain : name;
  }
  size_t at = name.len, dots = 0;
  while (at && (name.ptr[at - 1] != '.' || ++dots < 2)) at--;
  return span_skip(name, at);
}

struct likeness {
  enum result_kind kind;
  unsigned distance; /* for the closest of one kind */
};

/* A wildcard is compared without its first label on both sides; the registrable domain is that of
 * the whole host, which may have no label to spare. */
static struct likeness match_likeness(const psl_ctx_t *psl, struct span pattern, struct span host) {
  char pattern_bytes[MATCH_NAME_MAX + 1], host_bytes[MATCH_NAME_MAX + 1];
  bool wildcard = span_starts(pattern, SPAN("*."));
  struct span a = match_lower(wildcard ? span_skip(pattern, 2) : pattern, pattern_bytes);
  struct span name = match_lower(host, host_bytes);
  struct span b = wildcard ? without_first_label(name) : name;
  struct span a_top = last_label(a), b_top = last_label(b);
  struct likeness like = {KIND_DOMAIN, distance_edits(a, b)};
  if (span_equal(a_top, b_top) && like.distance <= MATCH_TYPO_DISTANCE_MAX)
    like.kind = KIND_TYPO;
  else if (span_equal(registrable(psl, a), registrable(psl, name)))
    like.kind = KIND_SUBDOMAIN;
  else if (a.len > a_top.len &&
           span_equal(span_first(a, a.len - a_top.len), span_first(b, b.len - b_top.len)))
    like.kind = KIND_TLD;
  return like;
}

enum result_kind match_kind(const psl_ctx_t *psl, struct spans patterns, struct span host,
                            struct span *closest) {
  struct likeness best = {KIND_COUNT, 0};
  for (size_t i = 0; i < patterns.count; i++) {
    struct likeness like = match_likeness(psl, patterns.at[i], host);
    if (like.kind > best.kind || (like.kind == best.kind && like.distance >= best.distance))
      continue;
    best = like;
    *closest = patterns.at[i];
  }
  return best.kind;
}

bool match_any(struct spans patterns, struct span host) {
  for (size_t i = 0; i < patterns.count; i++)
    if (match_covers(patterns.at[i], host)) return true;
  return false;
}

static void match_raise(const psl_ctx_t *psl, struct spans patterns, const struct result_mx *mx,
                        enum finding_code code, struct faults *faults) {
  if (faults_full(faults, code)) return;
  struct span closest = {0};
  enum result_kind kind = match_kind(psl, patterns, mx->host, &closest);
  struct arena *arena = faults->arena;
  struct span detail = arena_join(arena, mx->host, SPAN(" is not covered; closest is "));
  struct span how = arena_format(arena, " (%s)", result_kind_text(kind));
  faults_add(faults, (struct finding){
                         .code = code,
                         .host = mx->host,
                         .pattern = closest,
                         .has_kind = true,
                         .kind = kind,
                         .detail = arena_join(arena, arena_join(arena, detail, closest), how)});
}

static void match_raise_unused(const struct result_policy *policy, const struct result_mx_set *mx,
                               struct faults *faults) {
  for (size_t i = 0; i < policy->mx.count && !faults_full(faults, FOUND_POLICY_MX_UNUSED); i++) {
    bool used = false;
    for (size_t j = 0; j < mx->count && !used; j++)
      used = match_covers(policy->mx.at[i], mx->at[j].host);
    if (!used)
      faults_add(faults, (struct finding){.code = FOUND_POLICY_MX_UNUSED,
                                          .pattern = policy->mx.at[i],
                                          .detail = policy->mx.at[i]});
  }
}

void match_judge(const psl_ctx_t *psl, const struct result_policy *policy, struct result_mx_set *mx,
                 struct faults *faults) {
  size_t covered = 0;
  for (size_t i = 0; i < mx->count; i++) {
    mx->at[i].judged = true;
    mx->at[i].covered = match_any(policy->mx, mx->at[i].host);
    covered += mx->at[i].covered;
  }
  match_raise_unused(policy, mx, faults);
  if (covered == mx->count || policy->mode == MODE_NONE) return;
  enum finding_code code = covered ? FOUND_MX_PARTIAL_MISMATCH : FOUND_MX_MISMATCH;
  for (size_t i = 0; i < mx->count; i++)
    if (!mx->at[i].covered) match_raise(psl, policy->mx, &mx->at[i], code, faults);
}
