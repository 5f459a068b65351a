/* A set of IP prefixes, filled once and then only asked, by any number of threads.
 *
 * A question costs one binary search for each length that occurs, however many prefixes there are.
 */
#ifndef SCANNER_NET_CIDR_SET_H
#define SCANNER_NET_CIDR_SET_H

#include "scanner/net/address.h"
#include "scanner/net/cidr.h"

enum { CIDR_SET_MAX = 1024 * 1024 };

/* Begins zeroed. */
struct cidr_set {
  struct cidr *at; /* sorted by length */
  size_t count, size;
  size_t first[CIDR_BITS_MAX + 2]; /* of each length, the next of which ends it */
};

/* ERR_LIMIT over CIDR_SET_MAX, ERR_MEMORY. */
enum err cidr_set_add(struct cidr_set *prefixes, const struct cidr *prefix);
/* After the last was added, before the first question. */
void cidr_set_sort(struct cidr_set *prefixes);
void cidr_set_free(struct cidr_set *prefixes);

/* Whether the address or its address_destination() is in one. An IPv6 prefix that is wider than all
 * of IPv4 (::/0) does not hold IPv4 addresses. */
bool cidr_set_holds(const struct cidr_set *prefixes, const union address *address);

#endif
