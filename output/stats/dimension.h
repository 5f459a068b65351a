/* A facet: what domains can be chosen and grouped by. Its values are texts; a domain can have
 * none, one, or (stage, code, kind) several.
 */
#ifndef OUTPUT_STATS_DIMENSION_H
#define OUTPUT_STATS_DIMENSION_H

#include "output/stats/tally.h"
#include <stdio.h>

#define FACET_MAP(X)                                                                               \
  X(STATUS, "status")                                                                              \
  X(EFFECT, "effect")                                                                              \
  X(MODE, "mode")                                                                                  \
  X(STAGE, "stage") /* with an error */                                                            \
  X(CODE, "code")                                                                                  \
  X(KIND, "kind")                                                                                  \
  X(TLD, "tld")                                                                                    \
  X(PROVIDER, "provider")                                                                          \
  X(HTTP_STATUS, "http_status")                                                                    \
  X(MAX_AGE, "max_age")       /* a bin: "0-86399" */                                               \
  X(EXPIRES, "expires")       /* within "7", "14", "30" days; or "expired" */                      \
  X(TLSRPT, "tlsrpt")         /* "sound", "broken" */                                              \
  X(OUTSOURCED, "outsourced") /* policy host and mail both: "same" provider, or "different" */     \
  X(RANK, "rank")             /* a bin: "1-10000" */

enum facet {
#define X(name, text) FACET_##name,
  FACET_MAP(X)
#undef X
      FACET_COUNT
};

enum { FACET_VALUES_MAX = FOUND_COUNT, FACET_NUMBER_SIZE = 48 };

/* The values of one domain. Plain data; not to be copied, since a value may stand in `number`. */
struct facet_values {
  struct span at[FACET_VALUES_MAX];
  size_t count;
  char number[FACET_NUMBER_SIZE];
};

const char *facet_text(enum facet facet);

/* The facet of that name, or FACET_COUNT. */
enum facet facet_by_text(struct span text);

/* Whether a domain can have that value. */
bool facet_allows(enum facet facet, struct span value);

/* What a value can be, for a person: "one of enforce, testing, none"; "a number from 100 to 999".
 */
void facet_print_allowed(FILE *out, enum facet facet);

/* The names of all facets: "status, effect, ...". */
void facet_print_names(FILE *out);

/* The values of a mark that this tally made. */
void facet_values(enum facet facet, const struct tally *tally, const struct mark *mark,
                  struct facet_values *values);

/* A bin as text: "0-86399", "31557601-". */
int facet_max_age(int bin, char text[FACET_NUMBER_SIZE]);
int facet_rank(uint32_t bin, char text[FACET_NUMBER_SIZE]); /* from 1 */

/* Whether its values are numbers, which are told in their order and not by their counts. */
bool facet_is_number(enum facet facet);

#endif
