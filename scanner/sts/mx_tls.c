#include "scanner/sts/mx_tls.h"

#include "output/base/mx_pattern.h"
#include "scanner/sts/match.h"

static const char mx_tls_skipped_detail[] = "not probed, being one of more than ten";

static const struct finding mx_tls_skipped_finding = {
    .code = FOUND_MX_SMTP_SKIPPED,
    .detail = {mx_tls_skipped_detail, sizeof mx_tls_skipped_detail - 1},
};

static const struct result_mx_tls mx_tls_skipped = {
    .verdict = VERDICT_UNKNOWN,
    .codes.bits = {[FOUND_MX_SMTP_SKIPPED / 64] = (uint64_t)1 << FOUND_MX_SMTP_SKIPPED % 64},
    .findings = &mx_tls_skipped_finding,
};

static enum result_verdict mx_tls_verdict_of(enum finding_code code) {
  const struct finding_info *info = finding_info(code);
  if (info->stage != STAGE_MX_TLS || code == FOUND_MX_TLS_EXPIRES_SOON) return VERDICT_SECURE;
  return info->severity == FINDING_ERROR ? VERDICT_REFUSED : VERDICT_UNKNOWN;
}

void mx_tls_conclude(struct result_mx_tls *tls) {
  tls->verdict = VERDICT_SECURE;
  tls->codes = (struct finding_codes){0};
  for (const struct finding *f = tls->findings; f; f = f->next) {
    enum result_verdict verdict = mx_tls_verdict_of(f->code);
    finding_codes_add(&tls->codes, f->code);
    if (tls->verdict != VERDICT_REFUSED && verdict != VERDICT_SECURE) tls->verdict = verdict;
  }
}

void mx_tls_keep_names(struct result_certificate *certificate, struct span host) {
  struct spans *names = &certificate->names;
  size_t fitting = 0;
  certificate->names_count = (unsigned)names->count;
  for (size_t i = 0; i < names->count && fitting < RESULT_MX_NAMES_FITTING; i++) {
    struct span name = names->at[i];
    if (!mx_pattern_covers(name, host)) continue;
    memmove(names->at + fitting + 1, names->at + fitting, (i - fitting) * sizeof name);
    names->at[fitting++] = name;
  }
  size_t room = fitting ? RESULT_MX_NAMES_FITTING : RESULT_MX_NAMES_MAX;
  if (names->count > room) names->count = room;
}

/* Its place among the hosts, or count. */
static size_t mx_tls_find(const struct span *hosts, size_t count, struct span host) {
  size_t i = 0;
  while (i < count && !span_equal(hosts[i], host)) i++;
  return i;
}

size_t mx_tls_hosts(const struct result_mx_set *mx, struct span hosts[RESULT_MX_PROBED_MAX]) {
  size_t count = 0;
  for (size_t i = 0; i < mx->count && count < RESULT_MX_PROBED_MAX; i++) {
    struct span host = mx->at[i].host;
    if (!match_is_null_mx(host) && mx_tls_find(hosts, count, host) == count) hosts[count++] = host;
  }
  return count;
}

void mx_tls_place(struct result_mx_set *mx, const struct span *hosts,
                  const struct result_mx_tls *const *tls, size_t count) {
  for (size_t i = 0; i < mx->count; i++) {
    if (match_is_null_mx(mx->at[i].host)) continue;
    size_t at = mx_tls_find(hosts, count, mx->at[i].host);
    mx->at[i].tls = at < count ? tls[at] : &mx_tls_skipped;
  }
}

/* The first MX of each host that has evidence, and of those that were passed over the first. */
struct mx_tls_firsts {
  const struct result_mx *at[RESULT_MX_PROBED_MAX + 1];
  size_t count;
};

static bool mx_tls_is_known(const struct mx_tls_firsts *firsts, const struct result_mx *mx) {
  for (size_t i = 0; i < firsts->count; i++)
    if (firsts->at[i]->tls == mx->tls || span_equal(firsts->at[i]->host, mx->host)) return true;
  return false;
}

static struct mx_tls_firsts mx_tls_firsts_of(const struct result_mx_set *mx) {
  struct mx_tls_firsts firsts = {.count = 0};
  for (size_t i = 0; i < mx->count && firsts.count <= RESULT_MX_PROBED_MAX; i++)
    if (mx->at[i].tls && !mx_tls_is_known(&firsts, &mx->at[i]))
      firsts.at[firsts.count++] = &mx->at[i];
  return firsts;
}

/* RFC 8461 section 4.2 wants the MX host's name; there are senders that hold the certificate's
 * names against the patterns. */
static bool mx_tls_fits_pattern(const struct result_policy *policy,
                                const struct result_certificate *certificate) {
  for (size_t i = 0; i < certificate->names.count; i++) {
    struct span name = certificate->names.at[i];
    if (match_any(policy->mx, name)) return true;
    for (size_t k = 0; k < policy->mx.count; k++)
      if (mx_pattern_covers(name, policy->mx.at[k])) return true;
  }
  return false;
}

static bool mx_tls_is_contested(const struct result_policy *policy, const struct result_mx *mx,
                                const struct finding *finding) {
  if (finding->contested) return true;
  return finding->code == FOUND_MX_TLS_NAME_MISMATCH &&
         mx_tls_fits_pattern(policy, &mx->tls->certificate);
}

