/* One name server that is asked: its channels, its window, its health.
 *
 * A query is taken from name_server_query(), sent, and ends once, with name_server_done. It may
 * outlive the lookup it is for (`waiter` is then NULL): a late answer still says something of the
 * server. A query fills the window until it is answered. When its answer is late, though the server
 * has answered others meanwhile, it does so only together with too many others that are late; and
 * no more at all when it is time to ask again. One that was refused fills it as long as one that
 * was not answered, so that a server which refuses is not asked the faster for it.
 */
#ifndef SCANNER_RESOLVER_NAME_SERVER_H
#define SCANNER_RESOLVER_NAME_SERVER_H

#include "scanner/base/ring.h"
#include "scanner/net/loop_clock.h"
#include "scanner/resolver/channel.h"
#include "scanner/resolver/congestion.h"
#include "scanner/resolver/resolver_server.h"

enum {
  NAME_SERVER_PORTS = 4,         /* UDP channels that queries are spread over */
  NAME_SERVER_PORT_TURN = 128,   /* queries in a row from one of them */
  NAME_SERVER_BURST_PART = 2,    /* of a full window: what must be free before more is sent */
  NAME_SERVER_REST_QUERIES = 16, /* in a row without an answer, and */
  NAME_SERVER_REST_MS = 2000,    /* for so long: the server rests */
  NAME_SERVER_PROBE_MS = 1000,   /* how often a resting server is asked */
};

struct query {
  struct channel_query channel; /* first: c-ares hands it back */
  struct name_server *upstream;
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
enum name_server_way {
  NAME_SERVER_UDP,
  NAME_SERVER_PLAIN, /* UDP without EDNS */
  NAME_SERVER_TCP,
};

/* The query is gone when this returns. */
typedef void name_server_done(struct query *query, enum channel_end end, struct span packet);

struct name_server;

/* clock: of the loop; all times are by it. It outlives the upstream's last call. */
enum err name_server_new(struct name_server **upstream, uv_loop_t *loop,
                         const union address *address, unsigned timeout_ms, name_server_done *done,
                         struct loop_clock *clock);
/* Drops all queries without a word. The loop must run until the handles are closed, and
 * name_server_free() must not be called inside name_server_done. NULL is allowed. */
void name_server_close(struct name_server *upstream);
void name_server_free(struct name_server *upstream);

/* Whether another query may be sent now; if not, that it was wanted is noted. */
bool name_server_ready(struct name_server *upstream, uint64_t now);

/* NULL when there is no memory. */
struct query *name_server_query(struct name_server *upstream);
/* packet: `way` says whether it has EDNS. name_server_done may be called before this returns, but
 * only with a failure. The packet may wait for name_server_flush(). */
void name_server_send(struct query *query, enum name_server_way way, struct span packet,
                      uint64_t now);

/* Sends what waits. */
void name_server_flush(struct name_server *upstream);

/* The answer to a later query of the same lookup came first. */
void name_server_overtaken(struct query *query);

/* To be called every TIMER_WHEEL_TICK_MS or so while something is in flight. */
void name_server_tick(struct name_server *upstream, uint64_t now);

bool name_server_busy(const struct name_server *upstream); /* a query is on its way */
bool name_server_resting(const struct name_server *upstream);
/* When the last of the queries that were answered was sent, in ns; 0: none. */
uint64_t name_server_answered_sent(const struct name_server *upstream);
/* Somebody else had an answer from the server. */
void name_server_revive(struct name_server *upstream, uint64_t now);
unsigned name_server_room(const struct name_server *upstream);
uint64_t name_server_retry(const struct name_server *upstream); /* ns */
bool name_server_loses(const struct name_server *upstream);     /* as congestion_loses() */
void name_server_describe(const struct name_server *upstream, struct resolver_server *server);

#endif
