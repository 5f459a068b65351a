#include "output/stats/statistics.h"

#include <stdlib.h>

uint64_t statistics_deployed(const struct statistics *statistics) {
  return statistics->counts.status[STATUS_VALID] + statistics->counts.status[STATUS_BROKEN];
}

bool statistics_probed(const struct statistics *statistics) {
  return statistics->mail.counts.all.at[MAIL_PROBED] != 0;
}

bool statistics_has_stage(const struct statistics *statistics, enum finding_stage stage) {
  if (stage == STAGE_MX_TLS && !statistics_probed(statistics)) return false;
  return finding_stage_has_errors(stage);
}

void statistics_free(struct statistics *statistics) {
  managed_statistics_free(&statistics->managed);
  mail_statistics_free(&statistics->mail);
  free(statistics->tlds);
  free(statistics->ranks);
  *statistics = (struct statistics){0};
}
