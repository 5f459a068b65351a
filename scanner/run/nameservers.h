/* The addresses of the resolvers, from an option or from the system. */
#ifndef SCANNER_RUN_NAMESERVERS_H
#define SCANNER_RUN_NAMESERVERS_H

#include "scanner/net/address.h"
#include "scanner/resolver/resolver.h"

struct nameservers {
  union address at[RESOLVER_SERVER_MAX];
  size_t count;
};

#define NAMESERVERS_SYSTEM_FILE "/etc/resolv.conf"

/* "ip[:port],ip[:port]" or "@FILE" with one a line ('#' comments). ERR_SYNTAX and ERR_LIMIT (over
 * RESOLVER_SERVER_MAX): *bad is what is wrong, good until the next call in the thread; ERR_IO with
 * errno: the file. ERR_NOT_FOUND: none. */
enum err nameservers_parse(const char *text, struct nameservers *servers, const char **bad);

/* The `nameserver` lines of a resolv.conf(5). Lines that cannot be used (a scoped address) are
 * passed over. ERR_NOT_FOUND: none. */
enum err nameservers_system(const char *path, struct nameservers *servers);

#endif
