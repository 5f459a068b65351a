/* What was sent within a while, and how soon it was answered. Pure: told what happened and when
 * (monotonic ns).
 *
 * Of two cohorts of names from one list the same share is answered within any age, however full the
 * window is, however long answers take and however many of the names are dead; unless the server,
 * or the way to it, had too much of one: then its answers are late (a queue) or missing (a drop).
 */
#ifndef SCANNER_RESOLVER_COHORT_H
#define SCANNER_RESOLVER_COHORT_H

#include "scanner/resolver/latency.h"
#include <stdbool.h>

/* All zero: nothing was sent. */
struct cohort {
  uint64_t from, to; /* ns; to 0: it is open */
  unsigned sent;
  double size; /* the window at its end */
  struct latency answers;
};

/* Counts while it is open. */
void cohort_sent(struct cohort *cohort, uint64_t now);
void cohort_close(struct cohort *cohort, double size, uint64_t now);
/* Counts if it was sent with the cohort. */
void cohort_answered(struct cohort *cohort, uint64_t sent, uint64_t delay);

/* The least age of its queries; 0: it is open. */
uint64_t cohort_age(const struct cohort *cohort, uint64_t now);

/* How many of its answers should have come within an age, going by another; 0: that says nothing.
 */
double cohort_expected(const struct cohort *cohort, const struct cohort *other, uint64_t age);

/* Which part of them did come, 0 to 1; 1 when fewer may be chance. */
double cohort_part(const struct cohort *cohort, const struct cohort *other, uint64_t age);

#endif
