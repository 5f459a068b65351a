/* Which addresses are public, by IANA's special-purpose registries. */
#include "scanner/net/address.h"
#include "scanner/net/cidr.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* IPv4 that is not globally reachable unicast (RFC 6890 section 2.2.2 and the registry since).
 * 192.0.0.0/24 has a few global addresses (PCP anycast): nobody serves a policy there. The registry
 * has AS112 (192.31.196.0/24, 192.175.48.0/24) and AMT (192.52.193.0/24) as globally reachable, so
 * they are not here. */
static const struct cidr address_public_v4[] = {
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

/* Global unicast, all that IANA has given out (RFC 4291 section 2.4). Outside are loopback,
 * IPv4-compatible, local NAT64 (64:ff9b:1::/48), discard (100::/64), SRv6 (5f00::/16), unique
 * local, link-local, site-local and multicast. */
static const struct cidr global_v6 = {{0x20}, 3};

/* What is not global inside it. 2001::/23 has a few global assignments, none for web servers. */
static const struct cidr address_public_v6[] = {
    {{0x20, 0x01, 0x00}, 23},       /* protocol assignments: Teredo, ORCHID, benchmarking */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x3f, 0xff, 0x00}, 20},       /* documentation, RFC 9637 */
};

/* IPv6 that carries an IPv4 address, which is what counts; `at` is where it stands. */
static const struct carrier {
  struct cidr prefix;
  unsigned at;
} carriers[] = {
    {{{[10] = 0xff, [11] = 0xff}, 96}, 12}, /* IPv4-mapped, RFC 4291 */
    {{{0x00, 0x64, 0xff, 0x9b}, 96}, 12},   /* NAT64, RFC 6052 */
    {{{0x20, 0x02}, 16}, 2},                /* 6to4, RFC 3056 */
};

static bool address_public_holds(const struct cidr *prefixes, size_t count, const void *octets) {
  for (size_t i = 0; i < count; i++)
    if (cidr_holds(&prefixes[i], octets)) return true;
  return false;
}

union address address_destination(const union address *address) {
  struct span octets = address_octets(address);
  for (size_t i = 0; address->any.sa_family == AF_INET6 && i < COUNT(carriers); i++)
    if (cidr_holds(&carriers[i].prefix, (const unsigned char *)octets.ptr))
      return address_from_octets(span_first(span_skip(octets, carriers[i].at), 4),
                                 address_port(address));
  return *address;
}

bool address_is_public(const union address *address) {
  union address to = address_destination(address);
  const unsigned char *octets = (const unsigned char *)address_octets(&to).ptr;
  if (to.any.sa_family == AF_INET)
    return !address_public_holds(address_public_v4, COUNT(address_public_v4), octets);
  return cidr_holds(&global_v6, octets) &&
         !address_public_holds(address_public_v6, COUNT(address_public_v6), octets);
}
