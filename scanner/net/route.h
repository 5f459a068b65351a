/* Whether this machine can reach the IPv6 Internet. */
#ifndef SCANNER_NET_ROUTE_H
#define SCANNER_NET_ROUTE_H

#include <stdbool.h>

/* Asks the kernel for a route to global unicast space; sends nothing. */
bool route_has_ipv6(void);

#endif
