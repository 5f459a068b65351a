/* Whether this machine can reach the IPv6 Internet. */
#ifndef SCANNER_NET_IPV6_ROUTE_H
#define SCANNER_NET_IPV6_ROUTE_H

#include "output/base/err.h"
#include <stdbool.h>

/* Asks the kernel for a route to global unicast space; sends nothing. ERR_MEMORY, ERR_DESCRIPTORS:
 * it could not be asked. */
enum err ipv6_route_look_up(bool *has_ipv6);

#endif
