#include "scanner/resolver/cohort.h"

static const double cohort_sure = 9; /* squared deviations */

void cohort_sent(struct cohort *cohort, uint64_t now) {
  if (cohort->to && now >= cohort->to) return;
  if (!cohort->sent++) cohort->from = now;
}

void cohort_close(struct cohort *cohort, double size, uint64_t now) {
  cohort->to = now + 1; /* with all that is sent now */
  cohort->size = size;
}

void cohort_answered(struct cohort *cohort, uint64_t sent, uint64_t delay) {
  if (!cohort->sent || sent < cohort->from || (cohort->to && sent >= cohort->to)) return;
  latency_add(&cohort->answers, delay);
}

uint64_t cohort_age(const struct cohort *cohort, uint64_t now) {
  return cohort->to && now > cohort->to ? now - cohort->to : 0;
}

double cohort_expected(const struct cohort *cohort, const struct cohort *other, uint64_t age) {
  return other->sent ? (double)latency_within(&other->answers, age) * cohort->sent / other->sent
                     : 0;
}

double cohort_part(const struct cohort *cohort, const struct cohort *other, uint64_t age) {
  double expected = cohort_expected(cohort, other, age);
  double missing = expected - latency_within(&cohort->answers, age);
  double chance = expected * (1 + (double)cohort->sent / (other->sent ? other->sent : 1));
  if (missing <= 0 || missing * missing < cohort_sure * chance) return 1;
  return 1 - missing / expected;
}
