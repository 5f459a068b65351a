/* A facet: what domains can be chosen and grouped by. Its values are texts; a domain can have
 * none, one, or (stage, code, kind) several.
 */
#ifndef OUTPUT_STATS_DIMENSION_H
#define OUTPUT_STATS_DIMENSION_H

#include "output/stats/tally.h"
#include <stdio.h>

#define DIMENSION_MAP(X)                                                                           \
  X(STATUS, "status")                                                                              \
  X(EFFECT, "effect")                                                                              \
  X(MODE, "mode")                                                                                  \
  X(STAGE, "stage") /* with an error */                                                            \
  X(CODE, "code")                                                                                  \
  X(LENIENT, "lenient") /* "true": broken, but most senders go on in spite of every error */       \
  X(KIND, "kind")                                                                                  \
  X(TLD, "tld")                                                                                    \
  X(PROVIDER, "provider")                                                                          \
  X(HTTP_STATUS, "http_status")                                                                    \
  X(MAX_AGE, "max_age")       /* a bin: "0-86399" */                                               \
  X(EXPIRES, "expires")       /* within "7", "14", "30" days; or "expired" */                      \
  X(TLSRPT, "tlsrpt")         /* "sound", "broken" */                                              \
  X(OUTSOURCED, "outsourced") /* policy host and mail both: "same" provider, or "different" */     \
  X(RANK, "rank")             /* a bin: "1-10000" */

enum dimension {
#define X(name, text) DIMENSION_##name,
  DIMENSION_MAP(X)
#undef X
      DIMENSION_COUNT
};

enum { DIMENSION_VALUES_MAX = FOUND_COUNT, DIMENSION_NUMBER_SIZE = 48 };

/* The values of one domain. Plain data; not to be copied, since a value may stand in `number`. */
struct dimension_values {
  struct span at[DIMENSION_VALUES_MAX];
  size_t count;
  char number[DIMENSION_NUMBER_SIZE];
};

const char *dimension_text(enum dimension dimension);

/* The facet of that name, or DIMENSION_COUNT. */
enum dimension dimension_by_text(struct span text);

/* Whether a domain can have that value. */
bool dimension_allows(enum dimension dimension, struct span value);

/* What a value can be, for a person: "one of enforce, testing, none"; "a number from 100 to 999".
 */
void dimension_print_allowed(FILE *out, enum dimension dimension);

/* The names of all facets: "status, effect, ...". */
void dimension_print_names(FILE *out);

/* The values of a mark that this tally made. */
void dimension_values(enum dimension dimension, const struct tally *tally,
                      const struct domain_facts *facts, struct dimension_values *values);

/* A bin as text: "0-86399", "31557601-". */
int dimension_max_age(int bin, char text[DIMENSION_NUMBER_SIZE]);
int dimension_rank(uint32_t bin, char text[DIMENSION_NUMBER_SIZE]); /* from 1 */

/* Whether its values are numbers, which are told in their order and not by their counts. */
bool dimension_is_number(enum dimension dimension);

#endif
