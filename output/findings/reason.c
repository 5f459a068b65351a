#include "output/findings/reason.h"

#include <assert.h>

static const struct reason_info reason_table[REASON_COUNT] = {
#define REASON(NAME, CODE, word, senders, text)                                                    \
  [REASON_##NAME] = {FOUND_##CODE, word, senders, text},
#include "output/findings/reason.def"
#undef REASON
};

const struct reason_info *reason_info(enum reason reason) {
  assert(reason > REASON_NONE && reason < REASON_COUNT);
  return &reason_table[reason];
}

enum reason reason_first(enum finding_code code) {
  for (enum reason reason = REASON_NONE + 1; reason < REASON_COUNT; reason++)
    if (reason_table[reason].code == code) return reason;
  return REASON_NONE;
}

unsigned reason_count(enum finding_code code) {
  enum reason first = reason_first(code), reason = first;
  if (first == REASON_NONE) return 0;
  while (reason < REASON_COUNT && reason_table[reason].code == code) reason++;
  return reason - first;
}

enum reason reason_by_word(enum finding_code code, struct span word) {
  enum reason first = reason_first(code);
  for (enum reason reason = first; reason && reason < REASON_COUNT; reason++) {
    if (reason_table[reason].code != code) break;
    if (span_equal(word, span_of(reason_table[reason].word))) return reason;
  }
  return REASON_NONE;
}

uint64_t reason_bit(enum reason reason) {
  if (reason == REASON_NONE) return 0;
  return (uint64_t)1 << (reason - reason_first(reason_table[reason].code));
}

bool reason_is_lenient(enum reason reason) {
  return reason != REASON_NONE && reason_table[reason].senders >= REASON_SENDERS_MOST;
}

unsigned reason_senders(enum finding_code code, uint64_t reasons) {
  enum reason first = reason_first(code);
  unsigned least = reasons ? REASON_SENDERS : 0;
  for (unsigned i = 0; i < REASON_SET_MAX; i++) {
    if (!(reasons >> i & 1)) continue;
    unsigned senders = reason_table[first + i].senders;
    if (senders < least) least = senders;
  }
  return least;
}
