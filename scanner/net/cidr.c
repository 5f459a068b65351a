#include "scanner/net/cidr.h"

#include "scanner/net/address.h"

bool cidr_holds(const struct cidr *prefix, const unsigned char *octets) {
  unsigned whole = prefix->bits / 8, rest = prefix->bits % 8;
  if (memcmp(prefix->octets, octets, whole) != 0) return false;
  return rest == 0 || (prefix->octets[whole] ^ octets[whole]) >> (8 - rest) == 0;
}

void cidr_clear_rest(struct cidr *prefix) {
  unsigned whole = prefix->bits / 8, rest = prefix->bits % 8;
  if (rest) prefix->octets[whole++] &= (unsigned char)(0xff << (8 - rest));
  memset(prefix->octets + whole, 0, CIDR_OCTETS - whole);
}

static bool cidr_parse_bits(struct span text, unsigned most, unsigned *bits) {
  uint64_t number;
  if ((text.len > 1 && text.ptr[0] == '0') || !span_number(text, &number)) return false;
  *bits = number <= most ? (unsigned)number : 0;
  return number <= most;
}

bool cidr_parse(struct span text, struct cidr *prefix) {
  struct span rest = text;
  struct span ip = span_cut(&rest, '/');
  union address address;
  /* 0 is no port that could be written. */
  if (span_starts(ip, SPAN("[")) || address_parse(ip, 0, &address) != ERR_NONE ||
      address_port(&address) != 0)
    return false;
  unsigned most = 8 * (unsigned)address_octets(&address).len, bits = most;
  if (ip.len < text.len && !cidr_parse_bits(rest, most, &bits)) return false;
  address_mapped(&address, prefix->octets);
  prefix->bits = CIDR_BITS_MAX - most + bits;
  cidr_clear_rest(prefix);
  return true;
}

int cidr_compare(const void *left, const void *right) {
  const struct cidr *a = left, *b = right;
  if (a->bits != b->bits) return a->bits < b->bits ? -1 : 1;
  return memcmp(a->octets, b->octets, CIDR_OCTETS);
}
