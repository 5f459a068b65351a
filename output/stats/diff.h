/* Compares two scans, OLD and NEW: what changed for which domains.
 *
 * First OLD is read, and its deployed domains are kept; then NEW, for its own deployed domains and
 * for what became of those of OLD; and OLD a second time where NEW has deployed domains that OLD
 * had not, to tell whether the domain had no record, could not be judged, or was not scanned. So
 * memory grows with the deployed domains and never with the lists, and OLD must be files that can
 * be read twice. Of several records of a domain in one scan, the newest counts.
 *
 * A deployed domain of OLD of which NEW has no record counts as gone. But where NEW says which
 * scans it is of (output/results/scan_id.h), such a domain was not asked for, as the list is
 * another one or a shard is missing: it is counted apart (diff_not_asked()).
 */
#ifndef OUTPUT_STATS_DIFF_H
#define OUTPUT_STATS_DIFF_H

#include "output/stats/aggregate.h"
#include "output/stats/change.h"
#include "output/stats/known.h"

enum {
  DIFF_DETAILS_MAX = 100000,            /* different ones that are kept */
  DIFF_LABELS_SIZE = 16 * 1024,         /* octets of a domain's labels; longer ones are left out */
  DIFF_LABELS_MAX = 1024 * 1024 * 1024, /* octets of all of them */
};

struct diff;

/* One change of one domain. */
struct diff_change {
  enum change change;
  struct span domain;
  const struct state *before, *after;
  struct span before_detail, after_detail; /* of an error, that is new if one is */
  struct span labels;                      /* of NEW, else of OLD, as a JSON object; or empty */
};

/* One side. */
struct diff_side {
  char *const *paths;
  unsigned path_count;
  struct aggregate *aggregate; /* what was read, and which file failed; to be freed */
};

enum err diff_new(struct diff **diff);
void diff_free(struct diff *diff);

/* Reads both and compares the domains of which the old or the new record meets the conditions. A
 * domain that has errors in NEW, and none that is not known (may be NULL), has not become worse and
 * is not still broken: it is counted apart. As aggregate_run(). */
enum err diff_run(struct diff *diff, const struct filter *where, const struct known *known,
                  const struct diff_side *old_side, const struct diff_side *new_side);

/* How many domains changed so; and whose worst change has that trend. */
uint64_t diff_count(const struct diff *diff, enum change change);
uint64_t diff_domains(const struct diff *diff, enum change_trend trend);

/* Deployed domains of OLD that NEW did not ask for. */
uint64_t diff_not_asked(const struct diff *diff);

/* Domains that are broken in both, by rank and name. The change of these has no meaning. */
size_t diff_still_broken(const struct diff *diff);
struct diff_change diff_still(const struct diff *diff, size_t index);

/* Domains of NEW with errors that are known, and no others, by rank and name. The change of these
 * has no meaning. */
size_t diff_known(const struct diff *diff);
struct diff_change diff_known_at(const struct diff *diff, size_t index);

/* The changes, worst first, then by rank and name. */
size_t diff_changes(const struct diff *diff);
struct diff_change diff_change(const struct diff *diff, size_t index);

#endif
