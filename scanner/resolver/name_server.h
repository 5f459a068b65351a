/* One name server that is asked: its channels, its window, its health.
 *
 * A query is taken from name_server_query(), sent, and ends once, with name_server_done. It may
 * outlive the lookup it is for (`waiter` is then NULL): a late answer still says something of the
 * server. A query fills the window until it is answered; until its answer is late, when the server
 * has answered others meanwhile; else until it is time to ask again. One that was refused fills it
 * as long as one that was not answered, so that a server which refuses is not asked the faster for
 * it.
 *
 * A ping is a query for what any resolver can answer at once: its answer says that silence is the
 * names' fault. That is all it says: a resolver that reaches nobody answers it too.
 *
 * A server rests, and is asked but now and then, when it has fallen silent, when nobody is there,
 * when it refuses whatever it is asked, or when others answer what it fails at.
 *
 * All servers of a resolver share a number of sockets. While it is used up, a server makes do with
 * those that it has, one without any is not ready, and each gives up what it does not use. They
 * share a number of queries, too: c-ares keeps one that nobody waits for until its channel is
 * closed, and while the number is used up no server is ready.
 */
#ifndef SCANNER_RESOLVER_NAME_SERVER_H
#define SCANNER_RESOLVER_NAME_SERVER_H

#include "scanner/base/ring.h"
#include "scanner/net/loop_clock.h"
#include "scanner/resolver/channel.h"
#include "scanner/resolver/congestion.h"
#include "scanner/resolver/resolver_server.h"
#include "scanner/resolver/retries.h"

enum {
  NAME_SERVER_PORTS = 4,          /* UDP channels that queries are spread over, */
  NAME_SERVER_PORTS_MAX = 32,     /* at most; more are opened as they fill: */
  NAME_SERVER_PORT_FLIGHT = 2000, /* queries on their way from each of them */
  NAME_SERVER_FEW_SERVERS = 32,   /* with more, each begins with one port */
  NAME_SERVER_SPARE_MS = 1000,    /* a socket that others need is kept so long */
  NAME_SERVER_PORT_TURN = 128,    /* queries in a row from one of them */
  NAME_SERVER_BURST = 64,         /* sent at once, and at most a quarter of a window */
  NAME_SERVER_REST_QUERIES = 16,  /* in a row without an answer, */
  NAME_SERVER_REST_REFUSALS = 64, /* or refused: more than all tries of all questions of a domain
                                     that it does not serve, and */
  NAME_SERVER_REST_MS = 2000,     /* for so long: the server rests */
  NAME_SERVER_REST_UNREACHED = 4, /* in a row that reached nobody: at once */
  NAME_SERVER_REST_BETTERED = 8,  /* in a row that another server answered: at once */
  NAME_SERVER_PROBE_MS = 1000,    /* how often a resting server is asked */
};

struct query {
  struct channel_query channel; /* first: c-ares hands it back */
  struct name_server *name_server;
  void *waiter;
  struct ring sibling; /* the waiter's */
  struct ring flight;  /* of those that fill the window, by the time they were sent */
  uint64_t sent;
  uint16_t id;
  bool first;  /* of its lookup */
  bool sample; /* the first of one that is asked for again early */
  bool ping;   /* of nobody's */
  bool edns;
  bool tcp;
  bool flying; /* it fills the window */
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

/* Of all servers of a resolver together. */
struct name_server_sockets {
  unsigned open, max;
};

/* Queries that c-ares knows of, those among them whose lookups are over. */
struct name_server_queries {
  unsigned kept, max;
};

struct name_server_config {
  uv_loop_t *loop;
  const union address *address;        /* copied */
  const struct source_address *source; /* may be NULL; outlives it */
  unsigned timeout_ms;
  unsigned ports; /* to begin with; 1 to NAME_SERVER_PORTS */
  name_server_done *done;
  struct loop_clock *clock;
  struct name_server_sockets *sockets;
  struct name_server_queries *kept; /* of all servers together, likewise */
  struct retries *retries;          /* of all servers; told what becomes of queries */
  unsigned index;                   /* for the caller */
};

enum err name_server_new(struct name_server **name_server, const struct name_server_config *config);
/* Drops all queries without a word. The loop must run until the handles are closed, and
 * name_server_free() must not be called inside name_server_done. NULL is allowed. */
void name_server_close(struct name_server *name_server);
void name_server_free(struct name_server *name_server);

/* Whether another query may be sent now; if not, that it was wanted is noted. */
bool name_server_ready(struct name_server *name_server, uint64_t now);

/* NULL when there is no memory. */
struct query *name_server_query(struct name_server *name_server);
/* packet: `way` says whether it has EDNS. name_server_done may be called before this returns, but
 * only with a failure. The packet may wait for name_server_flush(). */
void name_server_send(struct query *query, enum name_server_way way, struct span packet,
                      uint64_t now);

/* Sends what waits. */
void name_server_flush(struct name_server *name_server);

/* A later query of the same lookup had a useful answer first. */
void name_server_overtaken(struct query *query);

/* Another server had a useful answer to what this one failed at or refused. */
void name_server_bettered(struct name_server *name_server, uint64_t now);

/* As if it had fallen silent. */
void name_server_rest(struct name_server *name_server, uint64_t now);

/* It is never asked, and rests for ever. */
void name_server_exclude(struct name_server *name_server);

/* To be called every TIMER_WHEEL_TICK_MS or so while something is in flight. */
void name_server_tick(struct name_server *name_server, uint64_t now);

/* Why the last query ended with CHANNEL_FAILED. */
enum err name_server_trouble(const struct name_server *name_server);

bool name_server_busy(const struct name_server *name_server); /* a query is on its way */
bool name_server_resting(const struct name_server *name_server);
/* When the last of the queries that were answered was sent, in ns; 0: none. */
uint64_t name_server_answered_sent(const struct name_server *name_server);
/* Likewise, pings among them. */
uint64_t name_server_heard_sent(const struct name_server *name_server);
/* Whether the server, from which nothing was heard that was sent since then, does not answer a ping
 * (a question that it can answer by itself) either; and whether one must be sent to know. */
bool name_server_is_mute(const struct name_server *name_server, uint64_t since, uint64_t now);
bool name_server_wants_ping(const struct name_server *name_server, uint64_t since);
void name_server_ping(struct name_server *name_server, uint64_t now);
/* Somebody else had an answer from the server. */
void name_server_revive(struct name_server *name_server, uint64_t now);
unsigned name_server_room(const struct name_server *name_server);
bool name_server_is_scarce(const struct name_server *name_server); /* hardly any room is left */
unsigned name_server_index(const struct name_server *name_server);
/* Of the congestion controller: what is known of the server's answers. */
const struct congestion *name_server_congestion(const struct name_server *name_server);
void name_server_describe(const struct name_server *name_server, struct resolver_server *server);

#endif
