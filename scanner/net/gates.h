/* The gates of addresses: how many connections one gets at a time, and anew a second. The one map
 * that all threads share; only domains with a record touch it.
 *
 * Times are monotonic nanoseconds (uv_hrtime()). Nothing here waits: who is refused is told when to
 * ask again. An entry lives while a connection is open or its rate still remembers one.
 */
#ifndef SCANNER_NET_GATES_H
#define SCANNER_NET_GATES_H

#include "scanner/net/address.h"

struct gates;

/* at_once, per_second: 0 no limit. */
enum err gates_new(struct gates **gates, unsigned at_once, unsigned per_second);
void gates_free(struct gates *gates);

/* Enters for one connection to the address (its port does not count, and all forms of one
 * address_destination() have one gate). ERR_REFUSED: *wait_ns says
 * when it is worth asking again; ERR_MEMORY. gates NULL: always allowed. */
enum err gates_enter(struct gates *gates, const union address *address, uint64_t now,
                     uint64_t *wait_ns);
/* Once for each time that was entered. */
void gates_leave(struct gates *gates, const union address *address, uint64_t now);

/* Addresses that are remembered now. */
size_t gates_count(struct gates *gates);

#endif
