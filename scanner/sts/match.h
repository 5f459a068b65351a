/* MX hosts against the policy's patterns: RFC 8461 section 4.1, and how a mismatch looks. */
#ifndef SCANNER_STS_MATCH_H
#define SCANNER_STS_MATCH_H

#include "output/record/result.h"
#include "scanner/sts/finding_list.h"
#include <libpsl.h>

enum {
  MATCH_TYPO_DISTANCE_MAX = 3,
  /* Of the edit distances of one domain, a cell being a pair of letters: what two lists of long
   * names could cost. Beyond, a pattern can be no typo; whether it covers is always exact. */
  MATCH_CELLS_MAX = 8 * 1024 * 1024,
};

/* Whether one of the patterns covers the host. */
bool match_any(struct spans patterns, struct span host);

/* The first kind that fits in the order typo, subdomain, tld, domain, for the closest of the
 * patterns; *closest is that one. patterns is not empty. psl may be NULL: then two last labels
 * count as the registrable domain. */
enum result_kind match_kind(const psl_ctx_t *psl, struct spans patterns, struct span host,
                            struct span *closest);

/* An MX host to which a zone file added its origin, for want of the final dot: it ends in the same
 * two labels or more twice, or is a name that a pattern covers and the domain behind it, or one of
 * three labels and more below com, net, org, the domain's own top level or a suffix as co.uk, and
 * the domain. domain: empty where it is not known; then a covered name before any two labels will
 * do. All in lower case, but the patterns. */
bool match_lacks_dot(struct span domain, struct spans patterns, struct span host);

/* Null MX (RFC 7505): no host. A domain takes no mail where there is nothing else. */
bool match_is_null_mx(struct span host);
bool match_takes_no_mail(const struct result_mx_set *mx);

/* Raises mx-null where one is among them; host: that it is about. */
void match_judge_null(const struct result_mx_set *mx, struct span host,
                      struct finding_list *findings);

/* Sets judged and covered of each MX but null MX, and raises mx-mismatch, mx-partial-mismatch and
 * policy-mx-unused. domain: whose MX they are, or empty. Not to be called without an MX host or
 * without patterns. */
void match_judge(const psl_ctx_t *psl, struct span domain, const struct result_policy *policy,
                 struct result_mx_set *mx, struct finding_list *findings);

#endif
