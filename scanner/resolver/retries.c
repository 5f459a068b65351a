#include "scanner/resolver/retries.h"

void retries_init(struct retries *retries) {
  *retries = (struct retries){.budget = RETRIES_START, .answered = {1, 0}};
}

void retries_begun(struct retries *retries, bool scarce) {
  retries->budget += (scarce ? RETRIES_SCARCE_PERCENT : RETRIES_PERCENT) / 100.0;
}

bool retries_afford(struct retries *retries, bool pressing) {
  if (retries->budget < (pressing ? 1 : RETRIES_KEPT)) return false;
  retries->budget--;
  return true;
}

bool retries_probes(struct retries *retries) {
  return retries->probe++ % RETRIES_PROBE == 0;
}

bool retries_are_due(double risk) {
  return risk * RETRIES_DOUBT_RECIPROCAL > 1;
}

unsigned retries_allowed(unsigned tries, unsigned on_loss, unsigned done, double risk) {
  double clean = 1;
  for (unsigned i = 0; i < tries; i++) clean /= RETRIES_CLEAN_RECIPROCAL;
  bool more = done >= tries && risk > clean && retries_are_due(risk);
  return more && on_loss > tries ? on_loss : tries;
}

void retries_learn(struct retries *retries, bool first, bool answered) {
  double *share = &retries->answered[!first];
  *share += ((answered ? 1 : 0) - *share) / RETRIES_MEMORY;
}

bool retries_go_first(struct retries *retries) {
  bool worthwhile = retries->answered[1] > retries->answered[0] / 2;
  bool first = retries->turn++ % RETRIES_TURN == 0;
  return first != worthwhile;
}
