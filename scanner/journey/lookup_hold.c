#include "scanner/journey/lookup_hold.h"

#include "output/base/siphash.h"
#include "scanner/journey/lookup.h"
#include <string.h>

static struct span hold_last_labels(struct span name) {
  size_t dots = 0, at = name.len;
  while (at && (dots += name.ptr[at - 1] == '.') < 2) at--;
  return span_skip(name, at);
}

static void hold_learn(struct lookup_hold *hold, struct span name) {
  uint64_t place = siphash_text(siphash_key(), hold_last_labels(name));
  char *known = hold->known[place % LOOKUP_HOLD_KNOWN];
  hold->failing = 0;
  if (name.len > DOMAIN_LENGTH_MAX) return;
  memcpy(known, name.ptr, name.len);
  known[name.len] = 0;
  hold->knows = true;
}

/* Whether failures are doubted: the names may be as they were, and the network gone. Where DNS
 * never said anything of any name, there is nothing to doubt it by. */
static bool hold_doubts_all(const struct lookup_hold *hold, uint64_t now) {
  const unsigned most = LOOKUP_HOLD_FAILURES;
  if (hold->distrusts) return true;
  if (!hold->knows || hold->failing <= most) return false;
  return hold->failing > most << hold->doublings ||
         now - hold->failing_since >= LOOKUP_HOLD_FAILING_MS;
}

/* Nothing was said of the name, or what a server says that reaches nobody, or will not ask. */
static bool hold_is_failure(const struct lookup *lookup) {
  if (lookup->end != LOOKUP_ANSWERED) return lookup->end == LOOKUP_TIMEOUT;
  return message_rcode_fails(lookup->answer.rcode);
}

/* Whether this failure says no more of the name than all the others do. */
static bool hold_doubts(struct lookup_hold *hold, const struct lookup *lookup, uint64_t now) {
  if (!hold_is_failure(lookup)) return false;
  if (!hold->failing++) hold->failing_since = now;
  return hold_doubts_all(hold, now);
}

/* Nothing is said of a name by servers that are gone, or that reach nobody. */
static bool hold_take(struct lookup_hold *hold, struct lookup *lookup, uint64_t now) {
  if (!hold->patient) return false;
  bool gone = lookup->end == LOOKUP_TIMEOUT && lookup->unheard;
  bool doubts = hold_doubts(hold, lookup, now);
  if (!gone && !doubts) return false;
  lookup->next = hold->held;
  hold->held = lookup;
  return true;
}

/* False: it could not be, and has failed. */
static bool hold_ask_again(struct lookup_hold *hold, struct lookup *lookup) {
  enum err err = hold->ask(hold->resolver, lookup);
  if (err == ERR_NONE) return true;
  lookup->end = LOOKUP_FAILED;
  lookup->trouble = err;
  return false;
}

/* What was asked before the network came back, and failed, says nothing of the name; nor does what
 * fails soon after: resolvers remember for a while whom they could not reach. */
static bool hold_is_of_outage(const struct lookup_hold *hold, const struct lookup *lookup,
                              uint64_t now) {
  return hold_is_failure(lookup) && hold->back_at &&
         now <= hold->back_at + LOOKUP_HOLD_RECOVERY_MS + (uint64_t)lookup->ms;
}

bool lookup_hold_keeps(struct lookup_hold *hold, struct lookup *lookup, struct span name,
                       uint64_t now) {
  if (hold->lets_go) return false;
  if (lookup_answered(lookup)) hold_learn(hold, name);
  if (!hold_doubts_all(hold, now) && hold_is_of_outage(hold, lookup, now))
    return hold_ask_again(hold, lookup);
  return hold_take(hold, lookup, now);
}

bool lookup_hold_any(const struct lookup_hold *hold) {
  return hold->held != NULL;
}

/* The servers were there, but silent for as long as it was asked for: that says nothing of the
 * name. Once, or a name that nobody answers for would be asked for ever. */
static bool hold_heals(struct lookup *lookup) {
  bool heals = lookup->end == LOOKUP_TIMEOUT && lookup->silenced && !lookup->again;
  lookup->again |= heals;
  return heals;
}

void lookup_hold_release(struct lookup_hold *hold, bool again, uint64_t now) {
  struct lookup *held = hold->held;
  hold->held = NULL;
  hold->failing = 0;
  if (again) {
    hold->back_at = now;
    hold->doublings = 0;
  } else if (hold->doublings < LOOKUP_HOLD_DOUBLINGS) {
    hold->doublings++;
  }
  while (held) {
    struct lookup *lookup = held;
    held = held->next;
    if ((again || hold_heals(lookup)) && hold_ask_again(hold, lookup)) continue;
    hold->lets_go = true;
    lookup->done(lookup);
    hold->lets_go = false;
  }
}

void lookup_hold_distrust(struct lookup_hold *hold, bool distrusts) {
  hold->distrusts = distrusts;
}

struct span lookup_hold_known(const struct lookup_hold *hold, size_t i) {
  return span_of(hold->known[i]);
}
