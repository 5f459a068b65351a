/* The TXT record of RFC 8460 section 3, judged from the whole set. */
#ifndef SCANNER_STS_TLSRPT_H
#define SCANNER_STS_TLSRPT_H

#include "output/record/result.h"
#include "scanner/sts/finding_list.h"

/* Fills rua (all URIs, as written) from tlsrpt->txt and raises the findings of stage tlsrpt. */
void tlsrpt_judge(struct result_tlsrpt *tlsrpt, struct finding_list *findings);

#endif