static bool mx_tls_all_contest(const struct result_policy *policy,
                               const struct mx_tls_firsts *firsts, enum finding_code code) {
  for (size_t i = 0; i < firsts->count; i++)
    for (const struct finding *f = firsts->at[i]->tls->findings; f; f = f->next)
      if (f->code == code && !mx_tls_is_contested(policy, firsts->at[i], f)) return false;
  return true;
}

static struct span mx_tls_contested_section(enum finding_code code) {
  switch (code) {
  case FOUND_MX_TLS_PROTOCOL: return SPAN("RFC 8461 section 7.2");
  case FOUND_MX_TLS_STARTTLS_REFUSED: return SPAN("RFC 3207 section 4");
  case FOUND_DANE_INSECURE: return SPAN("RFC 7672 section 2.2.1");
  default: return SPAN("RFC 8461 section 4.2");
  }
}

/* What is judged of one domain. */
struct mx_tls_case {
  struct span domain;
  const struct result_policy *policy;
  const struct result_mx_set *mx;
  struct mx_tls_firsts firsts;
  struct finding_list *findings;
};

static void mx_tls_raise(const struct mx_tls_case *judged, const struct result_mx *mx,
                         struct finding finding) {
  struct finding_list *findings = judged->findings;
  if (finding_list_full(findings, finding.code)) return;
  struct span before = arena_join(findings->arena, mx->host, SPAN(": "));
  finding.detail =
      finding.detail.len ? arena_join(findings->arena, before, finding.detail) : mx->host;
  finding.host = mx->host;
  finding.erratum = (struct span){0};
  if (finding.contested) finding.erratum = mx_tls_contested_section(finding.code);
  finding_list_add(findings, finding);
}

/* Whether there are TLSA records that would count, were the MX records validated too. Some senders
 * use them all the same (RFC 7672 section 2.2.1). */
static bool mx_tls_lacks_mx(const struct mx_tls_case *judged, const struct result_mx *mx) {
  const struct result_tlsa *tlsa = &mx->tls->tlsa;
  return tlsa->here && tlsa->ad && tlsa->records.count && !judged->mx->lookup.ad;
}

static void mx_tls_judge_host(const struct mx_tls_case *judged, const struct result_mx *mx) {
  bool wanted = judged->policy->mx.count && judged->policy->mode != MODE_NONE;
  bool lacks_mx = mx_tls_lacks_mx(judged, mx);
  for (const struct finding *f = mx->tls->findings; f; f = f->next) {
    enum finding_stage stage = finding_info(f->code)->stage;
    if (stage == STAGE_MX_TLS ? !wanted : lacks_mx) continue;
    struct finding finding = *f;
    finding.contested = mx_tls_all_contest(judged->policy, &judged->firsts, f->code);
    mx_tls_raise(judged, mx, finding);
  }
  if (lacks_mx)
    mx_tls_raise(judged, mx,
                 (struct finding){.code = FOUND_DANE_INSECURE,
                                  .reason = REASON_DANE_INSECURE_MX,
                                  .contested = true,
                                  .detail = SPAN("it has TLSA records, but the domain's MX records "
                                                 "are not validated")});
}

/* Whether all that keeps the certificate from its TLSA records is a name, and it has the domain's,
 * or that of what the domain is an alias of. */
static bool mx_tls_has_domain(struct span domain, const struct result_mx_set *mx,
                              const struct result_mx_tls *tls) {
  struct spans cname = mx->lookup.cname, names = tls->certificate.names;
  const struct finding *f = tls->findings;
  while (f && f->reason != REASON_DANE_MISMATCH_NAME) f = f->next;
  return f &&
         (match_any(names, domain) || (cname.count && match_any(names, cname.at[cname.count - 1])));
}

/* The evidence without that mismatch; NULL: no memory. */
static const struct result_mx_tls *mx_tls_matched(const struct result_mx_tls *tls,
                                                  struct arena *arena) {
  struct finding_list others = {.arena = arena};
  struct result_mx_tls *matched = arena_alloc(arena, sizeof *matched);
  if (!matched) return NULL;
  for (const struct finding *f = tls->findings; f; f = f->next)
    if (f->code != FOUND_DANE_MISMATCH) finding_list_add(&others, *f);
  *matched = *tls;
  matched->findings = others.first;
  matched->tlsa.dane = DANE_MATCH;
  mx_tls_conclude(matched);
  return matched;
}

/* What a host's certificate comes to under an issuer depends on the domain (RFC 7672 section
 * 3.2.2). */
static void mx_tls_hold_domain(struct span domain, struct result_mx_set *mx, struct arena *arena) {
  for (size_t i = 0; i < mx->count && mx->lookup.ad; i++) {
    struct result_mx *at = &mx->at[i];
    if (at->tls && mx_tls_has_domain(domain, mx, at->tls)) at->tls = mx_tls_matched(at->tls, arena);
  }
}

void mx_tls_judge(struct span domain, const struct result_policy *policy, struct result_mx_set *mx,
                  struct finding_list *findings) {
  mx_tls_hold_domain(domain, mx, findings->arena);
  struct mx_tls_case judged = {domain, policy, mx, mx_tls_firsts_of(mx), findings};
  for (size_t i = 0; i < judged.firsts.count; i++) mx_tls_judge_host(&judged, judged.firsts.at[i]);
}
