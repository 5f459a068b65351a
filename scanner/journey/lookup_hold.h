/* The lookups whose failure may be the network's, and not the name's.
 *
 * While no server answers, or all lookups fail, a failure says nothing of its name: the lookup is
 * held until lookup_hold_release(), and then asked again or let go as it ended. All lookups of a
 * worker go through its hold, on its thread. now: milliseconds of the loop, uv_now().
 */
#ifndef SCANNER_JOURNEY_LOOKUP_HOLD_H
#define SCANNER_JOURNEY_LOOKUP_HOLD_H

#include "scanner/resolver/resolver.h"
#include "scanner/sts/domain.h"

enum {
  LOOKUP_HOLD_KNOWN = 8,         /* names that are kept to try the resolvers with */
  LOOKUP_HOLD_FAILURES = 16,     /* in a row are believed; twice as many after each time that the */
  LOOKUP_HOLD_DOUBLINGS = 5,     /* doubt was wrong, so often at most; */
  LOOKUP_HOLD_FAILING_MS = 5000, /* but after so long of nothing else, no more */
  LOOKUP_HOLD_RECOVERY_MS = 10000, /* after an outage, what fails is asked again */
};

/* All zero but for the first three. */
struct lookup_hold {
  bool patient;                                                      /* false: nothing is held */
  enum err (*ask)(struct resolver *resolver, struct lookup *lookup); /* resolver_ask() */
  struct resolver *resolver;
  struct lookup *held;    /* linked by next */
  bool lets_go;           /* of them, so that none is held again */
  bool distrusts;         /* a failure says nothing of a name */
  unsigned failing;       /* lookups in a row that failed */
  uint64_t failing_since; /* the first of them */
  uint64_t back_at;       /* the end of the last outage; 0: none */
  unsigned doublings;     /* how often the doubt was wrong, since it was right */
  /* Of names that DNS said something about; each domain of the last two labels has one place, so
   * that no owner has them all. Empty: none yet. */
  char known[LOOKUP_HOLD_KNOWN][DOMAIN_LENGTH_MAX + 1];
  bool knows;
};

/* Whether a lookup that has ended is kept, held or asked again: its done is called once more, then.
 * name: the domain or host that it is about, which is learned when it was answered. */
bool lookup_hold_keeps(struct lookup_hold *hold, struct lookup *lookup, struct span name,
                       uint64_t now);

bool lookup_hold_any(const struct lookup_hold *hold);

/* again: there was an outage, and it is over: what is held is asked again, as if nothing had been.
 * Else it ends as it did, but for what was never asked while a server answered: that is asked once
 * more. */
void lookup_hold_release(struct lookup_hold *hold, bool again, uint64_t now);

/* Until told otherwise all that fails is held. */
void lookup_hold_distrust(struct lookup_hold *hold, bool distrusts);

/* One of LOOKUP_HOLD_KNOWN names that DNS said something about, drawn from all of the scan so far;
 * empty: there is none. It stays until the next answer. */
struct span lookup_hold_known(const struct lookup_hold *hold, size_t i);

#endif
