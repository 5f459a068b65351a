/* Third parties by the IMC 2025 study's own method (doi 10.1145/3730567.3732916), where MX or NS
 * were asked for: an MX or a name server whose registrable domain serves `third_party_min` domains
 * of the data set and more makes a deployed domain a third party's; else one in its own registrable
 * domain makes it self-managed; else it is unclassified. Ours goes by the policy host (managed.h).
 *
 * A domain counts once for each registrable domain among its MX and NS, at most STUDY_HOSTS_MAX;
 * which of these stand together is a set, and sets are counted, since the sizes are known only at
 * the end. Over the limits below a host, or the set, is nobody's.
 */
#ifndef OUTPUT_STATS_STUDY_H
#define OUTPUT_STATS_STUDY_H

#include "output/stats/managed.h"

enum { STUDY_HOSTS_MAX = 16, STUDY_PROVIDERS_MAX = 65000, STUDY_SETS_MAX = 200000 };

/* Initialise with zeroes. */
struct study {
  struct text_counts providers; /* the columns stay 0 */
  struct text_counts sets;      /* of rows of them */
};

void study_free(struct study *study);

/* Gives the facts the row of the domain's set; none where neither MX nor NS was asked for. */
enum err study_facts(struct study *study, const psl_ctx_t *psl, const struct result *result,
                     struct domain_facts *facts);
void study_count(struct study *study, const struct domain_facts *facts);
enum err study_merge(struct study *into, const struct study *from);

/* Deployed domains by who manages them. */
struct study_line {
  uint64_t domains, valid, broken;
};

struct study_statistics {
  struct study_line managers[MANAGER_COUNT];
};

enum err study_statistics(const struct study *study, struct managed_limits limits,
                          struct study_statistics *statistics);

#endif
