/* The addresses of this machine that all traffic comes from (--source): at most one of each family.
 *
 * Once one is given, a family without one is not used for policy hosts and MX hosts: whoever looks
 * up who scans him finds the addresses that the scanner announced, and no other. What stays on the
 * machine (a resolver on loopback) is bound only to an address that is loopback as well, since such
 * resolvers answer nobody else.
 */
#ifndef SCANNER_NET_SOURCE_ADDRESS_H
#define SCANNER_NET_SOURCE_ADDRESS_H

#include "scanner/net/address.h"
#include <stdbool.h>

/* All zero: the system chooses. */
struct source_address {
  union address v4, v6; /* family AF_UNSPEC: none; port 0 */
};

/* "192.0.2.1" or "192.0.2.1,2001:db8::1", in any order. ERR_SYNTAX: anything else, two of a family
 * or IPv6 alone (most hosts have no other address than IPv4). Pure. */
enum err source_address_parse(struct span text, struct source_address *source);

/* Whether these are addresses of this machine. ERR_IO with errno, *bad being the one that is not;
 * ERR_DESCRIPTORS, ERR_MEMORY. */
enum err source_address_check(const struct source_address *source, const union address **bad);

/* Whether that may be connected to at all. source: may be NULL, here and below. Pure. */
bool source_address_allows(const struct source_address *source, const union address *to);
bool source_address_has_ipv6(const struct source_address *source);

/* Before connect(2). -1 with errno, as bind(2). */
int source_address_bind(const struct source_address *source, int fd, const union address *to);

#endif
