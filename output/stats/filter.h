/* Conditions that domains are chosen by: "status=broken,tld=se|nl,mode!=none,rank<=10000".
 *
 * Each is a dimension, a comparison, and values with | between; all must hold. A domain has a value
 * when any of the dimension's values is it, letters of either case; * in a value stands for any
 * text; != holds for a domain without any of them. <, <=, > and >= compare numbers, and days: with
 * a day, or with how many are left. Plain data that points into the text.
 */
#ifndef OUTPUT_STATS_FILTER_H
#define OUTPUT_STATS_FILTER_H

#include "output/stats/dimension.h"

enum { FILTER_CONDITIONS_MAX = 16, FILTER_VALUES_MAX = 32 };

enum filter_comparison {
  FILTER_IS,
  FILTER_DIFFERS,
  FILTER_BELOW,
  FILTER_UP_TO,
  FILTER_ABOVE,
  FILTER_FROM
};

struct filter_value {
  struct span text;
  bool pattern;      /* it holds a * */
  bool range;        /* a number or a range of them */
  int64_t low, high; /* both may be met */
};

struct filter_condition {
  enum dimension dimension;
  struct span label; /* of DIMENSION_LABEL */
  enum filter_comparison comparison;
  struct filter_value values[FILTER_VALUES_MAX];
  size_t value_count;
};

/* Zeroes: every domain is chosen. */
struct filter {
  struct filter_condition conditions[FILTER_CONDITIONS_MAX];
  size_t count;
};

/* What is wrong with a text: the value, of a known dimension; or, with DIMENSION_COUNT, the
 * condition. */
struct filter_fault {
  struct span part;
  enum dimension dimension;
};

/* Adds the conditions of the text. ERR_SYNTAX: the fault is told; ERR_LIMIT: there are too many. */
enum err filter_add(struct filter *where, struct span text, struct filter_fault *fault);

bool filter_holds(const struct filter *where, const struct dimension_domain *domain);

/* Whether a condition is of that dimension. */
bool filter_asks(const struct filter *where, enum dimension dimension);

#endif
