/* A clock that counts only the time in which the loop read its sockets.
 *
 * A loop that is stopped (SIGSTOP, a slow call, a machine that sleeps or has too much to do) wakes
 * late, with timers that are overdue and answers that have long been there. Deadlines that are
 * kept by this watch, and not by the real clock, move by the gap: no timer is believed before what
 * came meanwhile has been read.
 *
 * A turn of the loop goes from one poll of its sockets to the next. It may take STOPWATCH_TURN_MS,
 * beside what it means to wait in the poll; in one that takes longer the watch stands still from
 * where it was last looked at. Only when the sockets have been polled once more does it go on by
 * STOPWATCH_TURN_MS, so that deadlines come to an end even in a loop that is always late.
 * Pure: real is the caller's monotonic nanoseconds. What is shown never goes back.
 */
#ifndef SCANNER_BASE_STOPWATCH_H
#define SCANNER_BASE_STOPWATCH_H

#include <stdbool.h>
#include <stdint.h>

enum { STOPWATCH_TURN_MS = 200 };

struct stopwatch {
  uint64_t real;                  /* when it was last looked at, */
  uint64_t shown;                 /* and what it showed then */
  uint64_t turn_real, turn_shown; /* when the turn began */
  uint64_t allowed;               /* for this turn, ns */
  bool stands;                    /* this turn took too long */
  bool behind;                    /* the one before did */
};

/* Shows real. */
void stopwatch_init(struct stopwatch *watch, uint64_t real);

/* Our time, in ns. */
uint64_t stopwatch_now(struct stopwatch *watch, uint64_t real);

/* The loop is about to wait for its sockets, for so long at most; UINT64_MAX: without a limit. */
void stopwatch_wait(struct stopwatch *watch, uint64_t real, uint64_t ns);

/* The sockets have been polled, and what was ready has been read. */
void stopwatch_turn(struct stopwatch *watch, uint64_t real);

/* Time stood still, and what came meanwhile may not have been read yet: a measure of time that ends
 * now says nothing. */
bool stopwatch_stood_still(const struct stopwatch *watch);

/* How much did not count, since the start; ns. */
uint64_t stopwatch_lost(const struct stopwatch *watch);

#endif
