/* Which addresses a scan may contact: none on the block list and, unless others are allowed, only
 * those that are public and not this machine's own. */
#ifndef SCANNER_NET_ADDRESS_FILTER_H
#define SCANNER_NET_ADDRESS_FILTER_H

#include "scanner/net/block_list.h"
#include "scanner/net/cidr_set.h"

struct address_filter {
  bool allow_private;
  const struct block_list *block; /* may be NULL */
  const struct cidr_set *own;     /* the machine's own addresses; may be NULL */
};

/* NULL: it may be contacted; else why not, a constant phrase: "on the block list". */
const char *address_filter_objects(const struct address_filter *filter,
                                   const union address *address);

#endif
