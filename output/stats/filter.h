/* Conditions that domains are chosen by: "status=broken,tld=se|nl,mode!=none".
 *
 * Each is a facet, = or !=, and values with | between; all must hold. A domain has a value when
 * any of the facet's values is it; != holds for a domain without any of them. Plain data that
 * points into the text.
 */
#ifndef OUTPUT_STATS_FILTER_H
#define OUTPUT_STATS_FILTER_H

#include "output/stats/dimension.h"

enum { FILTER_CONDITIONS_MAX = 16, FILTER_VALUES_MAX = 32 };

struct filter_condition {
  enum dimension dimension;
  bool differs; /* != */
  struct span values[FILTER_VALUES_MAX];
  size_t value_count;
};

/* Zeroes: every domain is chosen. */
struct filter {
  struct filter_condition conditions[FILTER_CONDITIONS_MAX];
  size_t count;
};

/* What is wrong with a text: the value, of a known facet; or, with DIMENSION_COUNT, the condition.
 */
struct filter_fault {
  struct span part;
  enum dimension dimension;
};

/* Adds the conditions of the text. ERR_SYNTAX: the fault is told; ERR_LIMIT: there are too many. */
enum err filter_add(struct filter *where, struct span text, struct filter_fault *fault);

/* Prepares the tally for the conditions: a TLD or provider that they name has a row of its own. */
enum err filter_expect(const struct filter *where, struct tally *tally);

bool filter_holds(const struct filter *where, const struct tally *tally,
                  const struct domain_facts *facts);

#endif
