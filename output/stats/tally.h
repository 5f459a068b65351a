/* The statistics while they are being counted: one tally for each thread, merged at the end.
 *
 * Not for use by several threads at once. Memory grows with TLDs, rank bins and operators, each up
 * to a limit, never with the list: over the limit of TLDs, those that the Public Suffix List does
 * not know stand together in the row "other", so that no list can take a row from a real one; over
 * the limit of operators (managed.h) the rest do. Which of them have a row is then a matter of who
 * came first. A domain is counted at once by tally_add(), or its facts are taken first, kept
 * for a while, and then counted or not.
 */
#ifndef OUTPUT_STATS_TALLY_H
#define OUTPUT_STATS_TALLY_H

#include "output/stats/statistics.h"

enum { TALLY_TLDS_MAX = 4000 };

struct tally;

enum err tally_new(struct tally **tally);
void tally_free(struct tally *tally);

/* Counts one domain. ERR_MEMORY: it could not be counted whole. */
enum err tally_add(struct tally *tally, const struct result *result);

/* tally_add() in two steps. Facts are good for the tally that made them, as long as that lives. */
enum err tally_facts(struct tally *tally, const struct result *result, struct domain_facts *facts);
enum err tally_count(struct tally *tally, const struct domain_facts *facts);

/* What the conditions leave out: it adds to the size of its operator, and to nothing else. */
enum err tally_pass(struct tally *tally, const struct domain_facts *facts);

enum err tally_merge(struct tally *into, const struct tally *from);

uint64_t tally_status(const struct tally *tally, enum result_status status);
uint64_t tally_code(const struct tally *tally, enum finding_code code);
uint64_t tally_looked_twice(const struct tally *tally);
uint64_t tally_looks_changed(const struct tally *tally); /* the second look found other codes */

const psl_ctx_t *tally_psl(const struct tally *tally);
const struct managed *tally_managed(const struct tally *tally);

/* All that the reports show. The figures' texts belong to the tally; statistics_free() when done.
 */
enum err tally_statistics(const struct tally *tally, struct managed_limits limits,
                          struct statistics *statistics);

#endif
