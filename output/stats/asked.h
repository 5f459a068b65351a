/* What a domain's record says of what stands beside MTA-STS (scan --ask), as numbers that are
 * counted and words that domains are chosen and grouped by.
 */
#ifndef OUTPUT_STATS_ASKED_H
#define OUTPUT_STATS_ASKED_H

#include "output/record/result.h"

/* X(NAME, "word"): the qualifier of "all", "redirect", or why there is neither. */
#define ASKED_SPF_MAP(X)                                                                           \
  X(FAIL, "-")                                                                                     \
  X(SOFTFAIL, "~")                                                                                 \
  X(NEUTRAL, "?")                                                                                  \
  X(PASS, "+")                                                                                     \
  X(REDIRECT, "redirect")                                                                          \
  X(NO_ALL, "no-all")                                                                              \
  X(SYNTAX, "syntax")                                                                              \
  X(VERSION, "version")                                                                            \
  X(MULTIPLE, "multiple")                                                                          \
  X(ABSENT, "absent")

/* The policy, or why there is none. */
#define ASKED_DMARC_MAP(X)                                                                         \
  X(REJECT, "reject")                                                                              \
  X(QUARANTINE, "quarantine")                                                                      \
  X(NONE, "none")                                                                                  \
  X(NO_POLICY, "no-policy")                                                                        \
  X(VERSION, "version")                                                                            \
  X(MULTIPLE, "multiple")                                                                          \
  X(ABSENT, "absent")

#define X(name, text) ASKED_SPF_##name,
enum asked_spf { ASKED_SPF_MAP(X) ASKED_SPF_COUNT };
#undef X
#define X(name, text) ASKED_DMARC_##name,
enum asked_dmarc { ASKED_DMARC_MAP(X) ASKED_DMARC_COUNT };
#undef X

/* Whether a domain has an MX other than a null MX (RFC 7505). UNKNOWN: it was not asked for;
 * FAILED: there was no answer. */
enum asked_mx { ASKED_MX_UNKNOWN, ASKED_MX_NONE, ASKED_MX_SOME, ASKED_MX_FAILED };

const char *asked_spf_text(int spf);
const char *asked_dmarc_text(int dmarc);

enum asked_mx asked_mx(const struct result *result);

/* The three of them, and the codes of their stages, in the bits of one number; 0: nothing. */
uint32_t asked_pack(const struct result *result);
/* The COUNT: it was not asked for, or not answered. */
enum asked_spf asked_unpack_spf(uint32_t asked);
enum asked_dmarc asked_unpack_dmarc(uint32_t asked);
enum asked_mx asked_unpack_mx(uint32_t asked);

/* The codes of the stages spf, dmarc and dkim stand together, at the end of the table. */
enum {
  ASKED_CODE_FIRST = FOUND_SPF_MULTIPLE,
  ASKED_CODES = FOUND_DKIM_SYNTAX + 1 - ASKED_CODE_FIRST,
  ASKED_CODES_SHIFT = 16,
};

#endif
