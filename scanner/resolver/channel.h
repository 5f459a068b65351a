/* One c-ares channel to one name server: a UDP socket with a source port of its own, or a TCP
 * connection.
 *
 * c-ares only matches answers to queries here. It does not retry, judge answers or time out: the
 * name server (scanner/resolver/name_server.h) does, as c-ares would give up late answers by a
 * measure of its own. So c-ares is shown only header and question of a datagram, in both
 * directions: on some rcodes it would act by itself, a datagram that it cannot parse makes it drop
 * all queries of the socket, and parsing every record costs more than all the rest. The asker gets
 * the datagram as it came. One that holds no question which could be ours is dropped, but for a
 * FORMERR that is a header alone: to it the question of the query with its id is added.
 *
 * The name server owns the channel, and closes it as a whole when its queries are too old. It may
 * be closed at any moment, also inside its callback; it then lives until c-ares has returned.
 */
#ifndef SCANNER_RESOLVER_CHANNEL_H
#define SCANNER_RESOLVER_CHANNEL_H

#include "scanner/net/source_address.h"
#include <uv.h>

enum {
  /* Of 65,536 ids, which c-ares does not keep apart: a stray answer should find no question. */
  CHANNEL_FLIGHT_MAX = 8000,
  CHANNEL_SOCKET_BUFFER = 1024 * 1024,
  CHANNEL_REMEMBERED = 128, /* of the last datagrams, what was asked by which id */
};

enum channel_kind {
  CHANNEL_UDP,
  CHANNEL_TCP, /* for what was truncated */
};

enum channel_end {
  CHANNEL_ANSWERED,  /* with a packet */
  CHANNEL_UNREACHED, /* refused, reset; or an answer over TCP that c-ares could not read */
  CHANNEL_FAILED,    /* our own trouble: no memory, no socket */
  CHANNEL_DROPPED,   /* by channel_close() */
};

struct channel;

/* Embedded in what is asked for. */
struct channel_query {
  struct channel *channel;
};

typedef void channel_done(struct channel_query *query, enum channel_end end, struct span packet);

/* source: may be NULL; must stay valid. */
enum err channel_new(struct channel **channel, uv_loop_t *loop, const union address *server,
                     const struct source_address *source, enum channel_kind kind,
                     channel_done *done);
/* Every query ends with CHANNEL_DROPPED, now or when c-ares has returned; the loop must run until
 * the handles are closed. NULL is allowed. */
void channel_close(struct channel *channel);

/* done is called exactly once; before this returns, if the query could not be sent. What goes over
 * UDP may wait for channel_flush(). */
void channel_send(struct channel *channel, struct span packet, struct channel_query *query);
void channel_flush(struct channel *channel);

/* Why a query ended with CHANNEL_FAILED, in its callback: ERR_DESCRIPTORS, ERR_MEMORY. */
enum err channel_trouble(const struct channel *channel);

size_t channel_in_flight(const struct channel *channel);

#endif
