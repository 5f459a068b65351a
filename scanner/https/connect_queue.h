/* Those that wait to connect, in one lane an address, first come first served.
 *
 * Lanes take turns, so that a crowd before one address holds up nobody else; a lane that was
 * refused rests until it is worth asking again. A lane exists while somebody stands in it.
 * Pure: times are the caller's, in nanoseconds.
 */
#ifndef SCANNER_HTTPS_CONNECT_QUEUE_H
#define SCANNER_HTTPS_CONNECT_QUEUE_H

#include "scanner/net/address.h"
#include <sys/queue.h>

enum { LANES_BUCKETS = 4096 };

#define LANES_NEVER UINT64_MAX

struct lane;

/* Embedded in what waits. */
struct waiter {
  TAILQ_ENTRY(waiter) link;
  struct lane *lane; /* NULL: does not wait */
};

struct lanes;

enum err lanes_new(struct lanes **lanes);
/* Lets all waiters go. NULL is allowed. */
void lanes_free(struct lanes *lanes);

/* At the end of the address's lane (its port does not count). */
enum err lanes_add(struct lanes *lanes, const union address *address, struct waiter *waiter);
/* One that does not wait is passed over. */
void lanes_remove(struct lanes *lanes, struct waiter *waiter);

/* The lane whose turn it is, NULL if none is ready. It keeps its turn until one of the two below.
 */
struct lane *lanes_next(struct lanes *lanes, uint64_t now);
const union address *lane_address(const struct lane *lane);
/* Takes the first of the lane out; the lane goes to the end of the turns. */
struct waiter *lanes_take(struct lanes *lanes, struct lane *lane);
void lanes_rest(struct lanes *lanes, struct lane *lane, uint64_t until);

/* Ends the rest of the address's lane. */
void lanes_wake(struct lanes *lanes, const union address *address);

/* When a lane is ready next: 0 now, LANES_NEVER if nobody waits. */
uint64_t lanes_until(const struct lanes *lanes);
size_t lanes_waiting(const struct lanes *lanes);
/* Those of the address's lane alone. */
size_t lanes_waiting_at(struct lanes *lanes, const union address *address);

#endif
