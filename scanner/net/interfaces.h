/* The addresses of this machine: what listens there is not for strangers to have us contact. */
#ifndef SCANNER_NET_INTERFACES_H
#define SCANNER_NET_INTERFACES_H

#include "scanner/net/cidr_set.h"

/* Those of all interfaces, as they are now, into an empty set. ERR_MEMORY, ERR_DESCRIPTORS, ERR_IO:
 * they could not be read. */
enum err interfaces_load(struct cidr_set *own);

#endif
