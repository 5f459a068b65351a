#include "scanner/net/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>

enum { ADDRESS_V4_PREFIX_OCTETS = 3, ADDRESS_V6_PREFIX_OCTETS = 8 };

static bool address_parse_port(struct span text, uint16_t *port) {
  uint64_t number;
  if (!span_number(text, &number) || text.ptr[0] == '0') return false;
  *port = (uint16_t)number;
  return number <= UINT16_MAX;
}

static bool address_parse_ip(struct span text, uint16_t port, union address *address) {
  char ip[INET6_ADDRSTRLEN];
  if (text.len >= sizeof ip || memchr(text.ptr, 0, text.len)) return false;
  memcpy(ip, text.ptr, text.len);
  ip[text.len] = 0;
  *address = (union address){0};
  if (inet_pton(AF_INET, ip, &address->v4.sin_addr) == 1) {
    address->v4.sin_family = AF_INET;
    address->v4.sin_port = htons(port);
    return true;
  }
  if (inet_pton(AF_INET6, ip, &address->v6.sin6_addr) != 1) return false;
  address->v6.sin6_family = AF_INET6;
  address->v6.sin6_port = htons(port);
  return true;
}

enum err address_parse(struct span text, uint16_t default_port, union address *address) {
  struct span ip = text, rest = text;
  uint16_t port = default_port;
  if (text.len && text.ptr[0] == '[') {
    size_t close = span_find(text, ']');
    if (close == text.len) return ERR_SYNTAX;
    ip = span_skip(span_first(text, close), 1);
    rest = span_skip(text, close + 1);
    if (span_find(ip, ':') == ip.len) return ERR_SYNTAX;
    if (rest.len && (rest.ptr[0] != ':' || !address_parse_port(span_skip(rest, 1), &port)))
      return ERR_SYNTAX;
  } else {
    struct span before = span_cut(&rest, ':');
    bool one_colon = before.len < text.len && span_find(rest, ':') == rest.len;
    if (one_colon) {
      ip = before;
      if (!address_parse_port(rest, &port)) return ERR_SYNTAX;
    }
  }
  return ip.len && address_parse_ip(ip, port, address) ? ERR_NONE : ERR_SYNTAX;
}

union address address_from_octets(struct span octets, uint16_t port) {
  union address address = {0};
  if (octets.len == 4) {
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons(port);
    memcpy(&address.v4.sin_addr, octets.ptr, 4);
  } else {
    address.v6.sin6_family = AF_INET6;
    address.v6.sin6_port = htons(port);
    memcpy(&address.v6.sin6_addr, octets.ptr, 16);
  }
  return address;
}

socklen_t address_size(const union address *address) {
  return address->any.sa_family == AF_INET ? sizeof address->v4 : sizeof address->v6;
}

uint16_t address_port(const union address *address) {
  return ntohs(address->any.sa_family == AF_INET ? address->v4.sin_port : address->v6.sin6_port);
}

struct span address_octets(const union address *address) {
  if (address->any.sa_family == AF_INET)
    return (struct span){(const char *)&address->v4.sin_addr, 4};
  return (struct span){(const char *)&address->v6.sin6_addr, 16};
}

struct span address_prefix(struct span octets) {
  return span_first(octets, octets.len == 4 ? ADDRESS_V4_PREFIX_OCTETS : ADDRESS_V6_PREFIX_OCTETS);
}

void address_mapped(const union address *address, unsigned char out[16]) {
  struct span octets = address_octets(address);
  memset(out, 0, 16);
  if (octets.len == 4) out[10] = out[11] = 0xff;
  memcpy(out + 16 - octets.len, octets.ptr, octets.len);
}

size_t address_ip_text(const union address *address, char *out) {
  if (!inet_ntop(address->any.sa_family, address_octets(address).ptr, out, ADDRESS_TEXT_MAX))
    out[0] = 0;
  return strlen(out);
}

size_t address_text(const union address *address, char *out) {
  char ip[ADDRESS_TEXT_MAX], scope[IF_NAMESIZE] = "";
  address_ip_text(address, ip);
  bool v6 = address->any.sa_family == AF_INET6;
  bool scoped = v6 && address->v6.sin6_scope_id;
  if (scoped && !if_indextoname(address->v6.sin6_scope_id, scope))
    snprintf(scope, sizeof scope, "%u", (unsigned)address->v6.sin6_scope_id);
  return (size_t)snprintf(out, ADDRESS_TEXT_MAX, "%s%.39s%s%.15s%s:%u", v6 ? "[" : "", ip,
                          scoped ? "%" : "", scope, v6 ? "]" : "", (unsigned)address_port(address));
}

bool address_same_ip(const union address *a, const union address *b) {
  return a->any.sa_family == b->any.sa_family && span_equal(address_octets(a), address_octets(b));
}
