#include "output/stats/domain_facts.h"

#include <assert.h>

#define DAY_MS ((int64_t)86400000)

/* The widths of the fields of packed facts. */
enum {
  STATUS_BITS = 3,
  EFFECT_BITS = 3,
  CHOSEN_BITS = 1,
  RANK_BITS = 18,
  TLD_BITS = 16,
  CODE_BITS = 14, /* the codes of the TXT lookup come first in the table */
};

static_assert(STATUS_BITS + EFFECT_BITS + CHOSEN_BITS + RANK_BITS + TLD_BITS + CODE_BITS ==
                  DOMAIN_FACTS_PACKED_BITS,
              "the fields fill the bits");
static_assert(DOMAIN_FACTS_RANK_MAX / DOMAIN_FACTS_RANK_BIN < 1 << RANK_BITS, "every bin fits");
static_assert(STATUS_COUNT < 1 << STATUS_BITS && EFFECT_COUNT < 1 << EFFECT_BITS, "enums fit");
static_assert(sizeof(struct domain_facts) == 16 * DOMAIN_FACTS_CODE_WORDS + 72, "no padding");
static_assert(STAGE_COUNT <= 64 && KIND_COUNT <= 32 && COUNTS_EXPIRY_BINS <= 8, "bits fit");
static_assert(DOMAIN_FACTS_MAIL_CODES <= 32 && DANE_COUNT <= 8 &&
                  DOMAIN_FACTS_MAIL_EXPIRY_SHIFT + COUNTS_EXPIRY_BINS <= 16 &&
                  DOMAIN_FACTS_MAIL_VERDICTS < DOMAIN_FACTS_MAIL_OWN,
              "the bits of mail servers fit");

const char *domain_facts_mail_version(int version) {
  static const char *const texts[DOMAIN_FACTS_MAIL_VERSIONS] = {"TLSv1.2", "TLSv1.3"};
  return texts[version];
}

bool domain_facts_has_code(const struct domain_facts *facts, enum finding_code code) {
  return facts->codes[code / 64] >> (code % 64) & 1;
}

bool domain_facts_deployed(const struct domain_facts *facts) {
  return facts->status == STATUS_VALID || facts->status == STATUS_BROKEN;
}

static bool domain_facts_twice(const struct domain_facts *facts) {
  uint64_t any = 0;
  for (size_t word = 0; word < DOMAIN_FACTS_CODE_WORDS; word++) any |= facts->first[word];
  return any != 0;
}

static void domain_facts_code(struct domain_facts *facts, enum finding_code code) {
  const struct finding_info *info = finding_info(code);
  facts->codes[code / 64] |= (uint64_t)1 << (code % 64);
  if (info->severity == FINDING_ERROR) facts->stages |= (uint64_t)1 << info->stage;
}

static void domain_facts_findings(struct domain_facts *facts, const struct finding *findings) {
  for (const struct finding *f = findings; f; f = f->next) {
    domain_facts_code(facts, f->code);
    if (f->has_kind) facts->kinds |= (uint32_t)1 << f->kind;
  }
}

/* Whether only strict readers find it broken. */
static uint8_t is_strict(const struct result *result) {
  if (result->status != STATUS_BROKEN) return 0;
  for (const struct finding *f = result->findings; f; f = f->next)
    if (finding_info(f->code)->severity == FINDING_ERROR && !f->lenient) return 0;
  return 1;
}

static uint8_t max_age_bin(const struct result_policy *policy) {
  if (!policy->here || !policy->has_max_age) return COUNTS_MAX_AGE_BINS;
  uint8_t bin = COUNTS_MAX_AGE_BINS - 1;
  while (policy->max_age < counts_max_age_from[bin]) bin--;
  return bin;
}

