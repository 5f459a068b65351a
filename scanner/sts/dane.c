#include "scanner/sts/dane.h"

#include "output/base/hex.h"
#include "scanner/sts/match.h"

enum {
  DANE_USAGE_TA = 2,
  DANE_SELECTOR_MAX = 1,
  DANE_HEAD = 3, /* usage, selector, matching type */
};

/* Octets of the data by matching type; 0: any number. */
static const size_t dane_sizes[] = {0, 32, 64};

bool dane_is_usable(struct span record) {
  const unsigned char *head = (const unsigned char *)record.ptr;
  if (record.len <= DANE_HEAD) return false;
  unsigned usage = head[0], selector = head[1], matching = head[2];
  if (usage != DANE_USAGE_TA && usage != DANE_USAGE_TA + 1) return false;
  if (selector > DANE_SELECTOR_MAX || matching >= sizeof dane_sizes / sizeof *dane_sizes)
    return false;
  return dane_sizes[matching] == 0 || dane_sizes[matching] == record.len - DANE_HEAD;
}

struct span dane_text(struct span record, struct arena *arena) {
  const unsigned char *head = (const unsigned char *)record.ptr;
  struct span data = span_skip(record, DANE_HEAD);
  char *hex = arena_alloc(arena, 2 * data.len + 1);
  if (!hex) return (struct span){0};
  hex_put(hex, (const unsigned char *)data.ptr, data.len);
  struct span before = arena_format(arena, "%u %u %u ", head[0], head[1], head[2]);
  return arena_join(arena, before, (struct span){hex, 2 * data.len});
}

void dane_judge(struct result_tlsa *tlsa, size_t usable, struct finding_list *findings) {
  size_t count = tlsa->records.count;
  tlsa->dane = count == 0 ? DANE_NONE : usable ? DANE_COUNT : DANE_UNUSABLE;
  if (tlsa->dane != DANE_UNUSABLE) return;
  finding_list_add(findings, (struct finding){.code = FOUND_DANE_UNUSABLE,
                                              .detail = arena_format(
                                                  findings->arena,
                                                  "none of %zu TLSA records can be used", count)});
}

void dane_conclude(struct result_tlsa *tlsa, enum dane_fit fit, struct spans names,
                   struct span host, struct span base, struct finding_list *findings) {
  bool named = match_any(names, host) || match_any(names, base);
  tlsa->dane = fit == DANE_FIT_UNTOLD ? DANE_COUNT : DANE_MATCH;
  if (fit == DANE_FIT_UNTOLD || fit == DANE_FIT_KEY || (fit == DANE_FIT_ISSUER && named)) return;
  bool issuer = fit == DANE_FIT_ISSUER;
  tlsa->dane = DANE_MISMATCH;
  finding_list_add(
      findings, (struct finding){
                    .code = FOUND_DANE_MISMATCH,
                    .reason = issuer ? REASON_DANE_MISMATCH_NAME : REASON_DANE_MISMATCH_NONE,
                    .detail = issuer ? SPAN("the chain leads to the issuer of a TLSA record, but "
                                            "the certificate has not the host's name")
                                     : SPAN("the certificate fits none of the TLSA records")});
}
