/* Findings that are known and expected, so that a comparison does not bring them up again.
 *
 * Each is a line "domain code", or "domain code until YYYY-MM-DD": from the end of that day on
 * (UTC) it is a finding like any other. Pure: whoever reads the file gives its lines.
 */
#ifndef OUTPUT_STATS_KNOWN_H
#define OUTPUT_STATS_KNOWN_H

#include "output/base/err.h"
#include "output/base/span.h"
#include "output/findings/finding.h"

enum { KNOWN_MAX = 100000, KNOWN_WHY_SIZE = 192 };

struct known;

enum err known_new(struct known **known);
void known_free(struct known *known);

/* One line without its end; blank ones and those that begin with '#' say nothing. ERR_SYNTAX: why
 * says what is wrong and what is allowed, for people; ERR_LIMIT: over KNOWN_MAX; ERR_MEMORY. */
enum err known_add(struct known *known, struct span line, char why[KNOWN_WHY_SIZE]);

/* Whether that finding, in a record of that time (milliseconds since 1970), is known. */
bool known_has(const struct known *known, struct span domain, enum finding_code code, int64_t at);

/* How many hold no more at that time. */
size_t known_passed(const struct known *known, int64_t at);

#endif
