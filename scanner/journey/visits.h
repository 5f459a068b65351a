/* The visits of mail hosts by a worker: the addresses of a host by the worker's own resolver, the
 * probe of its port 25, and what both come to, told to whoever waits for the host.
 *
 * A host is visited by the worker whose domain asked for it first (scanner/smtp/hosts.h), once for
 * all domains and threads. A visit belongs to no domain: it goes on when who asked for it is gone.
 * All on the loop's thread.
 */
#ifndef SCANNER_JOURNEY_VISITS_H
#define SCANNER_JOURNEY_VISITS_H

#include "output/record/result.h"
#include "scanner/base/arena.h"
#include "scanner/smtp/hosts.h"

enum {
  VISITS_MAX = 2048,              /* under way in a whole scan, with those that pause */
  VISITS_BYTES = 8 * 1024 * 1024, /* that their arenas hold, before another one begins */
  VISIT_BYTES_MAX = 256 * 1024,   /* of one */
};

struct job;

/* A domain's MX host, while it is waited for; in the job's arena. */
struct mx_wait {
  struct hosts_waiter waiter;
  struct job *job;
  struct ring turn; /* of those whose visit is to begin */
  struct span host;
  const struct result_mx_tls *tls; /* NULL: not known yet */
};

/* What a worker's visits came to. */
struct visits_account {
  uint64_t probed, connections, again; /* again: asked in a second round */
  uint64_t verdicts[VERDICT_COUNT];
  uint64_t unknown[FOUND_COUNT]; /* by code */
};

struct visits {
  struct inbox *inbox;
  struct ring running;        /* and parked */
  struct ring turn;           /* who waits for leave to visit */
  struct arena_budget budget; /* counts */
  size_t count, parked;
  bool beginning, told_closed;
  struct visits_account account;
};

#endif
