/* The judgement of a domain: its status ("valid", "broken", ...) and the effect on mail of a sender
 * that follows RFC 8461, from everything that was found. Pure. */
#ifndef SCANNER_STS_VERDICT_H
#define SCANNER_STS_VERDICT_H

#include "output/record/result.h"
#include "scanner/sts/record.h"

/* Sets status, effect and has_effect of a domain that was scanned (neither blocked nor invalid)
 * from its findings and facts. record_known false: the lookup of the record failed. */
void verdict_judge(struct result *result, bool record_known, enum record_presence presence);

#endif
