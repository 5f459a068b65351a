#include "output/stats/counts.h"

const uint64_t counts_max_age_from[COUNTS_MAX_AGE_BINS] = {0,       86400,    604800,
                                                           2592000, 15768000, 31557601};

const unsigned counts_expiry_days[COUNTS_EXPIRY_BINS] = {7, 14, 30};

void counts_sum(struct counts *into, const struct counts *from) {
  uint64_t *sums = (uint64_t *)into;
  const uint64_t *more = (const uint64_t *)from;
  for (size_t i = 0; i < sizeof *into / sizeof *sums; i++) sums[i] += more[i];
}
