/* What a lookup that has ended is for a record and its findings. Pure. */
#ifndef SCANNER_JOURNEY_LOOKUP_H
#define SCANNER_JOURNEY_LOOKUP_H

#include "output/record/result.h"
#include "scanner/resolver/resolver.h"

/* Whether DNS said something about the name: NOERROR or NXDOMAIN. */
bool lookup_answered(const struct lookup *lookup);

/* rcode, tries, AD, CNAMEs, extended error and milliseconds. */
struct result_lookup lookup_facts(const struct lookup *lookup);

/* The codes of one stage for a lookup that failed. */
struct lookup_codes {
  enum finding_code servfail, refused, timeout, malformed;
};

/* The finding for a lookup that was not answered, with what and its rcode in detail, which is in
 * the arena. */
struct finding lookup_finding(struct arena *arena, const struct lookup *lookup,
                              const struct lookup_codes *codes);

#endif
