#include "output/stats/change.h"

#include <assert.h>

static_assert(CHANGE_COUNT <= 32, "the set has 32 bits");

static const struct change_info change_table[] = {
#define CHANGE(name, text, trend, title) {text, CHANGE_##trend, title},
#include "output/stats/change.def"
#undef CHANGE
};

const struct change_info *change_info(enum change change) {
  return &change_table[change];
}

static uint64_t text_hash(struct siphash_key key, struct span text) {
  if (!span_here(text)) return 0;
  uint64_t hash = siphash_text(key, text);
  return hash ? hash : 1;
}

struct state state_of(const struct result *result, struct siphash_key key) {
  struct domain_facts facts = domain_facts_of(result);
  struct state state = {
      .at = result->at,
      .not_after = result->certificate.not_after,
      .id = text_hash(key, result->record.id),
      .policy = text_hash(key, result->policy.sha256),
      .certificate = text_hash(key, result->certificate.sha256),
      .max_age = result->policy.has_max_age ? result->policy.max_age : 0,
      .rank = result->has_rank && result->rank <= UINT32_MAX ? (uint32_t)result->rank : 0,
      .status = facts.status,
      .effect = facts.effect,
      .mode = facts.mode,
      .probed = facts.mail != 0,
  };
  memcpy(state.codes, facts.codes, sizeof state.codes);
  return state;
}

struct state state_unseen(void) {
  return (struct state){.status = STATE_UNSEEN, .effect = EFFECT_COUNT, .mode = MODE_COUNT};
}

static bool state_deployed(const struct state *state) {
  return state->status == STATUS_VALID || state->status == STATUS_BROKEN;
}

static bool state_has(const struct state *state, enum finding_code code) {
  return state->codes[code / 64] >> (code % 64) & 1;
}

/* The effect of a policy in mode enforce without what the probes found. */
static enum result_effect effect_unprobed(const struct state *state) {
  if (state_has(state, FOUND_MX_MISMATCH)) return EFFECT_UNDELIVERABLE;
  return state_has(state, FOUND_MX_PARTIAL_MISMATCH) ? EFFECT_AT_RISK : EFFECT_ENFORCED;
}

static void state_drop_probes(struct state *state) {
  bool broken = false;
  for (int i = 0; i < FOUND_COUNT; i++) {
    const struct finding_info *info = finding_info((enum finding_code)i);
    if (info->stage == STAGE_MX_TLS)
      state->codes[i / 64] &= ~((uint64_t)1 << i % 64);
    else
      broken |= info->severity == FINDING_ERROR && state_has(state, (enum finding_code)i);
  }
  if (!broken) state->status = STATUS_VALID;
  bool enforced = state->effect == EFFECT_AT_RISK || state->effect == EFFECT_UNDELIVERABLE ||
                  state->effect == EFFECT_UNKNOWN;
  if (enforced) state->effect = (uint8_t)effect_unprobed(state);
  state->probed = 0;
}

void change_align(struct state *before, struct state *after) {
  if (!state_deployed(before) || !state_deployed(after)) return;
  if (before->probed && !after->probed) state_drop_probes(before);
  if (after->probed && !before->probed) state_drop_probes(after);
}

size_t change_errors(const struct state *of, const struct state *other,
                     enum finding_code codes[FOUND_COUNT]) {
  size_t count = 0;
  for (int i = 0; i < FOUND_COUNT; i++) {
    enum finding_code code = (enum finding_code)i;
    if (finding_info(code)->severity == FINDING_ERROR && state_has(of, code) &&
        !state_has(other, code))
      codes[count++] = code;
  }
  return count;
}

#define BIT(change) ((uint32_t)1 << CHANGE_##change)

/* A policy that senders used, and that outlives its record in their caches. */
static bool still_cached(const struct state *before, const struct state *after) {
  bool used = before->effect == EFFECT_ENFORCED || before->effect == EFFECT_AT_RISK ||
              before->effect == EFFECT_UNDELIVERABLE;
  if (!used || before->max_age > UINT32_MAX) return used;
  return before->at + (int64_t)before->max_age * 1000 > after->at;
}

static uint32_t no_longer_deployed(const struct state *before, const struct state *after) {
  switch (after->status) {
  case STATUS_ABSENT: return still_cached(before, after) ? BIT(REMOVED_CACHED) : BIT(REMOVED);
  case STATUS_UNKNOWN: return BIT(UNKNOWN);
  default: return BIT(GONE);
  }
}

static uint32_t errors_between(const struct state *before, const struct state *after) {
  enum finding_code codes[FOUND_COUNT];
  if (after->status == STATUS_BROKEN && before->status != STATUS_BROKEN) return BIT(NEWLY_BROKEN);
  if (before->status != STATUS_BROKEN) return 0;
  if (after->status == STATUS_VALID) return BIT(MENDED);
  if (change_errors(after, before, codes)) return BIT(MORE_ERRORS);
  return change_errors(before, after, codes) ? BIT(FEWER_ERRORS) : 0;
}

static uint32_t effect_between(const struct state *before, const struct state *after) {
  if (after->effect == before->effect) return 0;
  if (after->effect == EFFECT_UNDELIVERABLE) return BIT(UNDELIVERABLE);
  bool was_worse = before->effect == EFFECT_UNDELIVERABLE;
  return after->effect == EFFECT_AT_RISK && !was_worse ? BIT(AT_RISK) : 0;
}

/* The modes stand in the order enforce, testing, none. */
static uint32_t mode_between(const struct state *before, const struct state *after) {
  if (before->mode == MODE_COUNT || after->mode == MODE_COUNT) return 0;
  if (after->mode == before->mode) return 0;
  return after->mode > before->mode ? BIT(WEAKER) : BIT(STRICTER);
}

static uint32_t policy_between(const struct state *before, const struct state *after) {
  if (!before->policy || !after->policy || !before->id || !after->id) return 0;
  bool policy = before->policy != after->policy, id = before->id != after->id;
  if (policy) return id ? BIT(POLICY) : BIT(UNANNOUNCED);
  return id ? BIT(ID_ONLY) : 0;
}

static uint32_t certificate_between(const struct state *before, const struct state *after) {
  uint32_t changes = 0;
  if (before->certificate && after->certificate && before->certificate != after->certificate)
    changes |= BIT(CERTIFICATE);
  if (state_has(after, FOUND_POLICY_TLS_EXPIRES_SOON) &&
      !state_has(before, FOUND_POLICY_TLS_EXPIRES_SOON))
    changes |= BIT(EXPIRES_SOON);
  return changes;
}

uint32_t change_between(const struct state *before, const struct state *after) {
  bool was = state_deployed(before), is = state_deployed(after);
  if (!is) return was ? no_longer_deployed(before, after) : 0;
  uint32_t changes = errors_between(before, after) | effect_between(before, after);
  if (!was) return changes | (before->status == STATUS_UNKNOWN ? BIT(KNOWN) : BIT(NEW));
  return changes | mode_between(before, after) | policy_between(before, after) |
         certificate_between(before, after);
}
