/* The addresses of the resolvers, from an option or from the system. */
#ifndef SCANNER_RUN_NAMESERVERS_H
#define SCANNER_RUN_NAMESERVERS_H

#include "scanner/net/address.h"
#include "scanner/resolver/resolver.h"

enum {
  NAMESERVERS_LINE_MAX = 4096, /* of a file, with its end */
  NAMESERVERS_TEXT_MAX = 80,   /* of what is wrong, with a NUL */
  NAMESERVERS_SYSTEM_MAX = 3,  /* as glibc's MAXNS */
};

/* At most RESOLVER_SERVER_MAX; room for them grows with their number. */
struct nameservers {
  union address *at;
  size_t count, room;
};

/* Where a list is wrong. */
struct nameservers_bad {
  unsigned line; /* of the file, from 1; 0: it is not in a file */
  char text[NAMESERVERS_TEXT_MAX];
};

#define NAMESERVERS_SYSTEM_FILE "/etc/resolv.conf"

/* "ip[:port],ip[:port]" or "@FILE" with such a list a line ('#' and ';' begin comments). An IPv6
 * address may have a scope ("fe80::1%eth0", "[fe80::1%2]:53"); what stands twice counts once.
 * ERR_SYNTAX, and ERR_LIMIT (over RESOLVER_SERVER_MAX): see *bad; ERR_IO with errno: the file.
 * ERR_NOT_FOUND: none. ERR_MEMORY. What was read is freed by the caller, whatever the end. */
enum err nameservers_parse(const char *text, struct nameservers *servers,
                           struct nameservers_bad *bad);

/* The `nameserver` lines of a resolv.conf(5), as glibc reads them: 127.0.0.1 where there is none,
 * or no such file. That, what is left out, and options that have no effect here, are said on
 * standard error. ERR_IO with errno, ERR_MEMORY: as above. */
enum err nameservers_system(const char *path, struct nameservers *servers);

void nameservers_free(struct nameservers *servers);

#endif
