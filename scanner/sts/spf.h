/* The SPF record of a domain (RFC 7208), judged for syntax alone: what it includes is not looked
 * at.
 */
#ifndef SCANNER_STS_SPF_H
#define SCANNER_STS_SPF_H

#include "output/record/result.h"
#include "scanner/sts/finding_list.h"

enum {
  SPF_LOOKUPS_MAX = 10, /* terms that need a lookup: RFC 7208 section 4.6.4 */
  SPF_ATTEMPT_MAX = 12, /* octets at the front of a text in which v=spf makes it an attempt */
};

/* Picks the SPF records among all TXT of the domain (section 4.5) and fills txt, all and reason;
 * where there is none, a text that tries to be one. txt stays empty when there is nothing of either
 * kind. Raises the findings of stage spf. */
void spf_judge(struct spans texts, struct result_spf *spf, struct finding_list *findings);

#endif
