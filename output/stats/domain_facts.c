#include "output/stats/domain_facts.h"

#include <assert.h>

#define DAY_MS ((int64_t)86400000)

/* The widths of a packed mark's fields. */
enum {
  STATUS_BITS = 3,
  EFFECT_BITS = 3,
  CHOSEN_BITS = 1,
  RANK_BITS = 18,
  TLD_BITS = 16,
  CODE_BITS = 14, /* the codes of the TXT lookup come first in the table */
};

static_assert(STATUS_BITS + EFFECT_BITS + CHOSEN_BITS + RANK_BITS + TLD_BITS + CODE_BITS ==
                  MARK_PACKED_BITS,
              "the fields fill the bits");
static_assert(MARK_RANK_MAX / MARK_RANK_BIN < 1 << RANK_BITS, "every bin fits");
static_assert(STATUS_COUNT < 1 << STATUS_BITS && EFFECT_COUNT < 1 << EFFECT_BITS, "enums fit");
static_assert(sizeof(struct mark) == 8 * MARK_CODE_WORDS + 24, "no padding");

bool mark_has_code(const struct mark *mark, enum finding_code code) {
  return mark->codes[code / 64] >> (code % 64) & 1;
}

bool mark_deployed(const struct mark *mark) {
  return mark->status == STATUS_VALID || mark->status == STATUS_BROKEN;
}

static void mark_code(struct mark *mark, enum finding_code code) {
  const struct finding_info *info = finding_info(code);
  mark->codes[code / 64] |= (uint64_t)1 << (code % 64);
  if (info->severity == FINDING_ERROR) mark->stages |= (uint16_t)(1U << info->stage);
}

static void mark_findings(struct mark *mark, const struct finding *findings) {
  for (const struct finding *f = findings; f; f = f->next) {
    mark_code(mark, f->code);
    if (f->has_kind) mark->kinds |= (uint8_t)(1U << f->kind);
  }
}

static uint8_t max_age_bin(const struct result_policy *policy) {
  if (!policy->here || !policy->has_max_age) return COUNTS_MAX_AGE_BINS;
  uint8_t bin = COUNTS_MAX_AGE_BINS - 1;
  while (policy->max_age < counts_max_age_from[bin]) bin--;
  return bin;
}

static void mark_certificate(struct mark *mark, const struct result *result) {
  if (!result->certificate.here) return;
  mark->flags |= MARK_CERTIFICATE;
  int64_t left = result->certificate.not_after - result->at;
  if (left < 0) {
    mark->flags |= MARK_EXPIRED;
    return;
  }
  for (int bin = 0; bin < COUNTS_EXPIRY_BINS; bin++)
    if (left <= counts_expiry_days[bin] * DAY_MS) mark->expiry_bins |= (uint8_t)(1U << bin);
}

static void mark_tlsrpt(struct mark *mark, const struct result *result) {
  if (!mark_deployed(mark) || result->tlsrpt.txt.count == 0) return;
  if (mark_has_code(mark, FOUND_TLSRPT_ABSENT)) return;
  mark->flags |= MARK_TLSRPT;
  if (mark_has_code(mark, FOUND_TLSRPT_MULTIPLE) || mark_has_code(mark, FOUND_TLSRPT_SYNTAX))
    mark->flags |= MARK_TLSRPT_BROKEN;
}

struct mark mark_of(const struct result *result) {
  struct mark mark = {
      .status = (uint8_t)result->status,
      .effect = (uint8_t)(result->has_effect ? result->effect : EFFECT_COUNT),
      .mode = (uint8_t)(result->policy.here ? result->policy.mode : MODE_COUNT),
      .max_age_bin = max_age_bin(&result->policy),
  };
  if (result->has_rank && result->rank > 0 && result->rank <= MARK_RANK_MAX)
    mark.rank_bin = (uint32_t)((result->rank - 1) / MARK_RANK_BIN + 1);
  if (result->fetch.http_status > 0 && result->fetch.http_status <= COUNTS_HTTP_STATUS_MAX)
    mark.http_status = (uint16_t)result->fetch.http_status;
  mark_findings(&mark, result->findings);
  mark_certificate(&mark, result);
  mark_tlsrpt(&mark, result);
  return mark;
}

/* Adds one to the counter of each bit. */
static void count_bits(uint64_t *counters, uint64_t bits) {
  for (; bits; bits &= bits - 1) counters[__builtin_ctzll(bits)]++;
}

static void count_certificate(const struct mark *mark, struct counts *counts) {
  counts->certificates += (mark->flags & MARK_CERTIFICATE) != 0;
  counts->expired += (mark->flags & MARK_EXPIRED) != 0;
  count_bits(counts->expiring, mark->expiry_bins);
}

void mark_count(const struct mark *mark, struct counts *counts) {
  counts->domains++;
  counts->status[mark->status]++;
  if (mark->effect != EFFECT_COUNT) counts->effect[mark->effect]++;
  if (mark->mode != MODE_COUNT) counts->mode[mark->mode]++;
  count_bits(counts->stage, mark->stages);
  for (size_t word = 0; word < MARK_CODE_WORDS; word++)
    count_bits(counts->codes + 64 * word, mark->codes[word]);
  count_bits(counts->kinds, mark->kinds);
  if (mark->max_age_bin != COUNTS_MAX_AGE_BINS) counts->max_age[mark->max_age_bin]++;
  if (mark->http_status) counts->http_status[mark->http_status]++;
  count_certificate(mark, counts);
  counts->tlsrpt_deployed += (mark->flags & MARK_TLSRPT) != 0;
  counts->tlsrpt_broken += (mark->flags & MARK_TLSRPT_BROKEN) != 0;
}

static void pack(uint64_t *bits, uint64_t value, int width) {
  *bits = *bits << width | (value & (((uint64_t)1 << width) - 1));
}

static uint64_t unpack(uint64_t *bits, int width) {
  uint64_t value = *bits & (((uint64_t)1 << width) - 1);
  *bits >>= width;
  return value;
}

/* What does not come out as it went in, does not fit. */
bool mark_pack(const struct mark *mark, uint64_t *bits) {
  *bits = 0;
  pack(bits, mark->codes[0], CODE_BITS);
  pack(bits, mark->tld, TLD_BITS);
  pack(bits, mark->rank_bin, RANK_BITS);
  pack(bits, (mark->flags & MARK_CHOSEN) != 0, CHOSEN_BITS);
  pack(bits, mark->effect, EFFECT_BITS);
  pack(bits, mark->status, STATUS_BITS);
  struct mark again = mark_unpack(*bits);
  return memcmp(&again, mark, sizeof again) == 0;
}

struct mark mark_unpack(uint64_t bits) {
  struct mark mark = {.mode = MODE_COUNT, .max_age_bin = COUNTS_MAX_AGE_BINS};
  mark.status = (uint8_t)unpack(&bits, STATUS_BITS);
  mark.effect = (uint8_t)unpack(&bits, EFFECT_BITS);
  mark.flags = unpack(&bits, CHOSEN_BITS) ? MARK_CHOSEN : 0;
  mark.rank_bin = (uint32_t)unpack(&bits, RANK_BITS);
  mark.tld = (uint32_t)unpack(&bits, TLD_BITS);
  for (uint64_t codes = unpack(&bits, CODE_BITS); codes; codes &= codes - 1)
    mark_code(&mark, (enum finding_code)__builtin_ctzll(codes));
  return mark;
}
