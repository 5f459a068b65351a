/* A set of IP prefixes, filled once and then only asked, by any number of threads.
 *
 * A question costs one binary search for each length that occurs, however many prefixes there are.
 */
#ifndef SCANNER_NET_CIDR_SET_H
#define SCANNER_NET_CIDR_SET_H

#include "scanner/net/address.h"
#include "scanner/net/cidr.h"

enum { PREFIXES_MAX = 1024 * 1024 };

/* Begins zeroed. */
struct prefixes {
  struct prefix *at; /* sorted by length */
  size_t count, size;
  size_t first[PREFIX_BITS_MAX + 2]; /* of each length, the next of which ends it */
};

/* ERR_LIMIT over PREFIXES_MAX, ERR_MEMORY. */
enum err prefixes_add(struct prefixes *prefixes, const struct prefix *prefix);
/* After the last was added, before the first question. */
void prefixes_sort(struct prefixes *prefixes);
void prefixes_free(struct prefixes *prefixes);

/* Whether the address or its address_destination() is in one. An IPv6 prefix that is wider than all
 * of IPv4 (::/0) does not hold IPv4 addresses. */
bool prefixes_hold(const struct prefixes *prefixes, const union address *address);

#endif
