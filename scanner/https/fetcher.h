/* Policy fetches of one worker, over a libcurl multi handle on its libuv loop.
 *
 * A fetch tries the addresses it is given in turn, each only when the limits that all threads share
 * allow it, and ends with the facts and the findings of the attempt that got furthest. An address
 * that is overloaded (429, 503, a reset) is left alone for a while, and asked once more if the time
 * allows it. Certificates are judged here (RFC 8461 section 3.3) and do not end the fetch. Never
 * follows a redirect, never uses a proxy, a resolver, netrc or a cache; connects to no address but
 * the given ones, checked again at connect time. All calls and callbacks happen on the loop's
 * thread; a fetch's callback never runs inside fetcher_start(). A struct fetch is its owner's, and
 * must stay in place until done is called or the fetcher is closed.
 */
#ifndef SCANNER_HTTPS_FETCHER_H
#define SCANNER_HTTPS_FETCHER_H

#include "output/record/result.h"
#include "scanner/net/address.h"
#include "scanner/net/address_limits.h"
#include "scanner/net/block_list.h"
#include "scanner/net/cidr_set.h"
#include "scanner/net/loop_clock.h"
#include "scanner/net/rate_limit.h"
#include "scanner/sts/finding_list.h"
#include <openssl/types.h>
#include <uv.h>

enum {
  /* Transfers of a whole scan at a time, a share of them each worker's. One takes some 60 kB until
   * it ends, a silent one too; nearly all of it is OpenSSL's and libcurl's. */
  FETCHER_IN_FLIGHT_MAX = 416,
  FETCHER_IN_FLIGHT_LEAST = 16, /* of a worker, however many there are */
  FETCHER_ADDRESS_MAX = 4,      /* of each family */
  /* Until the HTTP status, for an address that was silent ADDRESS_LIMITS_SILENCES times in a row.
   */
  FETCHER_SHORT_TIMEOUT_MS = 2000,
};

struct fetcher_config {
  const char *ca_file;    /* NULL: the system's */
  const char *user_agent; /* copied */
  uint16_t port;
  unsigned connect_timeout_ms;
  unsigned timeout_ms; /* for all attempts together, from the first connect on */
  size_t policy_size_max;
  unsigned in_flight_max; /* transfers at once, 1 to FETCHER_IN_FLIGHT_MAX */
  bool allow_private;
  const struct block_list *block; /* may be NULL; outlives the fetcher */
  const struct cidr_set *own; /* the machine's own addresses; may be NULL; outlives the fetcher */
  const struct source_address *source; /* may be NULL; outlives the fetcher */
  struct address_limits *limits;       /* may be NULL; shared */
  struct rate_limit *rate_limit;       /* may be NULL; shared */
  loop_clock_source *now;              /* that all times are kept by; NULL: uv_hrtime */
};

struct fetch {
  /* set by the asker */
  struct span host; /* the policy host: SNI, Host, DNS-ID */
  struct span path; /* of the URL, at most REQUEST_PATH_MAX octets; not there: the policy's */
  const union address *addresses;
  size_t address_count;          /* 1 to 2 * FETCHER_ADDRESS_MAX */
  struct finding_list *findings; /* findings go here; strings go to its arena */
  void (*done)(struct fetch *fetch);
  void *data;
  /* set before done */
  enum err err; /* ERR_MEMORY, ERR_DESCRIPTORS, ERR_LIMIT (arena): nothing is said about the host */
  struct result_fetch result;
  struct result_certificate certificate;
  bool has_header; /* a whole one: a field that is not there is missing */
  bool has_body;   /* status 200 and a whole body */
  struct span body;
  /* the fetcher's own */
  struct fetch_state *state;
};

struct fetcher;

/* Loads the trust store once. ERR_LIBRARY: *why (if not NULL) is a constant phrase, e.g. that the
 * CA file holds no certificate. The loop must run after a failure too, until handles are closed. */
enum err fetcher_new(struct fetcher **fetcher, uv_loop_t *loop, const struct fetcher_config *config,
                     const char **why);
/* Drops what is in flight without calling back. The loop must run until handles are closed. */
void fetcher_close(struct fetcher *fetcher);

/* The trust store, for others of the same worker to look at; it costs megabytes. */
X509_STORE *fetcher_trust(const struct fetcher *fetcher);

/* ERR_MEMORY; ERR_LIMIT: no address, or too many. done is not called then. */
enum err fetcher_start(struct fetcher *fetcher, struct fetch *fetch);

size_t fetcher_in_flight(const struct fetcher *fetcher); /* transfers, not those that wait */
size_t fetcher_waiting(const struct fetcher *fetcher);
/* Those that leave an overloaded address alone for a while. */
size_t fetcher_resting(const struct fetcher *fetcher);
size_t fetcher_waiting_at(struct fetcher *fetcher, const union address *address);
/* For all addresses of its /24 or /64. */
size_t fetcher_waiting_near(const struct fetcher *fetcher, const union address *address);

#endif
