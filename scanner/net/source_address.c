#include "scanner/net/source_address.h"

#include "scanner/net/local_error.h"
#include <errno.h>
#include <unistd.h>

static bool is_given(const union address *address) {
  return address->any.sa_family != AF_UNSPEC;
}

static const union address *of_family(const struct source_address *source, sa_family_t family) {
  const union address *own = family == AF_INET6 ? &source->v6 : &source->v4;
  return is_given(own) ? own : NULL;
}

enum err source_address_parse(struct span text, struct source_address *source) {
  *source = (struct source_address){0};
  for (int i = 0; i == 0 || text.len; i++) {
    union address address;
    struct span part = span_cut(&text, ',');
    enum err err = address_parse(part, 0, &address);
    if (err != ERR_NONE) return err;
    union address *own = address.any.sa_family == AF_INET6 ? &source->v6 : &source->v4;
    if (is_given(own) || address_port(&address) != 0) return ERR_SYNTAX;
    *own = address;
  }
  return is_given(&source->v4) ? ERR_NONE : ERR_SYNTAX;
}

static enum err try_to_bind(const union address *address) {
  int fd = socket(address->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return local_error_of(errno) != ERR_NONE ? local_error_of(errno) : ERR_IO;
  int status = bind(fd, &address->any, address_size(address));
  int saved = errno;
  close(fd);
  errno = saved;
  return status == 0 ? ERR_NONE : ERR_IO;
}

enum err source_address_check(const struct source_address *source, const union address **bad) {
  const union address *both[] = {&source->v4, &source->v6};
  for (int i = 0; i < 2; i++) {
    *bad = both[i];
    enum err err = is_given(both[i]) ? try_to_bind(both[i]) : ERR_NONE;
    if (err != ERR_NONE) return err;
  }
  return ERR_NONE;
}

static bool is_loopback(const union address *address) {
  union address to = address_destination(address);
  if (to.any.sa_family == AF_INET6) return IN6_IS_ADDR_LOOPBACK(&to.v6.sin6_addr);
  return ntohl(to.v4.sin_addr.s_addr) >> 24 == 127;
}

bool source_address_has_ipv6(const struct source_address *source) {
  return !source || !is_given(&source->v4) || is_given(&source->v6);
}

bool source_address_allows(const struct source_address *source, const union address *to) {
  return to->any.sa_family == AF_INET || source_address_has_ipv6(source) || is_loopback(to);
}

int source_address_bind(const struct source_address *source, int fd, const union address *to) {
  const union address *own = source ? of_family(source, to->any.sa_family) : NULL;
  static const int on = 1;
  if (!own || (is_loopback(to) && !is_loopback(own))) return 0;
  /* The port is chosen by connect(2): else all connections together had only 28,000 of them. */
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  return bind(fd, &own->any, address_size(own));
}
