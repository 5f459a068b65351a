/* What the journeys of a worker's domains need: made by the worker, copied, never changed. */
#ifndef SCANNER_JOURNEY_JOURNEY_CONFIG_H
#define SCANNER_JOURNEY_JOURNEY_CONFIG_H

#include "output/base/err.h"
#include "output/record/result.h"
#include "scanner/https/fetcher.h"
#include "scanner/net/block_list.h"
#include "scanner/resolver/resolver.h"
#include "scanner/smtp/hosts.h"
#include "scanner/smtp/port_watch.h"
#include "scanner/smtp/prober.h"
#include "scanner/sts/ask.h"
#include <libpsl.h>
#include <uv.h>

enum {
  JOURNEY_DEPLOYED_MAX = 2048, /* of a whole scan that asks mail hosts: they wait for long */
};

struct journey_config {
  uv_loop_t *loop;
  struct resolver *resolver;
  struct fetcher *fetcher;
  const struct block_list *block; /* may be NULL */
  const psl_ctx_t *psl;           /* may be NULL */
  uint16_t https_port;
  size_t policy_size_max;
  struct ask ask;         /* its selectors outlive the journey */
  bool ipv6;              /* there is a route: IPv6 addresses are tried first, else last */
  unsigned shard, shards; /* shards 0 or 1: all */
  size_t jobs_max;        /* domains in flight */
  bool wrong_paths;       /* after a 404, look where policies are put by mistake */
  /* What their arenas may hold together; 0: no limit, and nobody is put aside. */
  size_t arena_bytes;
  /* What may pass is looked at once more after so long, by at most so many at a time; 0: never. */
  unsigned second_look_ms;
  size_t second_look_max;
  /* A lookup that times out while no server answers anything is held until journey_release(); so is
   * one that fails (SERVFAIL, a refusal, no answer) when all do: that is what a resolver says that
   * reaches nobody. */
  bool patient;
  /* What is known of the mail hosts, shared by all workers; NULL: they are not asked. */
  struct hosts *hosts;
  struct prober *prober;
  struct port_watch *port_watch; /* shared; NULL: what cannot be reached is said at once */
  bool probe_once;               /* no second round */
  bool dane;                     /* TLSA records too */
  size_t visits_max;             /* of this worker, at least 1 */
  size_t deployed_max;           /* domains with a record in flight; 0: no limit but jobs_max */
  /* Called with each result; valid during the call. */
  void (*emit)(void *data, const struct result *result);
  /* A domain could not be judged for want of memory: no result is given. */
  void (*fail)(void *data, enum err err);
  void *data;
};

#endif
