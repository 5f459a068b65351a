#include "output/stats/asked.h"

#include <assert.h>

enum { MX_BITS = 2, SPF_SHIFT = MX_BITS, SPF_BITS = 4, DMARC_SHIFT = SPF_SHIFT + SPF_BITS };

static_assert(ASKED_SPF_COUNT < 16 && ASKED_DMARC_COUNT < 16, "each fits into four bits");
static_assert(ASKED_CODES <= 32 - ASKED_CODES_SHIFT, "and the codes behind them");

static const char *const spf_texts[] = {
#define X(name, text) text,
    ASKED_SPF_MAP(X)
#undef X
};

static const char *const dmarc_texts[] = {
#define X(name, text) text,
    ASKED_DMARC_MAP(X)
#undef X
};

const char *asked_spf_text(int spf) {
  return spf_texts[spf];
}

const char *asked_dmarc_text(int dmarc) {
  return dmarc_texts[dmarc];
}

static int by_text(const char *const *texts, int count, struct span text) {
  int i = 0;
  while (i < count && !span_equal(text, span_of(texts[i]))) i++;
  return i;
}

static bool is_answered(const struct result_lookup *lookup) {
  return lookup->rcode == 0 || lookup->rcode == 3; /* NOERROR, NXDOMAIN */
}

/* word: what the record has; not there: there is no record, if DNS says so. */
static int asked_value(const struct result_lookup *lookup, struct spans txt, struct span word,
                       const char *const *texts, int count) {
  if (!lookup->asked) return count;
  if (txt.count) return by_text(texts, count, word);
  return is_answered(lookup) ? count - 1 : count;
}

static enum asked_spf asked_spf(const struct result *result) {
  const struct result_spf *spf = &result->spf;
  struct span word = span_here(spf->all) ? spf->all : spf->reason;
  return (enum asked_spf)asked_value(&spf->lookup, spf->txt, word, spf_texts, ASKED_SPF_COUNT);
}

static enum asked_dmarc asked_dmarc(const struct result *result) {
  const struct result_dmarc *dmarc = &result->dmarc;
  struct span word = span_here(dmarc->p) ? dmarc->p : dmarc->reason;
  return (enum asked_dmarc)asked_value(&dmarc->lookup, dmarc->txt, word, dmarc_texts,
                                       ASKED_DMARC_COUNT);
}

enum asked_mx asked_mx(const struct result *result) {
  const struct result_mx_set *mx = &result->mx;
  for (size_t i = 0; i < mx->count; i++)
    if (!mx->at[i].implicit && !span_equal(mx->at[i].host, SPAN("."))) return ASKED_MX_SOME;
  if (mx->count) return ASKED_MX_NONE;
  if (!mx->wanted) return ASKED_MX_UNKNOWN;
  return is_answered(&mx->lookup) ? ASKED_MX_NONE : ASKED_MX_FAILED;
}

uint32_t asked_pack(const struct result *result) {
  uint32_t spf = asked_spf(result), dmarc = asked_dmarc(result), asked = asked_mx(result);
  if (spf < ASKED_SPF_COUNT) asked |= (spf + 1) << SPF_SHIFT;
  if (dmarc < ASKED_DMARC_COUNT) asked |= (dmarc + 1) << DMARC_SHIFT;
  for (const struct finding *f = result->findings; f; f = f->next)
    if ((int)f->code >= ASKED_CODE_FIRST && (int)f->code < ASKED_CODE_FIRST + ASKED_CODES)
      asked |= 1U << (ASKED_CODES_SHIFT + (int)f->code - ASKED_CODE_FIRST);
  return asked;
}

enum asked_spf asked_unpack_spf(uint32_t asked) {
  uint32_t value = asked >> SPF_SHIFT & 15;
  return value ? (enum asked_spf)(value - 1) : ASKED_SPF_COUNT;
}

enum asked_dmarc asked_unpack_dmarc(uint32_t asked) {
  uint32_t value = asked >> DMARC_SHIFT & 15;
  return value ? (enum asked_dmarc)(value - 1) : ASKED_DMARC_COUNT;
}

enum asked_mx asked_unpack_mx(uint32_t asked) {
  return (enum asked_mx)(asked & ((1U << MX_BITS) - 1));
}
