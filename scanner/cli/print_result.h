/* Results told on a stream: to a person what is wrong, what that means and how to fix it; to a
 * program the record. */
#ifndef SCANNER_CLI_PRINT_RESULT_H
#define SCANNER_CLI_PRINT_RESULT_H

#include "output/base/err.h"
#include "output/findings/explain.h"
#include "output/record/result.h"

/* The style for standard output, with the domain to fill in (may be {0}). */
struct explain_style print_result_style(struct span domain);

/* The finding in one line, by its severity coloured: code and detail, made fit for a terminal. */
void print_result_finding(FILE *out, const struct explain_style *style,
                          const struct finding *finding);

/* For each finding that is not only for information: title, meaning, what a sender does, how to
 * fix it. */
void print_result_fixes(FILE *out, const struct explain_style *style,
                        const struct finding *findings);

/* "broken: 2 errors, 1 warning". */
void print_result_status(FILE *out, const struct explain_style *style, const struct result *result);

/* The record, as scan writes it: a line. ERR_MEMORY; whether it could be written tells the stream.
 */
enum err print_result_record(FILE *out, const struct result *result);

#endif
