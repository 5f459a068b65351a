/* The rows of a diagnosis: texts, lookups, addresses that were tried, certificates.
 *
 * Pure but for the stream; what comes from the network is made fit for a terminal, and cut at the
 * limits below.
 */
#ifndef SCANNER_CLI_DIAGNOSIS_ROWS_H
#define SCANNER_CLI_DIAGNOSIS_ROWS_H

#include "output/record/result.h"
#include <stdio.h>

enum {
  DIAGNOSIS_ROWS_MAX = 24,  /* of one kind: strings, addresses, names, MX, lines of the policy */
  DIAGNOSIS_TEXT_MAX = 512, /* bytes of one of them */
  DIAGNOSIS_INDENT = 4,
  DIAGNOSIS_PROPOSAL_INDENT = 6,
};

/* The text, or its first DIAGNOSIS_TEXT_MAX bytes and how many it has. */
void diagnosis_text(FILE *out, struct span text);

void diagnosis_row(FILE *out, const char *before, struct span text, const char *after);
void diagnosis_rows(FILE *out, const char *before, struct spans rows, const char *after);

/* Whether row i is to be shown; the first that is not says how many are left. */
bool diagnosis_has_room(FILE *out, size_t i, size_t count);

/* Nothing, of a lookup of which a record has but what it brought. */
void diagnosis_lookup(FILE *out, const struct result_lookup *lookup);

/* How far each address got: to a fault, or to its goal. */
void diagnosis_attempts(FILE *out, struct result_attempts attempts, const char *goal);

/* host: whose name it should be for. */
void diagnosis_certificate(FILE *out, const struct result_certificate *certificate,
                           struct span host);

#endif
