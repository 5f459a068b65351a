#include "scanner/sts/dane.h"

#include "output/base/hex.h"

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

void dane_judge(struct result_tlsa *tlsa, const struct dane_evidence *evidence,
                struct finding_list *findings) {
  if (tlsa->records.count == 0) {
    tlsa->dane = DANE_NONE;
  } else if (evidence->usable == 0) {
    tlsa->dane = DANE_UNUSABLE;
    finding_list_add(findings,
                     (struct finding){.code = FOUND_DANE_UNUSABLE,
                                      .detail = arena_format(findings->arena,
                                                             "none of %zu TLSA records can be used",
                                                             tlsa->records.count)});
  } else if (!evidence->has_chain) {
    tlsa->dane = DANE_COUNT;
  } else if (evidence->matches) {
    tlsa->dane = DANE_MATCH;
  } else {
    tlsa->dane = DANE_MISMATCH;
    finding_list_add(findings, (struct finding){.code = FOUND_DANE_MISMATCH,
                                                .detail = arena_format(
                                                    findings->arena,
                                                    "the certificate fits none of %zu TLSA records",
                                                    evidence->usable)});
  }
}
