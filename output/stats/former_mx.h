/* Domains whose policy names a host that was their MX in an earlier scan: the mail moved, and the
 * policy stayed (the IMC 2025 study: 644 of 1,023 mismatches of kind domain).
 *
 * Made while results of several files are counted (aggregate.h), from what former_mx_keep keeps:
 * first of the records that count, then of all others. Memory grows with the domains that have a
 * mismatch, up to FORMER_MX_DOMAINS_MAX; those over it are not looked at, but counted.
 */
#ifndef OUTPUT_STATS_FORMER_MX_H
#define OUTPUT_STATS_FORMER_MX_H

#include "output/base/text_counts.h"
#include "output/stats/input.h"
#include "output/stats/statistics.h"

enum { FORMER_MX_DOMAINS_MAX = 200000, FORMER_MX_PATTERNS_MAX = 16 };

/* Initialise with zeroes. */
struct former_mx {
  struct text_counts domains;
  struct former_mx_domain *at; /* by row of domains */
  size_t room;
  uint64_t left_out; /* domains with a mismatch, over the limit */
};

void former_mx_free(struct former_mx *former);

/* All of a deployed domain that this, or since when it is broken (worst.h), is told from. */
bool former_mx_keep(const struct result *result, struct result *kept);
enum err former_mx_take(struct former_mx *former, const struct result *result, bool counts);

/* Into the figures, where there are earlier records: as many as there are duplicates. */
void former_mx_statistics(const struct former_mx *former, uint64_t duplicates,
                          struct statistics *statistics);

/* Says that domains were left out, if any were. */
void former_mx_notes(const struct former_mx *former, input_tell *tell, void *context);

#endif
