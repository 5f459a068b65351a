/* The journey of domains, from a line of a list to a result: one for each worker.
 *
 *   line -> name -> TXT -> { policy host } { MX } { TLSRPT } -> { policy } { implicit MX } ->
 * verdict
 *
 * Rounds follow one another; within a round all is asked at once. A domain without a record ends
 * after the first. All on the loop's thread.
 */
#ifndef SCANNER_JOURNEY_JOURNEY_H
#define SCANNER_JOURNEY_JOURNEY_H

#include "output/base/err.h"
#include "output/record/result.h"
#include "scanner/https/fetcher.h"
#include "scanner/net/block_list.h"
#include "scanner/resolver/resolver.h"
#include "scanner/sts/list_entry.h"
#include <libpsl.h>
#include <uv.h>

enum {
  JOURNEY_KNOWN = 4,    /* domains that are kept to try the resolvers with */
  JOURNEY_FAILING = 16, /* lookups in a row may end with SERVFAIL before it is doubted */
};

struct journey_config {
  uv_loop_t *loop;
  struct resolver *resolver;
  struct fetcher *fetcher;
  const struct block_list *block; /* may be NULL */
  const psl_ctx_t *psl;           /* may be NULL */
  uint16_t https_port;
  size_t policy_size_max;
  bool ipv6;              /* there is a route: IPv6 addresses are tried first, else last */
  unsigned shard, shards; /* shards 0 or 1: all */
  size_t jobs_max;        /* domains in flight */
  /* A lookup that times out while no server answers anything is held until journey_release(); so is
   * one that ends with SERVFAIL when all do, for a resolver that reaches nobody says so. */
  bool patient;
  /* Called with each result; valid during the call. */
  void (*emit)(void *data, const struct result *result);
  /* A domain could not be judged for want of memory: no result is given. */
  void (*fail)(void *data, enum err err);
  void *data;
};

struct journey;

enum err journey_new(struct journey **journey, const struct journey_config *config);

/* Jobs in flight are dropped without a result: close the resolver and the fetcher first, so that
 * they call back no more. NULL is allowed. */
void journey_free(struct journey *journey);

/* Whether another line can be taken now. */
bool journey_has_room(const struct journey *journey);

/* Sends the line's domain on its way; one that is not a domain name, or blocked, is given to emit
 * at once; one of another shard is passed over. The entry is copied. */
enum err journey_start(struct journey *journey, uint64_t n, const struct list_entry *entry);

/* Lets go of what is held. again: it is asked anew, as if nothing had been; else it ends as timed
 * out. */
void journey_release(struct journey *journey, bool again);
bool journey_holds(const struct journey *journey);

/* Whether SERVFAIL is doubted: the names may be as they were, and the network gone. */
bool journey_is_failing(const struct journey *journey);
/* Until told otherwise all that ends with SERVFAIL is held. */
void journey_distrust(struct journey *journey, bool distrusts);
/* One of JOURNEY_KNOWN domains that DNS said something about not long ago; empty: there is none. It
 * stays until the next answer. */
struct span journey_known(const struct journey *journey, size_t i);

size_t journey_in_flight(const struct journey *journey);

#endif
