/* The queue of those that wait to connect: one lane for each address, first come, first served.
 *
 * Lanes take turns, so that a crowd before one address delays nobody else; a lane whose address is
 * at its limit (scanner/net/address_limits.h) rests until it is worth asking again. A lane exists
 * while somebody waits in it, and belongs to the queue; a waiter is its owner's, and must stay in
 * place while it waits. Pure: times are the caller's, in nanoseconds.
 */
#ifndef SCANNER_HTTPS_CONNECT_QUEUE_H
#define SCANNER_HTTPS_CONNECT_QUEUE_H

#include "scanner/net/address.h"
#include <sys/queue.h>

enum {
  CONNECT_QUEUE_BUCKETS = 4096,
  CONNECT_QUEUE_PREFIXES = 4096, /* places to count them at; two of one place count together */
};

#define CONNECT_QUEUE_NEVER UINT64_MAX

struct lane;

/* Embedded in what waits. */
struct waiter {
  TAILQ_ENTRY(waiter) link;
};

struct connect_queue;

enum err connect_queue_new(struct connect_queue **queue);
/* Lets all waiters go. NULL is allowed. */
void connect_queue_free(struct connect_queue *queue);

/* At the end of the address's lane (its port does not count). */
enum err connect_queue_add(struct connect_queue *queue, const union address *address,
                           struct waiter *waiter);
/* The lane whose turn it is, NULL if none is ready. It keeps its turn until one of the two below.
 */
struct lane *connect_queue_next(struct connect_queue *queue, uint64_t now);
const union address *lane_address(const struct lane *lane);
/* Takes the first of the lane out; the lane goes to the end of the turns. */
struct waiter *connect_queue_take(struct connect_queue *queue, struct lane *lane);
void connect_queue_rest(struct connect_queue *queue, struct lane *lane, uint64_t until);

/* Ends the rest of the address's lane. */
void connect_queue_wake(struct connect_queue *queue, const union address *address);

/* When a lane is ready next: 0 now, CONNECT_QUEUE_NEVER if nobody waits. */
uint64_t connect_queue_until(const struct connect_queue *queue);
size_t connect_queue_waiting(const struct connect_queue *queue);
/* Those of the address's lane alone. */
size_t connect_queue_waiting_at(struct connect_queue *queue, const union address *address);
/* Those of all addresses of its /24 or /64 (address_prefix()). */
size_t connect_queue_waiting_near(const struct connect_queue *queue, const union address *address);

#endif
