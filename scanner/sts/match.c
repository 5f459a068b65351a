#include "scanner/sts/match.h"

#include "output/base/mx_pattern.h"
#include "scanner/base/edit_distance.h"
#include "scanner/sts/domain.h"
#include <stdlib.h>

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

static struct span last_label(struct span name) {
  size_t at = name.len;
  while (at && name.ptr[at - 1] != '.') at--;
  return span_skip(name, at);
}

/* A name that is compared: lower case, and the end of it that is its registrable domain. */
struct match_name {
  char bytes[MATCH_NAME_MAX + 1];
  struct span text, registrable;
};

/* Too long: empty, which is like nothing else. */
static void match_lower(struct span name, struct match_name *out) {
  name = without_dot(name);
  if (name.len > MATCH_NAME_MAX) name.len = 0;
  for (size_t i = 0; i < name.len; i++) {
    char c = name.ptr[i];
    out->bytes[i] = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
  }
  out->bytes[name.len] = 0;
  out->text = (struct span){out->bytes, name.len};
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

/* The patterns while the closest one is sought, for one host after the other. */
struct match_search {
  const psl_ctx_t *psl;
  struct span domain;
  struct spans patterns;
  uint8_t *registrable; /* length of each pattern's registrable domain; 0: not looked up yet */
  size_t cells;         /* of edit distances, that are left */
};

static bool match_is_wildcard(struct span pattern) {
  return span_starts(pattern, SPAN("*."));
}

static void match_read_pattern(struct match_search *search, size_t i, struct match_name *name) {
  struct span pattern = search->patterns.at[i];
  match_lower(match_is_wildcard(pattern) ? span_skip(pattern, 2) : pattern, name);
  size_t known = search->registrable ? search->registrable[i] : 0;
  name->registrable =
      known ? span_skip(name->text, name->text.len - known) : registrable(search->psl, name->text);
  if (search->registrable) search->registrable[i] = (uint8_t)name->registrable.len;
}

/* What cannot be paid for is far away: two long lists of long names would cost seconds. */
static unsigned match_distance(struct match_search *search, struct span a, struct span b) {
  size_t cells = a.len * b.len;
  if (cells > search->cells) return EDIT_DISTANCE_TEXT_MAX;
  search->cells -= cells;
  return edit_distance(a, b);
}

struct likeness {
  enum result_kind kind;
  unsigned distance; /* for the closest of one kind */
};

/* A wildcard is compared without its first label on both sides; the registrable domain is that of
 * the whole host, which may have no label to spare. */
static struct likeness match_likeness(struct match_search *search, size_t i,
                                      const struct match_name *host) {
  struct match_name pattern;
  match_read_pattern(search, i, &pattern);
  struct span a = pattern.text, b = host->text;
  if (match_is_wildcard(search->patterns.at[i])) b = without_first_label(b);
  struct span a_top = last_label(a), b_top = last_label(b);
  struct likeness like = {KIND_DOMAIN, match_distance(search, a, b)};
  if (span_equal(a_top, b_top) && like.distance <= MATCH_TYPO_DISTANCE_MAX)
    like.kind = KIND_TYPO;
  else if (span_equal(pattern.registrable, host->registrable))
    like.kind = KIND_SUBDOMAIN;
  else if (a.len > a_top.len &&
           span_equal(span_first(a, a.len - a_top.len), span_first(b, b.len - b_top.len)))
    like.kind = KIND_TLD;
  return like;
}

static enum result_kind match_closest(struct match_search *search, struct span host,
                                      struct span *closest) {
  struct likeness best = {KIND_COUNT, 0};
  struct match_name name;
  match_lower(host, &name);
  name.registrable = registrable(search->psl, name.text);
  for (size_t i = 0; i < search->patterns.count; i++) {
    struct likeness like = match_likeness(search, i, &name);
    if (like.kind > best.kind || (like.kind == best.kind && like.distance >= best.distance))
      continue;
    best = like;
    *closest = search->patterns.at[i];
  }
  return best.kind;
}

enum result_kind match_kind(const psl_ctx_t *psl, struct spans patterns, struct span host,
                            struct span *closest) {
  struct match_search search = {.psl = psl, .patterns = patterns, .cells = MATCH_CELLS_MAX};
  return match_closest(&search, host, closest);
}

bool match_any(struct spans patterns, struct span host) {
  for (size_t i = 0; i < patterns.count; i++)
    if (mx_pattern_covers(patterns.at[i], host)) return true;
  return false;
}

/* name is parent, or below it. */
static bool match_is_within(struct span name, struct span parent) {
  return span_ends(name, parent) &&
         (name.len == parent.len || name.ptr[name.len - parent.len - 1] == '.');
}

/* A host and its domain below a public suffix of two labels, as co.uk. */
static bool match_ends_in_double_suffix(struct span name, struct span top) {
  char text[2 * DOMAIN_LABEL_MAX + 2];
  struct span second = last_label(span_first(name, name.len - top.len - 1));
  size_t len = second.len + 1 + top.len;
  struct span prefix = span_first(name, name.len - len);
  if (span_find(prefix, '.') + 1 >= prefix.len || len >= sizeof text || !psl_builtin())
    return false;
  memcpy(text, second.ptr, len);
  text[len] = 0;
  return psl_is_public_suffix2(psl_builtin(), text, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) == 1;
}

/* A host's name in full, by its look: three labels and more, and an end that nobody gives to a
 * part of a network. Most top levels are words or countries, as those parts are: mx1.fra.de.D. */
static bool match_is_whole(struct span name, struct span domain) {
  struct span rest = name, top = last_label(name);
  span_cut(&rest, '.');
  if (span_find(rest, '.') == rest.len) return false;
  return span_equal(top, SPAN("com")) || span_equal(top, SPAN("net")) ||
         span_equal(top, SPAN("org")) || span_equal(top, last_label(domain)) ||
         match_ends_in_double_suffix(name, top);
}

bool match_lacks_dot(struct span domain, struct spans patterns, struct span host) {
  for (size_t i = 1; i + 1 < host.len; i++) {
    struct span end = span_skip(host, i + 1), begin = span_first(host, i);
    if (host.ptr[i] != '.' || span_find(end, '.') == end.len) continue;
    if (match_is_within(begin, end)) return true;
    if (domain.len && !match_is_within(domain, end)) continue;
    if (match_any(patterns, begin) || (domain.len && match_is_whole(begin, domain))) return true;
  }
  return false;
}

/* Why a host is not covered, where it shows. */
static enum reason match_reason(const struct match_search *search, enum finding_code code,
                                struct span host, struct span pattern) {
  if (match_lacks_dot(search->domain, search->patterns, host))
    return reason_by_word(code, SPAN("mx-final-dot"));
  if (reasons_is_placeholder(pattern)) return reason_by_word(code, SPAN("placeholder"));
  return REASON_NONE;
}

static struct span match_reason_text(struct arena *arena, enum reason reason) {
  if (reason == REASON_NONE) return SPAN("");
  return arena_format(arena, ": %s", reason_info(reason)->text);
}

static void match_raise(struct match_search *search, const struct result_mx *mx,
                        enum finding_code code, struct finding_list *findings) {
  if (finding_list_full(findings, code)) return;
  struct span closest = {0};
  enum result_kind kind = match_closest(search, mx->host, &closest);
  struct arena *arena = findings->arena;
  struct span detail = arena_join(arena, mx->host, SPAN(" is not covered; closest is "));
  enum reason reason = match_reason(search, code, mx->host, closest);
  struct span how = arena_join(arena, arena_format(arena, " (%s)", result_kind_text(kind)),
                               match_reason_text(arena, reason));
  finding_list_add(findings, (struct finding){.code = code,
                                              .reason = reason,
                                              .host = mx->host,
                                              .pattern = closest,
                                              .has_kind = true,
                                              .kind = kind,
                                              .detail = arena_join(
                                                  arena, arena_join(arena, detail, closest), how)});
}

/* The patterns in an order in which a host finds those that cover it. */
struct match_index {
  struct spans patterns;
  const struct span **at; /* of these, sorted */
  bool *used;             /* by their place in the policy */
};

/* A text in two parts, for no copy of it is made: the star of a wildcard, and a name. */
static int match_order(struct span star, struct span name, struct span pattern) {
  size_t i = 0, len = star.len + name.len;
  for (; i < len && i < pattern.len; i++) {
    char c = i < star.len ? star.ptr[i] : name.ptr[i - star.len], d = pattern.ptr[i];
    c = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    d = d >= 'A' && d <= 'Z' ? (char)(d | 0x20) : d;
    if (c != d) return (unsigned char)c < (unsigned char)d ? -1 : 1;
  }
  return (len > pattern.len) - (len < pattern.len);
}

static int match_index_order(const void *left, const void *right) {
  const struct span *const *a = left, *const *b = right;
  return match_order((struct span){0}, **a, **b);
}

static bool match_index_make(struct match_index *index, struct spans patterns,
                             struct arena *arena) {
  index->patterns = patterns;
  index->at = arena_array(arena, patterns.count, sizeof(const struct span *));
  index->used = arena_array(arena, patterns.count, sizeof *index->used);
  if (!index->at || !index->used) return false;
  for (size_t i = 0; i < patterns.count; i++) index->at[i] = &patterns.at[i];
  qsort(index->at, patterns.count, sizeof(const struct span *), match_index_order);
  return true;
}

/* Marks the patterns that read so as used; false: there is none. */
static bool match_index_use(struct match_index *index, struct span star, struct span name) {
  size_t low = 0, high = index->patterns.count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (match_order(star, name, *index->at[middle]) > 0)
      low = middle + 1;
    else
      high = middle;
  }
  size_t first = low;
  for (; low < index->patterns.count && match_order(star, name, *index->at[low]) == 0; low++) {
    bool *used = &index->used[index->at[low] - index->patterns.at];
    if (*used) return true; /* and so are those that are its equals */
    *used = true;
  }
  return low > first;
}

