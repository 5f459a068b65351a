/* Before a scan that asks mail servers: is this a place to ask them from?
 *
 * Many servers refuse a client whose name or address does not resolve: that is said on standard
 * error, and no more. Whether port 25 is open is found out at a server of the user's own, where one
 * is given (--probe-check).
 */
#ifndef SCANNER_RUN_MAIL_CHECK_H
#define SCANNER_RUN_MAIL_CHECK_H

#include "scanner/run/mail_probing.h"

/* "host", "host:port" or an address with or without a port; port: where none is given. host: as it
 * stands there, an address too. False: it is something else. Pure. */
bool mail_check_parse(struct span text, uint16_t *port, struct span *host);

struct mail_check_config {
  const struct mail_options *mail;
  const struct mail_probing *probing; /* NULL: without mail->probe_check */
  const struct fetcher_config *fetcher;
  struct resolver_config resolver;
};

/* ERR_SYNTAX: the machine's own name does not resolve, and no other was given; or DANE is asked for
 * of resolvers that do not validate. ERR_TIMEOUT: the server of the user's own did not greet us.
 * Both are said; so is what kept it from being found out: ERR_MEMORY, ERR_DESCRIPTORS. */
enum err mail_check_say(const struct mail_check_config *config);

#endif
