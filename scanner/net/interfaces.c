#include "scanner/net/interfaces.h"

#include "scanner/net/local_error.h"
#include <errno.h>
#include <ifaddrs.h>

static enum err interfaces_add(struct cidr_set *own, const struct sockaddr *at) {
  struct cidr prefix = {.bits = CIDR_BITS_MAX};
  union address address = {0};
  if (!at || (at->sa_family != AF_INET && at->sa_family != AF_INET6)) return ERR_NONE;
  memcpy(&address, at, at->sa_family == AF_INET ? sizeof address.v4 : sizeof address.v6);
  address_mapped(&address, prefix.octets);
  return cidr_set_add(own, &prefix);
}

enum err interfaces_load(struct cidr_set *own) {
  struct ifaddrs *all;
  if (getifaddrs(&all) != 0) {
    enum err trouble = local_error_of(errno);
    return trouble != ERR_NONE ? trouble : ERR_IO;
  }
  enum err err = ERR_NONE;
  for (const struct ifaddrs *one = all; one && err == ERR_NONE; one = one->ifa_next)
    err = interfaces_add(own, one->ifa_addr);
  freeifaddrs(all);
  cidr_set_sort(own);
  return err;
}