/* As mx_pattern_covers() of each pattern. */
static bool match_index_covers(struct match_index *index, struct span host) {
  struct span name = without_dot(host);
  size_t first = span_find(name, '.');
  bool covered =
      name.len && !match_is_wildcard(name) && match_index_use(index, (struct span){0}, name);
  if (first > 0 && first < name.len)
    covered |= match_index_use(index, SPAN("*"), span_skip(name, first));
  return covered;
}

static void match_raise_unused(const struct result_policy *policy, const struct match_index *index,
                               struct finding_list *findings) {
  for (size_t i = 0; i < policy->mx.count && !finding_list_full(findings, FOUND_POLICY_MX_UNUSED);
       i++)
    if (!index->used[i])
      finding_list_add(findings, (struct finding){.code = FOUND_POLICY_MX_UNUSED,
                                                  .pattern = policy->mx.at[i],
                                                  .detail = policy->mx.at[i]});
}

bool match_is_null_mx(struct span host) {
  return span_equal(host, SPAN("."));
}

bool match_takes_no_mail(const struct result_mx_set *mx) {
  size_t nulls = 0;
  for (size_t i = 0; i < mx->count; i++) nulls += match_is_null_mx(mx->at[i].host);
  return nulls && nulls == mx->count;
}

void match_judge_null(const struct result_mx_set *mx, struct span host,
                      struct finding_list *findings) {
  struct span said = SPAN("null MX (RFC 7505): the domain takes no mail");
  size_t nulls = 0;
  for (size_t i = 0; i < mx->count; i++) nulls += match_is_null_mx(mx->at[i].host);
  if (nulls == 0) return;
  if (nulls < mx->count)
    said = SPAN("null MX beside other MX records, where RFC 7505 section 3 allows no other; it is "
                "no host to cover");
  finding_list_add(findings, (struct finding){.code = FOUND_MX_NULL, .host = host, .detail = said});
}

void match_judge(const psl_ctx_t *psl, struct span domain, const struct result_policy *policy,
                 struct result_mx_set *mx, struct finding_list *findings) {
  struct match_index index;
  size_t covered = 0;
  if (!match_index_make(&index, policy->mx, findings->arena)) return;
  size_t hosts = 0;
  for (size_t i = 0; i < mx->count; i++) {
    if (match_is_null_mx(mx->at[i].host)) continue;
    mx->at[i].judged = true;
    mx->at[i].covered = match_index_covers(&index, mx->at[i].host);
    covered += mx->at[i].covered;
    hosts++;
  }
  match_raise_unused(policy, &index, findings);
  if (covered == hosts || policy->mode == MODE_NONE) return;
  enum finding_code code = covered ? FOUND_MX_PARTIAL_MISMATCH : FOUND_MX_MISMATCH;
  struct match_search search = {psl, domain, policy->mx,
                                arena_alloc(findings->arena, policy->mx.count), MATCH_CELLS_MAX};
  for (size_t i = 0; i < mx->count; i++)
    if (mx->at[i].judged && !mx->at[i].covered) match_raise(&search, &mx->at[i], code, findings);
}
