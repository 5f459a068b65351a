#include "scanner/net/cidr_set.h"

#include <stdlib.h>

enum { PREFIXES_FIRST_SIZE = 64 };

enum err prefixes_add(struct prefixes *prefixes, const struct prefix *prefix) {
  if (prefixes->count == PREFIXES_MAX) return ERR_LIMIT;
  if (prefixes->count == prefixes->size) {
    size_t size = prefixes->size ? 2 * prefixes->size : PREFIXES_FIRST_SIZE;
    struct prefix *grown = reallocarray(prefixes->at, size, sizeof *grown);
    if (!grown) return ERR_MEMORY;
    prefixes->at = grown;
    prefixes->size = size;
  }
  prefixes->at[prefixes->count++] = *prefix;
  return ERR_NONE;
}

void prefixes_sort(struct prefixes *prefixes) {
  size_t next = 0;
  if (prefixes->count) qsort(prefixes->at, prefixes->count, sizeof *prefixes->at, prefix_compare);
  for (unsigned bits = 0; bits <= PREFIX_BITS_MAX; bits++) {
    prefixes->first[bits] = next;
    while (next < prefixes->count && prefixes->at[next].bits == bits) next++;
  }
  prefixes->first[PREFIX_BITS_MAX + 1] = next;
}

void prefixes_free(struct prefixes *prefixes) {
  free(prefixes->at);
  *prefixes = (struct prefixes){0};
}

static bool prefixes_hold_from(const struct prefixes *prefixes, const union address *address,
                               unsigned shortest) {
  struct prefix wanted;
  for (unsigned bits = PREFIX_BITS_MAX + 1; bits-- > shortest;) {
    size_t first = prefixes->first[bits], count = prefixes->first[bits + 1] - first;
    if (count == 0) continue;
    address_mapped(address, wanted.octets);
    wanted.bits = bits;
    prefix_clear_rest(&wanted);
    if (bsearch(&wanted, prefixes->at + first, count, sizeof wanted, prefix_compare)) return true;
  }
  return false;
}

bool prefixes_hold(const struct prefixes *prefixes, const union address *address) {
  union address to = address_destination(address);
  if (to.any.sa_family == AF_INET && prefixes_hold_from(prefixes, &to, PREFIX_V4_BITS)) return true;
  return address->any.sa_family == AF_INET6 && prefixes_hold_from(prefixes, address, 0);
}
