#include "scanner/sts/verdict.h"

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
  return has_error(result) ? STATUS_BROKEN : STATUS_VALID;
}

/* Whether the text is a policy to go by: a malformed mx beside a sound one leaves it one. */
static bool verdict_policy_is_sound(const struct result *result) {
  for (const struct finding *f = result->findings; f; f = f->next) {
    const struct finding_info *info = finding_info(f->code);
    if (info->stage != STAGE_POLICY_SYNTAX || info->severity != FINDING_ERROR) continue;
    if (f->code != FOUND_POLICY_MX_INVALID || result->policy.mx.count == 0) return false;
  }
  return result->policy.here && result->policy.mode != MODE_COUNT;
}

/* Nothing to be refused where no MX is known to exist: null MX and no MX are as if covered. */
static enum result_effect verdict_enforced(const struct result *result) {
  if (has_code(result, FOUND_MX_MISMATCH)) return EFFECT_UNDELIVERABLE;
  if (has_code(result, FOUND_MX_PARTIAL_MISMATCH)) return EFFECT_AT_RISK;
  bool known = result->mx.lookup.rcode == 0 || result->mx.lookup.rcode == 3;
  return known ? EFFECT_ENFORCED : EFFECT_UNKNOWN;
}

static enum result_effect verdict_effect(const struct result *result, bool record_known,
                                         enum record_presence presence) {
  if (!record_known) return EFFECT_UNKNOWN;
  if (presence == RECORD_NONE) return EFFECT_NONE;
  if (presence != RECORD_SOUND || !result->fetch.trusted || !verdict_policy_is_sound(result))
    return EFFECT_OPPORTUNISTIC;
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
