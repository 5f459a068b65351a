/* Watches for the end of an outage: until a resolver answers again, and until it also reaches the
 * name servers behind it.
 *
 * All resolvers are asked for localhost, over sockets of the watch's own, again and again: that the
 * names of a list get no answer says nothing of the resolvers. When one answers but may be cut off
 * from the Internet (it then answers SERVFAIL), it is asked for names that no cache can hold, below
 * domains that were answered before and below their top-level domains. One answer suffices: what
 * fails beside it is not the network. Where only one domain was ever answered the fault may be that
 * domain's own: then the watch gives up after a while. Runs on the thread of its loop, and owns its
 * resolver.
 */
#ifndef SCANNER_RUN_OUTAGE_WATCH_H
#define SCANNER_RUN_OUTAGE_WATCH_H

#include "scanner/run/resolver_check.h"

enum {
  OUTAGE_WATCH_TIMEOUT_MS = 2000,
  OUTAGE_WATCH_TRIES = 4,
  OUTAGE_WATCH_PAUSE_MS = 1000,         /* after a round in which nobody was reached */
  OUTAGE_WATCH_PATIENCE_MS = 30 * 1000, /* while only one domain is known */
  OUTAGE_WATCH_KNOWN_MAX = 8, /* domains that are tried in a round, and their top-level domains */
};

enum outage_watch_end {
  OUTAGE_WATCH_NO_OUTAGE, /* all was well */
  OUTAGE_WATCH_OVER,      /* `gone` was called, and now somebody is reached */
  OUTAGE_WATCH_GIVEN_UP,  /* `gone` was called, and what fails fails for good */
};

struct outage_watch_config {
  uv_loop_t *loop;
  const union address *servers; /* copied */
  size_t server_count;
  const struct source_address *source; /* likewise, and sockets_max: as a resolver's */
  unsigned sockets_max;
  unsigned timeout_ms, pause_ms, patience_ms; /* OUTAGE_WATCH_... */
  /* The i-th domain that DNS said something about before; empty: there is none. May be NULL. */
  struct span (*known)(void *data, size_t i);
  /* The first round had no answer (silent), or reached nobody: at most once a watch. */
  void (*gone)(void *data, bool silent);
  /* The watch is over. */
  void (*back)(void *data, enum outage_watch_end end);
  void *data;
};

struct outage_watch;

enum err outage_watch_new(struct outage_watch **outage, const struct outage_watch_config *config);

/* Those that lie are not asked here either. */
void outage_watch_know_servers(struct outage_watch *outage,
                               const enum resolver_check_verdict *verdicts);

/* Calls back no more; the loop must run until handles are closed. NULL is allowed. */
void outage_watch_free(struct outage_watch *outage);

/* Begins, unless it is under way. */
enum err outage_watch_begin(struct outage_watch *outage);

#endif
