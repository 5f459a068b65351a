/* Who may connect now: of those who wait, each in its turn, with leave of the limits of its address
 * and a token of the rate that all threads share. Whoever has got its turn leaves the limits when
 * its connection has ended. Times are the caller's, in nanoseconds.
 */
#ifndef SCANNER_HTTPS_CONNECT_TURNS_H
#define SCANNER_HTTPS_CONNECT_TURNS_H

#include "scanner/https/connect_queue.h"
#include "scanner/net/address_limits.h"
#include "scanner/net/rate_limit.h"

enum { CONNECT_TURNS_TROUBLE_NS = 100000000 }; /* that a pause after an error of our own takes */

/* Zeroed but for the first three. */
struct connect_turns {
  struct connect_queue *queue;
  struct address_limits *limits; /* may be NULL */
  struct rate_limit *rate_limit; /* may be NULL */
  bool has_token;                /* taken from the rate limit and not used yet */
  uint64_t pause_until; /* nobody may connect before: the rate limit, or an error of our own */
};

/* Takes the next one out of the queue; NULL: nobody may. */
struct waiter *connect_turns_next(struct connect_turns *turns, uint64_t now);

/* There was an error of our own: nobody connects for a while. */
void connect_turns_pause(struct connect_turns *turns, uint64_t now);

/* A connection to the address has ended. */
void connect_turns_leave(struct connect_turns *turns, const union address *address, uint64_t now);

/* When it is worth asking again; CONNECT_QUEUE_NEVER: not before something changes. has_room: more
 * connections are allowed. */
uint64_t connect_turns_until(const struct connect_turns *turns, bool has_room);

#endif
