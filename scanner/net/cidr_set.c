#include "scanner/net/cidr_set.h"

#include <stdlib.h>

enum { CIDR_SET_FIRST_SIZE = 64 };

enum err cidr_set_add(struct cidr_set *prefixes, const struct cidr *prefix) {
  if (prefixes->count == CIDR_SET_MAX) return ERR_LIMIT;
  if (prefixes->count == prefixes->size) {
    size_t size = prefixes->size ? 2 * prefixes->size : CIDR_SET_FIRST_SIZE;
    struct cidr *grown = reallocarray(prefixes->at, size, sizeof *grown);
    if (!grown) return ERR_MEMORY;
    prefixes->at = grown;
    prefixes->size = size;
  }
  prefixes->at[prefixes->count++] = *prefix;
  return ERR_NONE;
}

void cidr_set_sort(struct cidr_set *prefixes) {
  size_t next = 0;
  if (prefixes->count) qsort(prefixes->at, prefixes->count, sizeof *prefixes->at, cidr_compare);
  for (unsigned bits = 0; bits <= CIDR_BITS_MAX; bits++) {
    prefixes->first[bits] = next;
    while (next < prefixes->count && prefixes->at[next].bits == bits) next++;
  }
  prefixes->first[CIDR_BITS_MAX + 1] = next;
}

void cidr_set_free(struct cidr_set *prefixes) {
  free(prefixes->at);
  *prefixes = (struct cidr_set){0};
}

static bool cidr_set_hold_from(const struct cidr_set *prefixes, const union address *address,
                               unsigned shortest) {
  struct cidr wanted;
  for (unsigned bits = CIDR_BITS_MAX + 1; bits-- > shortest;) {
    size_t first = prefixes->first[bits], count = prefixes->first[bits + 1] - first;
    if (count == 0) continue;
    address_mapped(address, wanted.octets);
    wanted.bits = bits;
    cidr_clear_rest(&wanted);
    if (bsearch(&wanted, prefixes->at + first, count, sizeof wanted, cidr_compare)) return true;
  }
  return false;
}

bool cidr_set_holds(const struct cidr_set *prefixes, const union address *address) {
  union address to = address_destination(address);
  if (to.any.sa_family == AF_INET && cidr_set_hold_from(prefixes, &to, CIDR_V4_BITS)) return true;
  return address->any.sa_family == AF_INET6 && cidr_set_hold_from(prefixes, address, 0);
}
