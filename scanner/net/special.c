/* Which addresses are public, by IANA's special-purpose registries. */
#include "scanner/net/address.h"

struct prefix {
  unsigned char octets[16];
  unsigned bits;
};

/* IPv4 that is not globally reachable unicast (RFC 6890 section 2.2.2 and the registry since).
 * 192.0.0.0/24 has a few global addresses (PCP anycast): nobody serves a policy there. */
static const struct prefix special_v4[] = {
    {{0}, 8},             /* this network */
    {{10}, 8},            /* private, RFC 1918 */
    {{100, 64}, 10},      /* shared, RFC 6598 */
    {{127}, 8},           /* loopback */
    {{169, 254}, 16},     /* link-local */
    {{172, 16}, 12},      /* private */
    {{192, 0, 0}, 24},    /* protocol assignments */
    {{192, 0, 2}, 24},    /* documentation */
    {{192, 88, 99}, 24},  /* 6to4 relays, RFC 7526 */
    {{192, 168}, 16},     /* private */
    {{198, 18}, 15},      /* benchmarking */
    {{198, 51, 100}, 24}, /* documentation */
    {{203, 0, 113}, 24},  /* documentation */
    {{224}, 4},           /* multicast */
    {{240}, 4},           /* reserved, and broadcast */
};

/* IPv6 inside 2000::/3, which alone is global unicast. */
static const struct prefix special_v6[] = {
    {{0x20, 0x01, 0x00}, 23},       /* protocol assignments: Teredo, ORCHID, benchmarking */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x3f, 0xff, 0x00}, 20},       /* documentation, RFC 9637 */
};

static const struct prefix global_v6 = {{0x20}, 3};

/* IPv6 that carries an IPv4 address, which is what counts; `at` is where it stands. */
static const struct carrier {
  struct prefix prefix;
  unsigned at;
} carriers[] = {
    {{{[10] = 0xff, [11] = 0xff}, 96}, 12}, /* IPv4-mapped, RFC 4291 */
    {{{0x00, 0x64, 0xff, 0x9b}, 96}, 12},   /* NAT64, RFC 6052 */
    {{{0x20, 0x02}, 16}, 2},                /* 6to4, RFC 3056 */
};

static bool prefix_holds(const struct prefix *prefix, const unsigned char *octets) {
  unsigned whole = prefix->bits / 8, rest = prefix->bits % 8;
  if (memcmp(prefix->octets, octets, whole) != 0) return false;
  return rest == 0 || (prefix->octets[whole] ^ octets[whole]) >> (8 - rest) == 0;
}

static bool prefix_any(const struct prefix *prefixes, size_t count, const unsigned char *octets) {
  for (size_t i = 0; i < count; i++)
    if (prefix_holds(&prefixes[i], octets)) return true;
  return false;
}

static bool v4_is_public(const unsigned char *octets) {
  return !prefix_any(special_v4, sizeof special_v4 / sizeof *special_v4, octets);
}

static bool v6_is_public(const unsigned char *octets) {
  for (size_t i = 0; i < sizeof carriers / sizeof *carriers; i++)
    if (prefix_holds(&carriers[i].prefix, octets)) return v4_is_public(octets + carriers[i].at);
  return prefix_holds(&global_v6, octets) &&
         !prefix_any(special_v6, sizeof special_v6 / sizeof *special_v6, octets);
}

bool address_is_public(const union address *address) {
  const unsigned char *octets = (const unsigned char *)address_octets(address).ptr;
  return address->any.sa_family == AF_INET ? v4_is_public(octets) : v6_is_public(octets);
}
