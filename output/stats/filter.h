/* Conditions that domains are chosen by: "status=broken,tld=se|nl,mode!=none".
 *
 * Each is a facet, = or !=, and values with | between; all must hold. A domain has a value when
 * any of the facet's values is it; != holds for a domain without any of them. Plain data that
 * points into the text.
 */
#ifndef OUTPUT_STATS_FILTER_H
#define OUTPUT_STATS_FILTER_H

#include "output/stats/dimension.h"

enum { WHERE_CONDITIONS_MAX = 16, WHERE_VALUES_MAX = 32 };

struct where_condition {
  enum facet facet;
  bool differs; /* != */
  struct span values[WHERE_VALUES_MAX];
  size_t value_count;
};

/* Zeroes: every domain is chosen. */
struct where {
  struct where_condition conditions[WHERE_CONDITIONS_MAX];
  size_t count;
};

/* What is wrong with a text: the value, of a known facet; or, with FACET_COUNT, the condition. */
struct where_fault {
  struct span part;
  enum facet facet;
};

/* Adds the conditions of the text. ERR_SYNTAX: the fault is told; ERR_LIMIT: there are too many. */
enum err where_add(struct where *where, struct span text, struct where_fault *fault);

bool where_holds(const struct where *where, const struct tally *tally, const struct mark *mark);

#endif
