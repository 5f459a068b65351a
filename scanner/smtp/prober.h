/* The probes of mail servers of one worker, on its libuv loop: does an MX host offer STARTTLS, and
 * a certificate that a sender which enforces a policy accepts (RFC 8461 sections 4.2 and 7)?
 *
 * A host is asked at one or two of its addresses, each only with leave of the shared limits, and
 * once more after a pause when what was found may pass by itself; the attempt that got furthest
 * counts. Nothing but EHLO (or HELO), STARTTLS, the handshake and QUIT is sent. Connects to no
 * address but the given ones. All calls and callbacks happen on the loop's thread; a callback never
 * runs inside prober_start(). A connection that only waits for the answer to QUIT holds nobody up.
 */
#ifndef SCANNER_SMTP_PROBER_H
#define SCANNER_SMTP_PROBER_H

#include "output/record/result.h"
#include "scanner/net/address.h"
#include "scanner/net/address_filter.h"
#include "scanner/net/address_limits.h"
#include "scanner/net/rate_limit.h"
#include "scanner/smtp/probe.h"
#include "scanner/sts/finding_list.h"
#include <uv.h>

enum {
  PROBER_IN_FLIGHT_MAX = 256, /* connections of one worker; some 50 kB each in the handshake */
  PROBER_ADDRESSES_MAX = 256, /* of one host; a pool of mail servers has many */
  PROBER_RATE = 50,           /* connections a second, all workers together */
  PROBER_ADDRESS_AT_ONCE = 1, /* connections to one address */
  PROBER_ADDRESS_RATE = 1,    /* ... and new ones a second */
  PROBER_PAUSE_MS = 60000,    /* before a host is asked once more */
};

struct prober_config {
  X509_STORE *trust; /* fetcher_trust(); only looked at, outlives the prober's last connection */
  const char *ehlo;  /* the domain name to introduce ourselves by; copied */
  uint16_t port;
  struct probe_times times;
  unsigned pause_ms;                   /* PROBER_PAUSE_MS */
  unsigned in_flight_max;              /* 1 to PROBER_IN_FLIGHT_MAX */
  struct address_filter filter;        /* what it points to outlives the prober */
  const struct source_address *source; /* may be NULL; outlives the prober */
  struct address_limits *limits;       /* may be NULL; shared, not those of the fetchers */
  struct rate_limit *rate_limit;       /* may be NULL; shared */
  void (*stands)(void *data);          /* called as soon as a TCP connection does; may be NULL */
  void *data;
  loop_clock_source *now; /* that all times are kept by; NULL: uv_hrtime */
};

struct mx_probe {
  /* set by the asker */
  struct span host; /* the MX host: SNI and DNS-ID; lower-case A-labels, no trailing dot */
  const union address *addresses; /* all that DNS gave; their ports do not count */
  size_t address_count;           /* 1 to PROBER_ADDRESSES_MAX */
  struct spans tlsa;              /* TLSA records as in DNS that can be used, or none */
  struct span tlsa_base;          /* whose they are: the host, or what it is an alias of */
  bool once;                      /* no second round */
  struct finding_list *findings;  /* findings go here; strings go to its arena */
  void (*done)(struct mx_probe *probe);
  void *data;
  /* set before done */
  enum err err; /* ERR_MEMORY, ERR_DESCRIPTORS, ERR_LIMIT (arena): nothing is said of the host */
  /* All but cname, addresses, at, and of tlsa all but dane, where there are records. ms counts from
   * prober_start(). */
  struct result_mx_tls result;
  unsigned connections; /* that stood: at most CONTACT_CONNECTIONS_MAX */
  bool again;           /* there was a second round */
  bool no_route;        /* every attempt failed for want of a route from this machine */
};

struct prober;

/* ERR_MEMORY. The loop must run after a failure too, until handles are closed. */
enum err prober_new(struct prober **prober, uv_loop_t *loop, const struct prober_config *config);
/* Drops what is in flight without calling back, and says QUIT to nobody any more. Nothing of the
 * askers is touched afterwards. The loop must run until handles are closed. NULL is allowed. */
void prober_close(struct prober *prober);

/* ERR_MEMORY; ERR_LIMIT: no address, or too many, or too long a host. done is not called then. */
enum err prober_start(struct prober *prober, struct mx_probe *probe);
/* Connections, with those that wait for the answer to QUIT. */
size_t prober_in_flight(const struct prober *prober);
size_t prober_waiting(const struct prober *prober); /* for leave to connect */
size_t prober_pausing(const struct prober *prober); /* before the second round */

#endif
