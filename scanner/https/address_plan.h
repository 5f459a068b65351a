/* The course of one fetch over its addresses: which comes next, how much of its time is left,
 * whether it goes to one again, and the attempt that counts. No I/O, no clock.
 *
 * An overloaded address (429, 503, a reset) is asked once more after a pause, if the time allows
 * it and no other address is to be tried.
 */
#ifndef SCANNER_HTTPS_ADDRESS_PLAN_H
#define SCANNER_HTTPS_ADDRESS_PLAN_H

#include "scanner/https/attempt.h"

enum {
  COURSE_ADDRESSES_MAX = 8,
  COURSE_AGAIN_MAX = 1,
  COURSE_ATTEMPTS_MAX = COURSE_ADDRESSES_MAX + COURSE_AGAIN_MAX,
};

/* Initialise with left_ns; all else zero. */
struct course {
  const union address *addresses[COURSE_ADDRESSES_MAX]; /* those that may be contacted */
  size_t address_count;
  size_t next;
  uint64_t left_ns; /* of the time for all attempts and pauses */
  unsigned again;   /* how often an address was asked again */
  struct attempt best;
  struct result_attempt attempts[COURSE_ATTEMPTS_MAX];
  size_t attempt_count;
};

/* Takes the addresses that may be contacted, at most COURSE_ADDRESSES_MAX; they must stay valid. If
 * none is left, best says why. */
void course_choose(struct course *course, const union address *addresses, size_t count,
                   const struct transfer_common *common, struct arena *arena);

const union address *course_address(const struct course *course);

/* Nanoseconds that the attempt may have spent by now. Until the status shows that the server is
 * alive it has its share of the time only, so that the other addresses have theirs. */
uint64_t course_limit(const struct course *course, enum outcome_step step, uint64_t connect_ns);

/* Keeps the attempt; the one that got furthest counts, the last among equals. */
void course_keep(struct course *course, const struct attempt *attempt, uint64_t spent_ns);

/* Where to now, after an attempt that was kept. */
enum course_turn {
  COURSE_ENDS,
  COURSE_GOES_ON, /* to course_address() */
  COURSE_PAUSES,  /* and goes to course_address() once more; pause_ns is taken off its time */
};

enum course_turn course_turn(struct course *course, const struct attempt *attempt,
                             uint64_t pause_ns);

#endif
