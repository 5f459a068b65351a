/* DNS lookups of one worker, over c-ares channels on its libuv loop.
 *
 * Retries, the choice of the server, its health and the number in flight are here and not in
 * c-ares: each server has a window of queries in flight that its congestion controller finds; a
 * name is asked again when nearly all others would have been answered, at a server not yet asked
 * for it if there is one, and in all no more often than the budget allows; late answers still count
 * until the lookup's own time is over. All calls and callbacks happen on the loop's thread. A
 * lookup's callback never runs inside resolver_ask().
 */
#ifndef SCANNER_RESOLVER_RESOLVER_H
#define SCANNER_RESOLVER_RESOLVER_H

#include "scanner/dns/message.h"
#include "scanner/net/address.h"
#include "scanner/net/loop_clock.h"
#include "scanner/net/rate_limit.h"
#include "scanner/resolver/resolver_server.h"
#include "scanner/resolver/retries.h"
#include <uv.h>

enum {
  RESOLVER_SERVER_MAX = 1024,
  RESOLVER_SOCKETS_MAX = 256,     /* of one resolver; each costs some 100 kB where it is used */
  RESOLVER_QUERIES_MAX = 196608,  /* that c-ares knows of, some 500 octets each: three for each of
                                     65,536 names; less made lists with many dead names wait */
  RESOLVER_QUERIES_LEAST = 16384, /* of each worker */
  RESOLVER_TURN_MAX_MS = 300 * 1000, /* that a name, once asked, waits in all for its turn */
  RESOLVER_TIMEOUT_DEFAULT_MS = 5000,
  RESOLVER_TRIES_DEFAULT = 4,
  RESOLVER_TRIES_ON_LOSS = 8, /* unless the user has said how many */
};

struct resolver_config {
  const union address *servers;        /* copied */
  size_t server_count;                 /* 1 to RESOLVER_SERVER_MAX */
  const struct source_address *source; /* may be NULL; outlives the resolver */
  unsigned timeout_ms;           /* how long in all a name is asked for; while it waits for its turn
                                    to be asked for, its time stands still, up to
                                    RESOLVER_TURN_MAX_MS */
  unsigned tries;                /* how often, over all servers, */
  unsigned tries_on_loss;        /* and one that is silent while answers are being lost, if more */
  bool any_answer;               /* whatever is said ends a lookup: is somebody there? */
  unsigned sockets_max;          /* open at a time; 0: resolver_sockets() */
  unsigned queries_max;          /* at a time, those among them whose lookups are over; 0:
                                    RESOLVER_QUERIES_MAX */
  struct rate_limit *rate_limit; /* shared ceiling, or NULL */
  loop_clock_source *now;        /* that all times but the ceiling's are kept by; NULL: uv_hrtime */
};

enum lookup_end {
  LOOKUP_ANSWERED,  /* answer is set; its rcode may be any */
  LOOKUP_TIMEOUT,   /* nobody answered in time */
  LOOKUP_MALFORMED, /* what came could not be read */
  LOOKUP_FAILED,    /* no memory, no socket: our own trouble */
};

/* Embedded in what asks. The asker sets the first part and keeps it in place until done is
 * called or the lookup is cancelled. */
struct lookup {
  struct span name; /* must stay valid */
  enum dns_type type;
  struct arena *arena; /* the answer lives here */
  void (*done)(struct lookup *lookup);
  void *data;
  /* set before done */
  enum lookup_end end;
  struct dns_answer answer;
  unsigned tries;
  int64_t ms;
  enum err trouble; /* of LOOKUP_FAILED: ERR_DESCRIPTORS, ERR_MEMORY */
  bool unheard;     /* no server has answered anything that it was asked since the last try, */
  bool silenced;    /* or since the first one */
  /* the resolver's own */
  struct lookup_state *state;
  /* the asker's own, while the resolver does not have it */
  struct lookup *next;
  bool again; /* it was asked once more */
};

struct resolver;

/* How many sockets a resolver of so many servers has use for, at most RESOLVER_SOCKETS_MAX: with
 * more servers they take turns. */
unsigned resolver_sockets(size_t server_count);

enum err resolver_new(struct resolver **resolver, uv_loop_t *loop,
                      const struct resolver_config *config);
/* Drops what is in flight without calling back. The loop must run until handles are closed. */
void resolver_close(struct resolver *resolver);

/* Starts the lookup. ERR_MEMORY, ERR_SYNTAX (the name does not fit DNS): done is not called. */
enum err resolver_ask(struct resolver *resolver, struct lookup *lookup);
void resolver_cancel(struct resolver *resolver, struct lookup *lookup);

/* How many lookups could be started now without waiting in the resolver's own queue. */
size_t resolver_room(const struct resolver *resolver);

/* Whether all servers have stopped answering: nothing more can be started then. Of a resolver that
 * is known to be there all the same, resolver_revive() makes all servers be asked again. */
bool resolver_is_resting(const struct resolver *resolver);
void resolver_revive(struct resolver *resolver);

/* The i-th server did not answer before: it begins resting, and is asked now and then. */
void resolver_rest(struct resolver *resolver, size_t i);

/* The i-th server cannot be believed: it is never asked. */
void resolver_exclude(struct resolver *resolver, size_t i);

size_t resolver_server_count(const struct resolver *resolver);
void resolver_server(const struct resolver *resolver, size_t i, struct resolver_server *server);

#endif
