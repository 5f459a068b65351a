/* The findings of one domain while they are being gathered.
 *
 * A code stands once in a record: added again, its further details are joined to the first one's
 * (up to FAULTS_DETAIL_MAX bytes), and the members for machines stay those of the first. The list
 * is in the order of the table, which is that of the journey; it lives in the arena, and a failed
 * allocation shows there (arena->err).
 */
#ifndef SCANNER_STS_FAULTS_H
#define SCANNER_STS_FAULTS_H

#include "output/result.h"
#include "scanner/text/arena.h"

enum { FAULTS_DETAIL_MAX = 1024 };

struct faults {
  struct arena *arena;
  struct finding *first;
};

/* Adds a copy of finding; its spans must live as long as the arena or longer. */
void faults_add(struct faults *faults, struct finding finding);

bool faults_has(const struct faults *faults, enum finding_code code);

/* Whether there is a finding of severity error at the stage. */
bool faults_error_at(const struct faults *faults, enum finding_stage stage);

#endif
