#include "scanner/net/route.h"

#include "scanner/net/address.h"
#include <unistd.h>

enum { ROUTE_PORT = 443 };

/* Connecting a UDP socket only looks up the route. */
bool route_has_ipv6(void) {
  union address address;
  if (address_parse(SPAN("2001:500::1"), ROUTE_PORT, &address) != ERR_NONE) return false;
  int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  bool has = connect(fd, &address.any, address_size(&address)) == 0;
  close(fd);
  return has;
}
