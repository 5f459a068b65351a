/* The gates of addresses: how many connections one gets at a time, and anew a second, who is left
 * alone for a while, and who has been silent for long. The one map that all threads share; only
 * domains with a record touch it.
 *
 * All addresses of one IPv4 /24 or IPv6 /64, which mostly are one owner's, have a gate together
 * too, GATES_PREFIX_TIMES as wide.
 *
 * Times are monotonic nanoseconds (uv_hrtime()). Nothing here waits: who is refused is told when to
 * ask again. An entry lives while a connection is open or its rate still remembers one, and for
 * GATES_MEMORY_S after a rest.
 */
#ifndef SCANNER_NET_ADDRESS_LIMITS_H
#define SCANNER_NET_ADDRESS_LIMITS_H

#include "scanner/net/address.h"

enum {
  GATES_REST_FIRST_S = 1,
  GATES_REST_MAX_S = 10, /* one policy host must not hold up the others of its address for long */
  GATES_RESTS_MAX = 6,   /* in a row; then its refusals are its answer, and only its rate counts */
  GATES_MEMORY_S = 60,   /* a rest that long after the last is the first again */
  GATES_PREFIX_TIMES = 8,
  GATES_SILENCES = 8,           /* in a row, each with full patience: then patience is short */
  GATES_SILENCE_MEMORY_S = 300, /* after the last */
};

struct gates;

/* at_once, per_second: of one address; 0 no limit, for its prefix neither. parts: how many
 * processes share these limits, at least 1; each keeps to its part, but for at least one connection
 * at a time. */
enum err gates_new(struct gates **gates, unsigned at_once, unsigned per_second, unsigned parts);
void gates_free(struct gates *gates);

/* Enters for one connection to the address (its port does not count, and all forms of one
 * address_destination() have one gate). ERR_REFUSED: *wait_ns says
 * when it is worth asking again; ERR_MEMORY. gates NULL: always allowed. */
enum err gates_enter(struct gates *gates, const union address *address, uint64_t now,
                     uint64_t *wait_ns);
/* Once for each time that was entered. */
void gates_leave(struct gates *gates, const union address *address, uint64_t now);

/* The address is overloaded (429, 503, a reset): nobody enters for as long as it asked, but at
 * least GATES_REST_FIRST_S, doubled for each rest in a row, and at most GATES_REST_MAX_S. What
 * comes from those who are inside still belongs to the same rest. */
void gates_rest(struct gates *gates, const union address *address, uint64_t asked_ns, uint64_t now);
/* It answers soundly: the next rest is the first in a row. */
void gates_relieve(struct gates *gates, const union address *address, uint64_t now);

/* Nothing came from the address in the time that it had (silent), or something did. */
void gates_hear(struct gates *gates, const union address *address, bool silent, uint64_t now);
/* Whether it was silent GATES_SILENCES times in a row: nobody needs to wait for it as long again.
 */
bool gates_is_silent(struct gates *gates, const union address *address, uint64_t now);

/* Addresses and prefixes that are remembered now. */
size_t gates_count(struct gates *gates);

#endif
