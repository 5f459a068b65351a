/* One name server that is asked: its channels, its window, its health.
 *
 * A query is taken from upstream_query(), sent, and ends once, with upstream_done. It may outlive
 * the lookup it is for (`waiter` is then NULL): a late answer still says something of the server.
 * A query fills the window until it is answered. When its answer is late, though the server has
 * answered others meanwhile, it does so only together with too many others that are late; and no
 * more at all when it is time to ask again. One that was refused fills it as long as one that was
 * not answered, so that a server which refuses is not asked the faster for it.
 */
#ifndef SCANNER_RESOLVER_NAME_SERVER_H
#define SCANNER_RESOLVER_NAME_SERVER_H

#include "scanner/base/ring.h"
#include "scanner/net/loop_clock.h"
#include "scanner/resolver/channel.h"
#include "scanner/resolver/congestion.h"
#include "scanner/resolver/resolver.h"

enum {
  UPSTREAM_PORTS = 4,         /* UDP channels that queries are spread over */
  UPSTREAM_PORT_TURN = 128,   /* queries in a row from one of them */
  UPSTREAM_BURST_PART = 2,    /* of a full window: what must be free before more is sent */
  UPSTREAM_REST_QUERIES = 16, /* in a row without an answer, and */
  UPSTREAM_REST_MS = 2000,    /* for so long: the server rests */
  UPSTREAM_PROBE_MS = 1000,   /* how often a resting server is asked */
};

struct query {
  struct channel_query channel; /* first: c-ares hands it back */
  struct upstream *upstream;
  void *waiter;
  struct ring sibling; /* the waiter's */
  struct ring flight;  /* of those on their way or late, by the time they were sent */
  uint64_t sent;
  unsigned epoch;
  uint16_t id;
  bool edns;
  bool tcp;
  enum query_place { QUERY_NOWHERE, QUERY_FLIGHT, QUERY_LATE } place;
  bool ended;
  bool lost;
};

/* How a query travels. */
enum upstream_way {
  UPSTREAM_UDP,
  UPSTREAM_PLAIN, /* UDP without EDNS */
  UPSTREAM_TCP,
};

/* The query is gone when this returns. */
typedef void upstream_done(struct query *query, enum channel_end end, struct span packet);

struct upstream;

/* clock: of the loop; all times are by it. It outlives the upstream's last call. */
enum err upstream_new(struct upstream **upstream, uv_loop_t *loop, const union address *address,
                      unsigned timeout_ms, upstream_done *done, struct loop_clock *clock);
/* Drops all queries without a word. The loop must run until the handles are closed, and
 * upstream_free() must not be called inside upstream_done. NULL is allowed. */
void upstream_close(struct upstream *upstream);
void upstream_free(struct upstream *upstream);

/* Whether another query may be sent now; if not, that it was wanted is noted. */
bool upstream_ready(struct upstream *upstream, uint64_t now);

/* NULL when there is no memory. */
struct query *upstream_query(struct upstream *upstream);
/* packet: `way` says whether it has EDNS. upstream_done may be called before this returns, but only
 * with a failure. The packet may wait for upstream_flush(). */
void upstream_send(struct query *query, enum upstream_way way, struct span packet, uint64_t now);

/* Sends what waits. */
void upstream_flush(struct upstream *upstream);

/* The answer to a later query of the same lookup came first. */
void upstream_overtaken(struct query *query);

/* To be called every TIMER_WHEEL_TICK_MS or so while something is in flight. */
void upstream_tick(struct upstream *upstream, uint64_t now);

bool upstream_busy(const struct upstream *upstream); /* a query is on its way */
bool upstream_resting(const struct upstream *upstream);
/* When the last of the queries that were answered was sent, in ns; 0: none. */
uint64_t upstream_answered_sent(const struct upstream *upstream);
/* Somebody else had an answer from the server. */
void upstream_revive(struct upstream *upstream, uint64_t now);
unsigned upstream_room(const struct upstream *upstream);
uint64_t upstream_retry(const struct upstream *upstream); /* ns */
bool upstream_loses(const struct upstream *upstream);     /* as window_loses() */
void upstream_describe(const struct upstream *upstream, struct resolver_server *server);

#endif
