/* An IP address with a port, and which addresses a scan of the public Internet may contact. */
#ifndef SCANNER_NET_ADDRESS_H
#define SCANNER_NET_ADDRESS_H

#include "output/base/err.h"
#include "output/base/span.h"
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

enum { ADDRESS_TEXT_MAX = 64 }; /* "[ip%interface]:port" with its NUL */

union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

/* "192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:53"; a port is 1 to
 * 65535 without leading zeros. ERR_SYNTAX for anything else, zone ids ("fe80::1%eth0") included. */
enum err address_parse(struct span text, uint16_t default_port, union address *address);

/* 4 or 16 octets as DNS gives them. */
union address address_from_octets(struct span octets, uint16_t port);

/* The 4 or 16 octets of the IP, inside *address. */
struct span address_octets(const union address *address);

/* What the octets of an address, 4 or 16, begin with that mostly is one owner's: a /24, or a /64.
 */
struct span address_prefix(struct span octets);

/* Its IP as IPv6: IPv4 in the IPv4-mapped form. */
void address_mapped(const union address *address, unsigned char out[16]);

socklen_t address_size(const union address *address);
uint16_t address_port(const union address *address);
/* The IP alone, RFC 5952; out has ADDRESS_TEXT_MAX. Returns its length. */
size_t address_ip_text(const union address *address, char *out);
/* With the port: "192.0.2.1:53", "[2001:db8::1]:53", "[fe80::1%eth0]:53". */
size_t address_text(const union address *address, char *out);

/* Same family and IP; the port does not count. */
bool address_same_ip(const union address *a, const union address *b);

/* Where a packet to it ends: the IPv4 address inside an IPv4-mapped (RFC 4291), NAT64 (RFC 6052,
 * the well-known prefix) or 6to4 (RFC 3056) form, with the same port; any other address itself. */
union address address_destination(const union address *address);

/* Whether its destination is globally reachable unicast by the IANA special-purpose registries (RFC
 * 6890 and later). In doubt it is not. */
bool address_is_public(const union address *address);

#endif
