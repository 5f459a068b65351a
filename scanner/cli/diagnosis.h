/* The diagnosis of one domain for a person: each step of the journey with what was asked, what came
 * back and how long it took, what was found there, what was expected, and how to fix it.
 *
 * Pure but for the stream. What comes from the network is made fit for a terminal, and cut at the
 * limits of scanner/cli/diagnosis_step.h; the record (--json) has all of it.
 */
#ifndef SCANNER_CLI_DIAGNOSIS_H
#define SCANNER_CLI_DIAGNOSIS_H

#include "output/findings/explain.h"
#include "output/record/result.h"

void diagnosis_print(FILE *out, const struct explain_style *style, const struct result *result);

/* Whether something is wrong with the domain, or it could not be told: all but a valid deployment
 * and no MTA-STS at all. */
bool diagnosis_is_wrong(const struct result *result);

#endif
