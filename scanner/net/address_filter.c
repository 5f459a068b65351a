#include "scanner/net/address_filter.h"

const char *address_filter_objects(const struct address_filter *filter,
                                   const union address *address) {
  if (block_list_has_address(filter->block, address)) return "on the block list";
  if (filter->allow_private) return NULL;
  if (!address_is_public(address)) return "not public";
  return filter->own && cidr_set_holds(filter->own, address) ? "this machine's own" : NULL;
}
