/* Two scans compared: what changed for which domains.
 *
 * OLD is read for its deployed domains, NEW for its own and for what became of those, and OLD once
 * more when NEW has deployed domains that OLD has not: was the record absent, unknown, or the
 * domain not scanned. So memory grows with the deployed domains and never with the lists; OLD must
 * be a file that can be read twice. Of several records of a domain in one file, the newest counts.
 */
#ifndef OUTPUT_STATS_DIFF_H
#define OUTPUT_STATS_DIFF_H

#include "output/stats/aggregate.h"
#include "output/stats/change.h"

struct diff;

/* One change of one domain. */
struct diff_change {
  enum change change;
  struct span domain;
  const struct state *before, *after;
};

enum err diff_new(struct diff **diff);
void diff_free(struct diff *diff);

/* Reads both files and compares. As aggregate_run(): old_file, new_file tell what was read, and
 * which of them failed. */
enum err diff_run(struct diff *diff, char *old_path, char *new_path,
                  struct aggregate *old_aggregate, struct aggregate *new_aggregate);

/* How many domains changed so. */
uint64_t diff_count(const struct diff *diff, enum change change);

/* The changes, worst first, then by rank and name. */
size_t diff_changes(const struct diff *diff);
struct diff_change diff_change(const struct diff *diff, size_t index);

#endif
