/* Before a scan, or a check: which resolvers are there, and can they be believed?
 *
 * Each is asked for localhost, where any answer will do, and for random names below several
 * top-level domains, which do not exist. One that answers those with addresses lies, and would make
 * up what a scan is to find out. Whoever has answered nothing when others have, refuses, or fails
 * at all of it begins rested. It ends as soon as that is known.
 */
#ifndef SCANNER_RUN_RESOLVER_CHECK_H
#define SCANNER_RUN_RESOLVER_CHECK_H

#include "scanner/resolver/resolver.h"

enum {
  RESOLVER_CHECK_TIMEOUT_MS = 4000,
  RESOLVER_CHECK_TRIES = 4,
  RESOLVER_CHECK_GRACE_MS = 50,  /* for the first answer, once another server is found good */
  RESOLVER_CHECK_NAMES_MS = 500, /* for the names, from the first answer on */
  RESOLVER_CHECK_NAMES = 3,      /* each below another top-level domain */
  RESOLVER_CHECK_AT_ONCE = 32,   /* servers */
  RESOLVER_CHECK_TOLD = 10,      /* servers that are named, at most */
};

enum resolver_check_verdict {
  RESOLVER_CHECK_SILENT,
  RESOLVER_CHECK_REFUSES, /* every name */
  RESOLVER_CHECK_FAILS,   /* at every name */
  RESOLVER_CHECK_LIES,
  RESOLVER_CHECK_GOOD,
};

/* One verdict a server, to be freed with free(). On standard error it names each that is not good.
 * ERR_TIMEOUT: nobody answers; ERR_REFUSED: who answers lies; or what kept it from being found out:
 * that is said as well, and there are no verdicts. source: may be NULL. */
enum err resolver_check_say(const union address *servers, size_t count,
                            const struct source_address *source,
                            enum resolver_check_verdict **verdicts);

/* Lets a resolver of the same servers begin as the verdicts are: those that lie are never asked;
 * where there are better ones, the others rest. */
void resolver_check_apply(const enum resolver_check_verdict *verdicts, struct resolver *resolver);

#endif
