/* The contact with one mail server over its addresses: which comes next, whether
 * there is a second round, and which attempt counts. No I/O, no clock.
 *
 * IPv4 goes first, as mail servers refuse IPv6 more often, and IPv6 only where there is no IPv4
 * address or none of those tried could be reached: a sender goes on to it as well, so that a host
 * whose IPv4 is dead is not called unreachable. Where in a pool of addresses it begins depends on
 * the host's name, so that the probes of many names spread over it.
 *
 * At most two TCP connections that stood are made to a host, both rounds together, as a server may
 * allow no more; an address that nobody answered at was asked for a SYN alone and counts for none.
 */
#ifndef SCANNER_SMTP_CONTACT_H
#define SCANNER_SMTP_CONTACT_H

#include "output/record/result.h"
#include "scanner/net/address.h"

enum {
  CONTACT_FAMILY_MAX = 2, /* addresses of IPv4, or of IPv6 alone, that are tried in a round ... */
  CONTACT_ADDRESSES_MAX = CONTACT_FAMILY_MAX + 1, /* ... and one of IPv6 after them */
  CONTACT_ROUNDS_MAX = 2,
  CONTACT_ATTEMPTS_MAX = CONTACT_ADDRESSES_MAX * CONTACT_ROUNDS_MAX,
  CONTACT_CONNECTIONS_MAX = 2, /* that stood, in all rounds */
};

/* What matters of one attempt. */
struct contact_attempt {
  enum result_step step;
  enum finding_code code; /* its first error or warning that leaves it unknown; FOUND_COUNT: none */
  int smtp_status;        /* of that; 0: none */
  bool stood;             /* a TCP connection did */
  bool no_route;          /* from here: it says nothing of the host */
};

/* Initialise with zeros, and once if there shall be no second round. */
struct contact {
  bool once;
  const union address *addresses[CONTACT_ADDRESSES_MAX];
  size_t address_count;
  size_t next;
  unsigned rounds;      /* that have ended */
  unsigned connections; /* that stood */
  size_t attempts;
  struct contact_attempt best; /* while there were attempts */
};

/* Of these, which may be contacted, at least one; they must stay valid. */
void contact_choose(struct contact *contact, struct span host,
                    const union address *const *addresses, size_t count);

const union address *contact_address(const struct contact *contact);

/* Keeps the attempt, and says whether it is the one that counts: that which got furthest, the last
 * among equals, one without a route only while there is no other. */
bool contact_keep(struct contact *contact, const struct contact_attempt *attempt);

enum contact_turn {
  CONTACT_ENDS,
  CONTACT_GOES_ON, /* to contact_address() */
  CONTACT_PAUSES,  /* and goes to contact_address() afterwards */
};

/* Where to now, after an attempt that was kept. */
enum contact_turn contact_turn(struct contact *contact, const struct contact_attempt *attempt);

#endif
