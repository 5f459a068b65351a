/* The DMARC record of a domain (RFC 7489), judged for syntax: found at the domain, or at its
 * organizational domain (section 6.6.3).
 */
#ifndef SCANNER_STS_DMARC_H
#define SCANNER_STS_DMARC_H

#include "output/record/result.h"
#include "scanner/sts/finding_list.h"
#include <libpsl.h>

/* Octets at the front of a text in which v=dmarc1 makes it an attempt at a record. */
enum { DMARC_ATTEMPT_MAX = 16 };

/* The organizational domain (section 3.2) in lower-case A-labels, a part of domain; domain itself
 * where it has none (it is a public suffix) or psl is NULL. */
struct span dmarc_organizational(const psl_ctx_t *psl, struct span domain);

/* What was found at one name. */
struct dmarc_place {
  struct span domain;
  struct spans texts; /* all TXT at _dmarc there */
};

/* Picks the records: those of the first place with any, else what tries to be one there; fills all
 * but the lookup of *dmarc, and raises the findings of stage dmarc. txt stays empty when there is
 * nothing of either kind. */
void dmarc_judge(const struct dmarc_place *places, size_t count, struct result_dmarc *dmarc,
                 struct finding_list *findings);

#endif