/* Expiry of a certificate, seen at that time: a bit for each bin; *expired instead. */
static uint8_t expiry_bins(const struct result_certificate *certificate, int64_t at,
                           bool *expired) {
  uint8_t bins = 0;
  if (!certificate->has_not_after) return 0;
  int64_t left = certificate->not_after - at;
  *expired = left < 0;
  for (int bin = 0; left >= 0 && bin < COUNTS_EXPIRY_BINS; bin++)
    if (left <= counts_expiry_days[bin] * DAY_MS) bins |= (uint8_t)(1U << bin);
  return bins;
}

static void domain_facts_certificate(struct domain_facts *facts, const struct result *result) {
  if (!result->certificate.here) return;
  facts->flags |= DOMAIN_FACTS_CERTIFICATE;
  bool expired = false;
  facts->expiry_bins = expiry_bins(&result->certificate, result->at, &expired);
  if (expired) facts->flags |= DOMAIN_FACTS_EXPIRED;
}

static unsigned mail_certificate(const struct result_mx_tls *tls) {
  bool expired = false;
  if (!tls->certificate.here) return 0;
  unsigned bins = expiry_bins(&tls->certificate, tls->at, &expired);
  return bins << DOMAIN_FACTS_MAIL_EXPIRY_SHIFT | DOMAIN_FACTS_MAIL_CERTIFICATE |
         (expired ? DOMAIN_FACTS_MAIL_EXPIRED : 0U);
}

static unsigned mail_version(const struct result_mx_tls *tls) {
  unsigned bits = 0;
  for (int i = 0; i < DOMAIN_FACTS_MAIL_VERSIONS; i++)
    if (span_equal(tls->version, span_of(domain_facts_mail_version(i))))
      bits |= 1U << (DOMAIN_FACTS_MAIL_VERSION_SHIFT + i);
  return bits;
}

static unsigned mail_disagreement(const struct result_mx_tls *tls) {
  if (!tls->tlsa.here) return 0;
  if (tls->tlsa.dane == DANE_MATCH && tls->verdict == VERDICT_REFUSED)
    return DOMAIN_FACTS_MAIL_DANE_ONLY;
  return tls->tlsa.dane == DANE_MISMATCH && tls->verdict == VERDICT_SECURE
             ? DOMAIN_FACTS_MAIL_STS_ONLY
             : 0;
}

static void domain_facts_host(struct domain_facts *facts, const struct result_mx_tls *tls) {
  unsigned mail = 1U << tls->verdict | mail_certificate(tls) | mail_version(tls);
  facts->mail |= (uint16_t)(mail | mail_disagreement(tls));
  if (tls->tlsa.here && tls->tlsa.dane != DANE_COUNT)
    facts->dane |= (uint8_t)(1U << tls->tlsa.dane);
  for (int i = 0; i < DOMAIN_FACTS_MAIL_CODES; i++)
    if (finding_codes_has(&tls->codes, (enum finding_code)(DOMAIN_FACTS_MAIL_FIRST + i)))
      facts->mail_codes |= (uint32_t)1 << i;
}

static void domain_facts_hosts(struct domain_facts *facts, const struct result_mx_set *mx) {
  if (!domain_facts_deployed(facts)) return;
  for (size_t i = 0; i < mx->count; i++)
    if (mx->at[i].tls) domain_facts_host(facts, mx->at[i].tls);
}

static void domain_facts_tlsrpt(struct domain_facts *facts, const struct result *result) {
  if (!domain_facts_deployed(facts) || result->tlsrpt.txt.count == 0) return;
  if (domain_facts_has_code(facts, FOUND_TLSRPT_ABSENT)) return;
  facts->flags |= DOMAIN_FACTS_TLSRPT;
  if (domain_facts_has_code(facts, FOUND_TLSRPT_MULTIPLE) ||
      domain_facts_has_code(facts, FOUND_TLSRPT_SYNTAX))
    facts->flags |= DOMAIN_FACTS_TLSRPT_BROKEN;
}

