/* What to publish in place of what was found wrong: the record under a new id, and the policy with
 * the domain's real MX. Verbatim lines, to be copied; pure but for the stream. */
#ifndef SCANNER_CLI_SUGGESTION_H
#define SCANNER_CLI_SUGGESTION_H

#include "output/record/result.h"
#include <stdio.h>

enum {
  SUGGESTION_MAX_AGE = 604800, /* a week; RFC 8461 section 3.2 wants weeks or more */
  SUGGESTION_MX_MAX = 64,      /* mx lines; a domain with more gets a remark */
};

/* The TXT record in zone file form; its id is the time of the result, or a constant when it has
 * none. */
void suggestion_record(FILE *out, unsigned indent, const struct result *result);

/* Keeps what is sound of the policy that was found: mode, max_age, and the patterns that cover
 * some MX. Each MX that none of them covers gets a line. With null MX the mode is none; where the
 * MX is not known the patterns stay as they are, or a remark says what to put in. */
void suggestion_policy(FILE *out, unsigned indent, const struct result *result);

#endif
