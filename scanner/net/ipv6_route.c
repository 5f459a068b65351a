#include "scanner/net/ipv6_route.h"

#include "scanner/net/address.h"
#include "scanner/net/local_error.h"
#include <unistd.h>

enum { IPV6_ROUTE_PORT = 443 };

/* Connecting a UDP socket only looks up the route. */
enum err ipv6_route_look_up(bool *has_ipv6) {
  union address address;
  *has_ipv6 = false;
  enum err err = address_parse(SPAN("2001:500::1"), IPV6_ROUTE_PORT, &address);
  if (err != ERR_NONE) return err;
  int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return local_error_of(errno);
  *has_ipv6 = connect(fd, &address.any, address_size(&address)) == 0;
  err = *has_ipv6 ? ERR_NONE : local_error_of(errno);
  close(fd);
  return err;
}