/* Of the record's lookup, else of the policy host's. */
static uint32_t domain_facts_ede(const struct result *result) {
  const struct result_ede *ede = &result->record.lookup.ede;
  if (!ede->here) ede = &result->policy_host.lookup.ede;
  if (!ede->here) return 0;
  uint32_t code = ede->code <= COUNTS_EDE_MAX ? ede->code : COUNTS_EDE_MAX + 1;
  return (code + 1) << DOMAIN_FACTS_EDE_SHIFT;
}

static void domain_facts_looks(struct domain_facts *facts, const struct result *result) {
  if (result->looks < RESULT_LOOKS_MAX) return;
  memcpy(facts->first, result->first.here ? result->first.codes.bits : facts->codes,
         sizeof facts->first);
}

struct domain_facts domain_facts_of(const struct result *result) {
  struct domain_facts facts = {
      .status = (uint8_t)result->status,
      .effect = (uint8_t)(result->has_effect ? result->effect : EFFECT_COUNT),
      .mode = (uint8_t)(result->policy.here ? result->policy.mode : MODE_COUNT),
      .max_age_bin = max_age_bin(&result->policy),
      .strict = is_strict(result),
      .flags = domain_facts_ede(result),
      .asked = asked_pack(result),
  };
  if (result->has_rank && result->rank > 0 && result->rank <= DOMAIN_FACTS_RANK_MAX)
    facts.rank_bin = (uint32_t)((result->rank - 1) / DOMAIN_FACTS_RANK_BIN + 1);
  if (result->fetch.http_status > 0 && result->fetch.http_status <= COUNTS_HTTP_STATUS_MAX)
    facts.http_status = (uint16_t)result->fetch.http_status;
  domain_facts_findings(&facts, result->findings);
  if (result->status == STATUS_BLOCKED) facts.stages = 0; /* in no denominator */
  domain_facts_looks(&facts, result);
  domain_facts_certificate(&facts, result);
  domain_facts_tlsrpt(&facts, result);
  domain_facts_hosts(&facts, &result->mx);
  return facts;
}

/* Adds one to the counter of each bit. */
static void count_bits(uint64_t *counters, uint64_t bits) {
  for (; bits; bits &= bits - 1) counters[__builtin_ctzll(bits)]++;
}

static void count_certificate(const struct domain_facts *facts, struct counts *counts) {
  counts->certificates += (facts->flags & DOMAIN_FACTS_CERTIFICATE) != 0;
  counts->expired += (facts->flags & DOMAIN_FACTS_EXPIRED) != 0;
  count_bits(counts->expiring, facts->expiry_bins);
}

static void count_looks(const struct domain_facts *facts, struct counts *counts) {
  if (!domain_facts_twice(facts)) return;
  counts->looked_twice++;
  counts->looks_changed += memcmp(facts->first, facts->codes, sizeof facts->first) != 0;
  for (size_t word = 0; word < DOMAIN_FACTS_CODE_WORDS; word++) {
    count_bits(counts->first_codes + 64 * word, facts->first[word]);
    count_bits(counts->passed_codes + 64 * word, facts->first[word] & ~facts->codes[word]);
  }
}

static void count_columns(const struct domain_facts *facts, uint64_t columns[COUNTS_COLUMNS]) {
  columns[COUNTS_DOMAINS]++;
  columns[COUNTS_VALID] += facts->status == STATUS_VALID;
  columns[COUNTS_BROKEN] += facts->status == STATUS_BROKEN;
}

static void count_asked(const struct domain_facts *facts, struct counts *counts) {
  enum asked_mx mx = asked_unpack_mx(facts->asked);
  enum asked_spf spf = asked_unpack_spf(facts->asked);
  enum asked_dmarc dmarc = asked_unpack_dmarc(facts->asked);
  bool known = mx == ASKED_MX_NONE || mx == ASKED_MX_SOME;
  bool other = facts->status == STATUS_ABSENT || facts->status == STATUS_UNKNOWN;
  counts->mx_known += known;
  counts->mx_asked += known && !domain_facts_deployed(facts);
  counts->mx_not_asked += mx == ASKED_MX_UNKNOWN && other;
  if (mx == ASKED_MX_SOME) count_columns(facts, counts->with_mx);
  if (spf < ASKED_SPF_COUNT) count_columns(facts, counts->spf[spf]);
  if (dmarc < ASKED_DMARC_COUNT) count_columns(facts, counts->dmarc[dmarc]);
}

