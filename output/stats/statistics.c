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

bool statistics_asked_mx(const struct statistics *statistics) {
  return statistics->counts.mx_asked > 0 && statistics->counts.mx_not_asked == 0;
}

bool statistics_mixed_mx(const struct statistics *statistics) {
  return statistics->counts.mx_asked > 0 && statistics->counts.mx_not_asked > 0;
}

bool statistics_asked(const struct statistics *statistics) {
  return statistics->counts.mx_asked > 0 || statistics->spf_count || statistics->dmarc_count;
}

struct statistics_line statistics_line_with_mx(const struct statistics_line *line) {
  struct statistics_line with_mx = *line;
  with_mx.domains = line->with_mx[COUNTS_DOMAINS];
  with_mx.valid = line->with_mx[COUNTS_VALID];
  with_mx.broken = line->with_mx[COUNTS_BROKEN];
  with_mx.deployed = with_mx.valid + with_mx.broken;
  return with_mx;
}
