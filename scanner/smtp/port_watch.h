/* Is port 25 open from here? Many networks drop, reject or redirect it, and then every mail server
 * would look unreachable. Until one TCP connection of the run has stood, nothing is said of those
 * that could not be reached.
 *
 * Shared by all threads. Times are monotonic nanoseconds. IPv4 addresses count by their /16, IPv6
 * by their /32.
 */
#ifndef SCANNER_SMTP_PORT_WATCH_H
#define SCANNER_SMTP_PORT_WATCH_H

#include "output/base/err.h"
#include "output/base/span.h"
#include "scanner/net/address.h"

enum {
  PORT_WATCH_NETWORKS = 16,      /* all of whom failed: it is closed */
  PORT_WATCH_NETWORKS_LEAST = 4, /* enough, once time is over */
  PORT_WATCH_S = 60,             /* since the first that failed */
  PORT_WATCH_GREETINGS = 8,      /* of strangers to each other, who all name one host */
  PORT_WATCH_NAME_MAX = 255,     /* octets of a host that a greeting names */
};

enum port_watch_state {
  PORT_WATCH_UNSURE,  /* wait */
  PORT_WATCH_OPEN,    /* something was reached */
  PORT_WATCH_DOUBTED, /* nothing was, but too little was tried to say that it is closed */
  PORT_WATCH_CLOSED,
};

struct port_watch;

enum err port_watch_new(struct port_watch **watch);
void port_watch_free(struct port_watch *watch);

/* A connection stood. */
void port_watch_reached(struct port_watch *watch);
/* A host could not be reached at this address; last: it was its last one. */
void port_watch_failed(struct port_watch *watch, const union address *address, bool last,
                       uint64_t now);
enum port_watch_state port_watch_state(struct port_watch *watch, uint64_t now);

/* A host, of that registrable domain, greets with this text from that address. */
void port_watch_greeted(struct port_watch *watch, struct span domain, const union address *address,
                        struct span greeting);
/* The host that all greetings named, when it is the same behind strangers' addresses: what answers
 * is not who was asked. Empty: they differ, or are too few. Call when all threads are over. */
struct span port_watch_redirected(const struct port_watch *watch);

struct port_watch_count {
  unsigned hosts, networks; /* that failed; networks: at most PORT_WATCH_NETWORKS */
};

struct port_watch_count port_watch_count(struct port_watch *watch);

#endif
