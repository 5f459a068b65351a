/* Domains by provider and code: what is wrong there. The rows of a map of counters, whose first
 * column is all domains and whose second those in the provider's own registrable domain. */
#ifndef OUTPUT_STATS_PROVIDER_CODE_H
#define OUTPUT_STATS_PROVIDER_CODE_H

#include "output/base/text_counts.h"

struct provider_code {
  uint32_t row; /* of the provider, from 1 */
  uint32_t code;
};

/* ERR_MEMORY. */
enum err provider_code_add(struct text_counts *causes, struct provider_code cause, uint64_t domains,
                           uint64_t own);

struct provider_code provider_code_of(const struct text_counts_row *row);

#endif
