/* The limits of each IP address: how many connections it gets at a time and per second, whether it
 * is left alone for a while (it was overloaded), and whether it has been silent for long. One map
 * that all threads share, under a lock; only domains with a record touch it.
 *
 * The addresses of one IPv4 /24 or IPv6 /64, mostly of one owner, share a limit as well, which is
 * ADDRESS_LIMITS_PREFIX_TIMES as large.
 *
 * Times are monotonic nanoseconds (uv_hrtime()). Nothing here waits: who is refused is told when to
 * ask again. An entry lives while a connection is open or its rate still remembers one, and for
 * ADDRESS_LIMITS_MEMORY_S after a rest.
 */
#ifndef SCANNER_NET_ADDRESS_LIMITS_H
#define SCANNER_NET_ADDRESS_LIMITS_H

#include "scanner/net/address.h"

enum {
  ADDRESS_LIMITS_REST_FIRST_S = 1,
  /* One policy host must not hold up the others of its address for long. */
  ADDRESS_LIMITS_REST_MAX_S = 10,
  /* In a row; then its refusals are its answer, and only its rate counts. */
  ADDRESS_LIMITS_RESTS_MAX = 6,
  ADDRESS_LIMITS_MEMORY_S = 60, /* a rest that long after the last is the first again */
  ADDRESS_LIMITS_PREFIX_TIMES = 8,
  ADDRESS_LIMITS_SILENCES = 8, /* in a row, each after its full time: then the time is short */
  ADDRESS_LIMITS_SILENCE_MEMORY_S = 300, /* after the last */
};

struct address_limits;

/* at_once, per_second: of one address; 0 no limit, for its prefix neither. parts: how many
 * processes share these limits, at least 1; each uses its part only, but for at least one
 * connection at a time. */
enum err address_limits_new(struct address_limits **limits, unsigned at_once, unsigned per_second,
                            unsigned parts);
void address_limits_free(struct address_limits *limits);

/* Enters for one connection to the address (its port does not count, and all forms of one
 * address_destination() share one limit). ERR_REFUSED: *wait_ns says when it is worth asking again;
 * ERR_MEMORY. limits NULL: always allowed. */
enum err address_limits_enter(struct address_limits *limits, const union address *address,
                              uint64_t now, uint64_t *wait_ns);
/* Once for each time that was entered. */
void address_limits_leave(struct address_limits *limits, const union address *address,
                          uint64_t now);

/* The address is overloaded (429, 503, a reset): nobody enters for as long as it asked, but at
 * least ADDRESS_LIMITS_REST_FIRST_S, doubled for each rest in a row, and at most
 * ADDRESS_LIMITS_REST_MAX_S. What comes from those who are inside still belongs to the same rest.
 */
void address_limits_rest(struct address_limits *limits, const union address *address,
                         uint64_t asked_ns, uint64_t now);
/* It answers soundly: the next rest is the first in a row. */
void address_limits_relieve(struct address_limits *limits, const union address *address,
                            uint64_t now);

/* Nothing came from the address in the time that it had (silent), or something did. Whoever gave it
 * but a little time does not tell. */
void address_limits_hear(struct address_limits *limits, const union address *address, bool silent,
                         uint64_t now);
/* Whether it was silent ADDRESS_LIMITS_SILENCES times in a row: nobody needs to wait for it as long
 * again.
 */
bool address_limits_is_silent(struct address_limits *limits, const union address *address,
                              uint64_t now);

/* Since it was made. */
struct address_limits_account {
  uint64_t connections; /* that entered */
  uint64_t rests;       /* that were begun */
};
struct address_limits_account address_limits_account(struct address_limits *limits);

/* Addresses and prefixes that are remembered now. */
size_t address_limits_count(struct address_limits *limits);

#endif
