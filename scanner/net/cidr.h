/* A prefix of IP addresses (CIDR: RFC 4632, RFC 4291 section 2.3). */
#ifndef SCANNER_NET_CIDR_H
#define SCANNER_NET_CIDR_H

#include "output/base/span.h"

enum {
  CIDR_OCTETS = 16,
  CIDR_BITS_MAX = 8 * CIDR_OCTETS,
  CIDR_V4_BITS = 96, /* of ::ffff:0:0/96, where IPv4 stands inside IPv6 */
};

/* IPv4 stands in its IPv4-mapped form; a table of IPv4 alone may use the first four octets. */
struct cidr {
  unsigned char octets[CIDR_OCTETS];
  unsigned bits;
};

/* "192.0.2.0/24", "2001:db8::/32", or one address: strict as address_parse(), without brackets and
 * port. Bits of the address behind the prefix are cleared, so "192.0.2.1/24" is 192.0.2.0/24. */
bool cidr_parse(struct span text, struct cidr *prefix);

/* Clears the bits behind the prefix. */
void cidr_clear_rest(struct cidr *prefix);

/* octets: as many as the prefix has bits for. */
bool cidr_holds(const struct cidr *prefix, const unsigned char *octets);

/* By bits, then octets: for qsort() and bsearch(). */
int cidr_compare(const void *left, const void *right);

#endif