void domain_facts_count(const struct domain_facts *facts, struct counts *counts) {
  counts->domains++;
  counts->status[facts->status]++;
  counts->deployed_strict += facts->strict;
  if (facts->effect != EFFECT_COUNT) counts->effect[facts->effect]++;
  if (facts->mode != MODE_COUNT) counts->mode[facts->mode]++;
  count_bits(counts->stage, facts->stages);
  for (size_t word = 0; word < DOMAIN_FACTS_CODE_WORDS; word++)
    count_bits(counts->codes + 64 * word, facts->codes[word]);
  count_looks(facts, counts);
  count_bits(counts->kinds, facts->kinds);
  if (facts->max_age_bin != COUNTS_MAX_AGE_BINS) counts->max_age[facts->max_age_bin]++;
  if (facts->http_status) counts->http_status[facts->http_status]++;
  uint32_t ede = facts->flags >> DOMAIN_FACTS_EDE_SHIFT;
  if (ede) counts->ede[ede - 1]++;
  count_certificate(facts, counts);
  counts->tlsrpt_deployed += (facts->flags & DOMAIN_FACTS_TLSRPT) != 0;
  counts->tlsrpt_broken += (facts->flags & DOMAIN_FACTS_TLSRPT_BROKEN) != 0;
  count_asked(facts, counts);
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
bool domain_facts_pack(const struct domain_facts *facts, uint64_t *bits) {
  *bits = 0;
  pack(bits, facts->codes[0], CODE_BITS);
  pack(bits, facts->tld, TLD_BITS);
  pack(bits, facts->rank_bin, RANK_BITS);
  pack(bits, (facts->flags & DOMAIN_FACTS_CHOSEN) != 0, CHOSEN_BITS);
  pack(bits, facts->effect, EFFECT_BITS);
  pack(bits, facts->status, STATUS_BITS);
  struct domain_facts again = domain_facts_unpack(*bits);
  return memcmp(&again, facts, sizeof again) == 0;
}

void domain_facts_set_asked(struct domain_facts *facts, uint32_t asked, uint32_t hosts_row) {
  facts->hosts_row = hosts_row;
  if (facts->asked == asked) return; /* nothing was asked for, nearly always */
  facts->asked = asked;
  for (unsigned i = 0; i < ASKED_CODES; i++) {
    unsigned code = ASKED_CODE_FIRST + i;
    uint64_t bit = (uint64_t)1 << (code % 64);
    facts->codes[code / 64] &= ~bit;
    if (asked >> (ASKED_CODES_SHIFT + i) & 1) facts->codes[code / 64] |= bit;
  }
}

struct domain_facts domain_facts_unpack(uint64_t bits) {
  struct domain_facts facts = {.mode = MODE_COUNT, .max_age_bin = COUNTS_MAX_AGE_BINS};
  facts.status = (uint8_t)unpack(&bits, STATUS_BITS);
  facts.effect = (uint8_t)unpack(&bits, EFFECT_BITS);
  facts.flags = unpack(&bits, CHOSEN_BITS) ? DOMAIN_FACTS_CHOSEN : 0;
  facts.rank_bin = (uint32_t)unpack(&bits, RANK_BITS);
  facts.tld = (uint32_t)unpack(&bits, TLD_BITS);
  for (uint64_t codes = unpack(&bits, CODE_BITS); codes; codes &= codes - 1)
    domain_facts_code(&facts, (enum finding_code)__builtin_ctzll(codes));
  return facts;
}
