#include "scanner/net/prefix.h"

#include <string.h>

bool prefix_holds(const struct prefix *prefix, const unsigned char *octets) {
  unsigned whole = prefix->bits / 8, rest = prefix->bits % 8;
  if (memcmp(prefix->octets, octets, whole) != 0) return false;
  return rest == 0 || (prefix->octets[whole] ^ octets[whole]) >> (8 - rest) == 0;
}
