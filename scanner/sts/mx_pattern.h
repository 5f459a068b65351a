/* Why a value of an mx field is not ["*."] Domain: all causes, in the terms of who wrote it. */
#ifndef SCANNER_STS_MX_PATTERN_H
#define SCANNER_STS_MX_PATTERN_H

#include "scanner/sts/reasons.h"

/* Adds at least one reason of policy-mx-invalid for a value that is malformed. */
void mx_pattern_reasons(struct span value, struct reasons *reasons);

#endif
