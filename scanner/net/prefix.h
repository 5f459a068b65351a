/* A prefix of IP addresses (CIDR, RFC 4632 and RFC 4291 section 2.3). */
#ifndef SCANNER_NET_PREFIX_H
#define SCANNER_NET_PREFIX_H

#include <stdbool.h>

enum { PREFIX_OCTETS = 16, PREFIX_BITS_MAX = 8 * PREFIX_OCTETS };

/* Octets behind the bits do not count. IPv4 prefixes use the first four octets, or stand in their
 * IPv4-mapped form: that is up to the owner, who keeps them apart. */
struct prefix {
  unsigned char octets[PREFIX_OCTETS];
  unsigned bits;
};

/* octets: as many as the prefix has bits for. */
bool prefix_holds(const struct prefix *prefix, const unsigned char *octets);

#endif
