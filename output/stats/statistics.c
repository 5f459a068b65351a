#include "output/stats/statistics.h"

#include <stdlib.h>

uint64_t figures_deployed(const struct figures *figures) {
  return figures->counts.status[STATUS_VALID] + figures->counts.status[STATUS_BROKEN];
}

void figures_free(struct figures *figures) {
  managed_figures_free(&figures->managed);
  free(figures->tlds);
  free(figures->ranks);
  *figures = (struct figures){0};
}
