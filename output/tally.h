/* The statistics: counters that one thread keeps, merged at the end; the members of `stats --json`.
 *
 * Not for use by several threads at once. Memory grows with TLDs, rank bins and the operators of
 * deployed domains, never with the list.
 */
#ifndef OUTPUT_TALLY_H
#define OUTPUT_TALLY_H

#include "output/err.h"
#include "output/json.h"
#include "output/result.h"

struct tally;

enum err tally_new(struct tally **tally);
void tally_free(struct tally *tally);

/* Counts one domain. ERR_MEMORY: it could not be counted whole. */
enum err tally_add(struct tally *tally, const struct result *result);
enum err tally_merge(struct tally *into, const struct tally *from);

uint64_t tally_domains(const struct tally *tally);
uint64_t tally_status(const struct tally *tally, enum result_status status);
uint64_t tally_code(const struct tally *tally, enum finding_code code);

/* The statistics' object (contract, "Statistics"), under key or as the top (NULL). */
void tally_write(const struct tally *tally, struct json *json, const char *key);

#endif
