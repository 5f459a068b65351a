/* The plan of one fetch: which of its addresses comes next, how much of its time is left, whether
 * an address is asked once more, and which attempt counts. No I/O, no clock; borrows the addresses.
 *
 * An overloaded address (429, 503, a reset) is asked once more after a pause, if the time allows
 * it and no other address is to be tried.
 */
#ifndef SCANNER_HTTPS_ADDRESS_PLAN_H
#define SCANNER_HTTPS_ADDRESS_PLAN_H

#include "scanner/https/attempt.h"

enum {
  ADDRESS_PLAN_ADDRESSES_MAX = 8,
  ADDRESS_PLAN_AGAIN_MAX = 1,
  ADDRESS_PLAN_ATTEMPTS_MAX = ADDRESS_PLAN_ADDRESSES_MAX + ADDRESS_PLAN_AGAIN_MAX,
};

/* Initialise with left_ns; all else zero. */
struct address_plan {
  const union address *addresses[ADDRESS_PLAN_ADDRESSES_MAX]; /* those that may be contacted */
  size_t address_count;
  size_t next;
  uint64_t left_ns; /* of the time for all attempts and pauses */
  unsigned again;   /* how often an address was asked again */
  struct attempt best;
  struct result_attempt attempts[ADDRESS_PLAN_ATTEMPTS_MAX];
  size_t attempt_count;
};

/* Takes the addresses that may be contacted, each once, at most ADDRESS_PLAN_ADDRESSES_MAX; they
 * must stay valid. If none is left, best says why. */
void address_plan_choose(struct address_plan *plan, const union address *addresses, size_t count,
                         const struct address_filter *filter, struct arena *arena);

const union address *address_plan_address(const struct address_plan *plan);

/* Nanoseconds that the attempt may have spent by now. Until the status shows that the server is
 * alive it has its share of the time only, so that the other addresses have theirs. */
uint64_t address_plan_limit(const struct address_plan *plan, enum outcome_step step,
                            uint64_t connect_ns);

/* Keeps the attempt; the one that got furthest counts, the last among equals. */
void address_plan_keep(struct address_plan *plan, const struct attempt *attempt, uint64_t spent_ns);

/* Where to now, after an attempt that was kept. */
enum address_plan_turn {
  ADDRESS_PLAN_ENDS,
  ADDRESS_PLAN_GOES_ON, /* to address_plan_address() */
  ADDRESS_PLAN_PAUSES,  /* and goes to address_plan_address() once more; pause_ns is taken off its
                           time */
};

enum address_plan_turn address_plan_turn(struct address_plan *plan, const struct attempt *attempt,
                                         uint64_t pause_ns);

#endif
