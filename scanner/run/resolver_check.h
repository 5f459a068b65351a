/* Before a scan: does any resolver answer at all? Better to say so within seconds than to write a
 * million times "unknown". */
#ifndef SCANNER_RUN_RESOLVER_CHECK_H
#define SCANNER_RUN_RESOLVER_CHECK_H

#include "scanner/resolver/resolver.h"

enum {
  RESOLVER_CHECK_TIMEOUT_MS = 4000,
  RESOLVER_CHECK_TRIES = 4,
};

/* Asks each server for localhost; any answer will do. answers[i] tells of servers[i]; returns
 * how many answered. ERR_NONE also when none did. */
enum err resolver_check_run(const union address *servers, size_t count, bool *answers,
                            size_t *answering);

/* The same, with each server that does not answer named on standard error. ERR_TIMEOUT when none
 * does, or what kept it from being found out; that is said as well. */
enum err resolver_check_say(const union address *servers, size_t count);

#endif
