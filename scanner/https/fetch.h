/* A policy fetch, as whoever asks for one sees it, and what a fetcher is made of: plain data.
 *
 * A struct fetch is its owner's, and must stay in place until done is called or the fetcher is
 * closed.
 */
#ifndef SCANNER_HTTPS_FETCH_H
#define SCANNER_HTTPS_FETCH_H

#include "output/record/result.h"
#include "scanner/net/address.h"
#include "scanner/net/address_limits.h"
#include "scanner/net/block_list.h"
#include "scanner/net/cidr_set.h"
#include "scanner/net/loop_clock.h"
#include "scanner/net/rate_limit.h"
#include "scanner/sts/finding_list.h"
#include <openssl/types.h>

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

#endif
