/* One c-ares channel to one server: a source port, or a TCP connection.
 *
 * c-ares matches answers to queries here, and nothing else: it neither retries nor judges an
 * answer, nor does it time out (newer versions would by a measure of their own and lose late
 * answers). Of a datagram, in both directions, it sees id and question alone: on some rcodes it
 * would act by itself, one that a newer version cannot read costs all queries on the socket, and
 * what newer versions do with each record costs more than all the rest. What asked gets the
 * datagram as it came; one without a question that could be ours is passed over, but for a FORMERR
 * that is a header alone: it gets the question that its id is for. Who owns a channel
 * gives it up as a whole once its queries are too old. It may be closed at any moment, inside its
 * callback as well; it then lives until c-ares has returned.
 */
#ifndef SCANNER_RESOLVER_CHANNEL_H
#define SCANNER_RESOLVER_CHANNEL_H

#include "scanner/net/source_address.h"
#include <uv.h>

enum {
  /* Of 65,536 ids, which c-ares does not keep apart: a stray answer should find no question. */
  CHANNEL_FLIGHT_MAX = 8000,
  CHANNEL_SOCKET_BUFFER = 1024 * 1024,
  CHANNEL_REMEMBERED = 128, /* of the last datagrams, what was asked */
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
