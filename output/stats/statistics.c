#include "output/stats/statistics.h"

#include <stdlib.h>

uint64_t statistics_deployed(const struct statistics *statistics) {
  return statistics->counts.status[STATUS_VALID] + statistics->counts.status[STATUS_BROKEN];
}

void statistics_free(struct statistics *statistics) {
  managed_statistics_free(&statistics->managed);
  free(statistics->tlds);
  free(statistics->ranks);
  *statistics = (struct statistics){0};
}
