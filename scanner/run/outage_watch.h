/* Waits until a resolver answers again, and until resolvers that answer reach somebody.
 *
 * Asks all servers for localhost, over sockets of its own, again and again: that the names of a
 * list get no answer says nothing of the servers. When one answers, and there is doubt whether it
 * reaches anybody (the network behind it may be gone: it then says SERVFAIL), names are asked for
 * that no cache can hold, below names that it knew before and below their top-level domains. The
 * first that is answered suffices: whatever fails beside it is not the network. Where only one
 * domain was ever known, the fault may be its own: then patience ends. On the thread of its loop.
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
  /* The i-th domain that DNS said something about before; empty: there is none. May be
   * NULL. */
  struct span (*known)(void *data, size_t i);
  /* The first round had no answer, or reached nobody: at most once a watch. */
  void (*gone)(void *data, bool silent);
  /* A server answers: the watch is over. */
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
