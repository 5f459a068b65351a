/* Ceilings that all threads share: a rate a second (for DNS, for HTTPS), and how many connections
 * one address gets at a time and anew a second.
 *
 * Times are monotonic nanoseconds (uv_hrtime()). Nothing here waits: a caller that is refused is
 * told when to ask again.
 */
#ifndef SCANNER_NET_PACE_H
#define SCANNER_NET_PACE_H

#include "scanner/net/address.h"

/* A token bucket without a lock; per_second 0: no limit. */
struct pace;

enum err pace_new(struct pace **pace, unsigned per_second);
void pace_free(struct pace *pace);
/* Takes up to want tokens. Returns how many were had; when fewer, *wait_ns says how long until the
 * next. */
unsigned pace_take(struct pace *pace, unsigned want, uint64_t now, uint64_t *wait_ns);

/* The gates of addresses: the one shared map. Only domains with a record touch it. An entry lives
 * while a connection is open or its rate still remembers one. */
struct gates;

/* at_once, per_second: 0 no limit. */
enum err gates_new(struct gates **gates, unsigned at_once, unsigned per_second);
void gates_free(struct gates *gates);

/* Enters for one connection to the address (its port does not count). False: *wait_ns says when it
 * is worth asking again. */
bool gates_enter(struct gates *gates, const union address *address, uint64_t now,
                 uint64_t *wait_ns);
void gates_leave(struct gates *gates, const union address *address, uint64_t now);

#endif
