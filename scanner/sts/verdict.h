/* Status and effect, from everything that was found (contract: "status", "effect"). */
#ifndef SCANNER_STS_VERDICT_H
#define SCANNER_STS_VERDICT_H

#include "output/record/result.h"
#include "scanner/sts/record.h"

/* Sets status, effect and has_effect of a domain that was scanned (neither blocked nor invalid)
 * from its findings and facts. record_known false: DNS would not say. */
void verdict_judge(struct result *result, bool record_known, enum record_presence presence);

#endif
