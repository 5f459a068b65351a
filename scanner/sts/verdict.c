#include "scanner/sts/verdict.h"

#include "scanner/sts/match.h"

static bool has_code(const struct result *result, enum finding_code code) {
  for (const struct finding *f = result->findings; f; f = f->next)
    if (f->code == code) return true;
  return false;
}

static bool has_error(const struct result *result) {
  for (const struct finding *f = result->findings; f; f = f->next)
    if (finding_info(f->code)->severity == FINDING_ERROR) return true;
  return false;
}

static enum result_status verdict_status(const struct result *result, bool record_known,
                                         enum record_presence presence) {
  if (!record_known) return STATUS_UNKNOWN;
  if (presence == RECORD_NONE) return STATUS_ABSENT;
  if (has_code(result, FOUND_POLICY_HOST_BLOCKED)) return STATUS_BLOCKED;
  return has_error(result) ? STATUS_BROKEN : STATUS_VALID;
}

/* Whether a sender would go by the policy: no error up to its last line, but that a malformed mx
 * beside a sound one still leaves it one. */
static bool verdict_policy_is_used(const struct result *result) {
  if (!result->fetch.trusted || !result->policy.here) return false;
  for (const struct finding *f = result->findings; f; f = f->next) {
    const struct finding_info *info = finding_info(f->code);
    if (info->stage > STAGE_POLICY_SYNTAX || info->severity != FINDING_ERROR) continue;
    if (f->code != FOUND_POLICY_MX_INVALID || result->policy.mx.count == 0) return false;
  }
  return result->policy.mode != MODE_COUNT;
}

static bool verdict_mx_is_unknown(const struct result *result) {
  return has_code(result, FOUND_MX_DNS_SERVFAIL) || has_code(result, FOUND_MX_DNS_REFUSED) ||
         has_code(result, FOUND_MX_DNS_TIMEOUT) || has_code(result, FOUND_MX_DNS_MALFORMED);
}

/* What a sender that enforces the policy makes of the MX, counted: deliver, not deliver, not known.
 */
struct verdict_mx {
  size_t yes, no, open;
};

static struct verdict_mx verdict_mx_of(const struct result_mx_set *set) {
  struct verdict_mx counts = {0};
  for (size_t i = 0; i < set->count; i++) {
    const struct result_mx *mx = &set->at[i];
    bool probed = mx->tls != NULL;
    if (match_is_null_mx(mx->host)) continue;
    if ((mx->judged && !mx->covered) || (probed && mx->tls->verdict == VERDICT_REFUSED))
      counts.no++;
    else if (probed && mx->tls->verdict == VERDICT_UNKNOWN)
      counts.open++;
    else
      counts.yes++;
  }
  return counts;
}

/* Null MX and no MX are as if covered. */
static enum result_effect verdict_enforced(const struct result *result) {
  if (verdict_mx_is_unknown(result)) return EFFECT_UNKNOWN;
  struct verdict_mx mx = verdict_mx_of(&result->mx);
  if (mx.no) return mx.yes + mx.open ? EFFECT_AT_RISK : EFFECT_UNDELIVERABLE;
  return mx.open && !mx.yes ? EFFECT_UNKNOWN : EFFECT_ENFORCED;
}

static enum result_effect verdict_effect(const struct result *result, bool record_known,
                                         enum record_presence presence) {
  if (!record_known) return EFFECT_UNKNOWN;
  if (presence == RECORD_NONE) return EFFECT_NONE;
  if (has_code(result, FOUND_POLICY_HOST_BLOCKED)) return EFFECT_UNKNOWN;
  if (presence != RECORD_SOUND || !verdict_policy_is_used(result)) return EFFECT_OPPORTUNISTIC;
  switch (result->policy.mode) {
  case MODE_ENFORCE: return verdict_enforced(result);
  case MODE_TESTING: return EFFECT_TESTING;
  default: return EFFECT_NONE;
  }
}

void verdict_judge(struct result *result, bool record_known, enum record_presence presence) {
  result->status = verdict_status(result, record_known, presence);
  result->has_effect = true;
  result->effect = verdict_effect(result, record_known, presence);
}
