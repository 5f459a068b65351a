/* What is deprecated in newer versions has no successor yet in older ones. */
#define CARES_NO_DEPRECATED
#include "scanner/resolver/channel.h"
#include "scanner/dns/message.h"
#include "scanner/net/local_error.h"
#include "scanner/net/poll_set.h"
#include "scanner/resolver/datagrams.h"
#include <ares.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

/* Longer than any query is left in a channel. c-ares 1.18 keeps queries in 1,024 buckets by the
 * second in which they time out, and walks the current one at each call: ours must not be in it. */
enum {
  CHANNEL_TIMEOUT_MS = 600 * 1000,
  CHANNEL_STREAM_READS = 64, /* in a row, before the loop has its turn again */
};

/* The stub of a query as it was sent. */
struct channel_sent {
  size_t len;
  unsigned char stub[DNS_STUB_SIZE_MAX];
};

struct channel {
  ares_channel ares;
  struct poll_set *watch;
  channel_done *done;
  size_t in_flight;
  unsigned nested; /* calls of c-ares under way */
  bool closing;
  union address server;
  const struct source_address *source;
  union address shown; /* to c-ares: the server; another where it has a scope, unknown to it */
  int fd;              /* of the datagrams */
  int blind_fd, blind_events;  /* what is to be watched, and could not be; no events: none */
  enum err trouble;            /* of our own, in the call of c-ares under way */
  struct datagrams *datagrams; /* NULL: a stream */
  struct span received;        /* the datagram under way; empty: none */
  unsigned streamed;           /* reads from the stream that gave something, in a row */
  struct span sent;            /* the packet that c-ares is about to send the stub of */
  struct channel_sent last[CHANNEL_REMEMBERED]; /* datagrams, the oldest at last_at */
  size_t last_at;
  unsigned char formerr[DNS_STUB_SIZE_MAX]; /* the one under way, with its question */
};

static void channel_destroy(struct channel *channel) {
  ares_destroy(channel->ares);
  poll_set_close(channel->watch);
  datagrams_free(channel->datagrams);
  free(channel);
}

static void channel_enter(struct channel *channel) {
  channel->nested++;
  channel->trouble = ERR_NONE;
}

static void channel_leave(struct channel *channel) {
  if (--channel->nested == 0 && channel->closing) channel_destroy(channel);
}

static void channel_step(struct channel *channel, ares_socket_t readable, ares_socket_t writable) {
#if ARES_VERSION >= 0x012200 /* 1.34: without its timeouts, which follow the mean round trip */
  ares_fd_events_t events[] = {{readable, ARES_FD_EVENT_READ}, {writable, ARES_FD_EVENT_WRITE}};
  ares_process_fds(channel->ares, events, 2, ARES_PROCESS_FLAG_SKIP_NON_FD);
#else
  ares_process_fd(channel->ares, readable, writable);
#endif
}

/* From sockets that it did not make, a newer c-ares reads one datagram at a time; an older one
 * reads half a message at a time from a stream. */
static void channel_process(struct channel *channel, ares_socket_t readable,
                            ares_socket_t writable) {
  unsigned before;
  channel->streamed = 0;
  do {
    channel->received = (struct span){NULL, 0};
    before = channel->streamed;
    channel_step(channel, readable, writable);
  } while ((channel->received.len || channel->streamed > before) && !channel->closing &&
           channel->streamed < CHANNEL_STREAM_READS);
}

static void channel_ready(void *data, int fd, int events) {
  struct channel *channel = data;
  bool readable = events & (UV_READABLE | UV_DISCONNECT);
  bool writable = events & UV_WRITABLE;
  channel_enter(channel);
  channel_process(channel, readable ? fd : ARES_SOCKET_BAD, writable ? fd : ARES_SOCKET_BAD);
  channel_leave(channel);
}

/* c-ares says once what it waits for: what cannot be watched now is tried again later. */
static void channel_watch(struct channel *channel, int fd, int events) {
  bool blind = poll_set_set(channel->watch, fd, events) != ERR_NONE;
  channel->blind_fd = fd;
  channel->blind_events = blind ? events : 0;
}

static void channel_socket_state(void *data, ares_socket_t fd, int readable, int writable) {
  channel_watch(data, fd, (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0));
}

static enum channel_end channel_end_of(const struct channel *channel, int status) {
  switch (status) {
  case ARES_SUCCESS: return CHANNEL_ANSWERED;
  case ARES_ECANCELLED:
  case ARES_EDESTRUCTION: return CHANNEL_DROPPED;
  case ARES_ECONNREFUSED: /* also what it says when it cannot open a socket */
    return channel->trouble ? CHANNEL_FAILED : CHANNEL_UNREACHED;
  case ARES_ENOMEM: return CHANNEL_FAILED;
  /* Whatever c-ares makes of an answer, it says nothing of us: 1.34 writes one anew that came over
   * TCP, and cannot write some names (ARES_EBADNAME). */
  default: return channel->trouble ? CHANNEL_FAILED : CHANNEL_UNREACHED;
  }
}

static void channel_ended(void *data, int status, int timeouts, unsigned char *packet, int size) {
  struct channel_query *query = data;
  struct channel *channel = query->channel;
  (void)timeouts;
  channel->in_flight--;
  enum channel_end end = channel->closing ? CHANNEL_DROPPED : channel_end_of(channel, status);
  struct span answer = {(const char *)packet, packet ? (size_t)size : 0};
  if (end == CHANNEL_ANSWERED && channel->received.len) answer = channel->received;
  channel->done(query, end, answer);
}

/* What a system call returned; notes whether it failed for want of something of ours. */
static ssize_t channel_noted(struct channel *channel, ssize_t result) {
  if (result < 0 && local_error_of(errno) != ERR_NONE) channel->trouble = local_error_of(errno);
  return result;
}

static ares_socket_t channel_socket(int domain, int type, int protocol, void *data) {
  static const int size = CHANNEL_SOCKET_BUFFER, on = 1;
  int fd = (int)channel_noted(data, socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  if (fd < 0) return ARES_SOCKET_BAD;
  /* Each is for speed alone. */
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  if (type == SOCK_STREAM) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

static int channel_socket_close(ares_socket_t fd, void *data) {
  struct channel *channel = data;
  if (channel->datagrams) datagrams_reset(channel->datagrams);
  return close(fd);
}

static int channel_socket_connect(ares_socket_t fd, const struct sockaddr *to, ares_socklen_t size,
                                  void *data) {
  struct channel *channel = data;
  (void)to;
  (void)size;
  channel->fd = fd;
  if (source_address_bind(channel->source, fd, &channel->server) != 0)
    return (int)channel_noted(channel, -1);
  return (int)channel_noted(channel,
                            connect(fd, &channel->server.any, address_size(&channel->server)));
}

static ares_ssize_t channel_stream_send(ares_socket_t fd, const struct iovec *parts, int count,
                                        void *data) {
  struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = (size_t)count};
  return channel_noted(data, sendmsg(fd, &message, MSG_NOSIGNAL));
}

static ares_ssize_t channel_stream_read(ares_socket_t fd, void *out, size_t size, int flags,
                                        struct sockaddr *from, ares_socklen_t *from_size,
                                        void *data) {
  struct channel *channel = data;
  ssize_t got = recvfrom(fd, out, size, flags, from, from_size);
  channel->streamed += got > 0;
  return channel_noted(channel, got);
}

/* Puts the packet in the place of its stub, but for the id: newer versions choose their own. */
static size_t channel_unstub(const struct channel *channel, const struct iovec *stub, char *room) {
  memcpy(room, channel->sent.ptr, channel->sent.len);
  memcpy(room, stub->iov_base, 2);
  return channel->sent.len;
}

static void channel_remember(struct channel *channel, const struct iovec *stub) {
  struct channel_sent *last = &channel->last[channel->last_at];
  channel->last_at = (channel->last_at + 1) % CHANNEL_REMEMBERED;
  last->len = stub->iov_len <= sizeof last->stub ? stub->iov_len : 0;
  memcpy(last->stub, stub->iov_base, last->len);
}

/* Gives a FORMERR that is a header alone the question that it is for, by its id: the newest, if it
 * is remembered. */
static void channel_complete(struct channel *channel, struct span *packet) {
  if (!message_is_bare_formerr(*packet)) return;
  for (size_t i = 1; i <= CHANNEL_REMEMBERED; i++) {
    size_t at = (channel->last_at + CHANNEL_REMEMBERED - i) % CHANNEL_REMEMBERED;
    const struct channel_sent *last = &channel->last[at];
    if (!last->len || memcmp(last->stub, packet->ptr, 2) != 0) continue;
    memcpy(channel->formerr, last->stub, last->len);
    message_make_formerr(channel->formerr);
    *packet = (struct span){(const char *)channel->formerr, last->len};
    return;
  }
}

/* Until channel_flush(). */
static ares_ssize_t channel_datagram_send(ares_socket_t fd, const struct iovec *parts, int count,
                                          void *data) {
  struct channel *channel = data;
  char *room = datagrams_room(channel->datagrams, fd);
  bool whole = count == 1 && parts->iov_len >= 2 && channel->sent.len <= DATAGRAMS_OUT_SIZE;
  if (!room || !whole || !channel->sent.len) {
    errno = room ? EMSGSIZE : EAGAIN;
    return -1;
  }
  datagrams_added(channel->datagrams, channel_unstub(channel, parts, room));
  channel_remember(channel, parts);
  return (ares_ssize_t)parts->iov_len;
}

/* The kernel lets none through from elsewhere: the socket is connected. */
static void channel_tell_server(const struct channel *channel, struct sockaddr *from,
                                ares_socklen_t *size) {
  if (!from || *size < address_size(&channel->shown)) return;
  *size = address_size(&channel->shown);
  memcpy(from, &channel->shown, *size);
}

/* Lets c-ares see the stub of the next datagram. */
static ares_ssize_t channel_datagram_read(ares_socket_t fd, void *out, size_t size, int flags,
                                          struct sockaddr *from, ares_socklen_t *from_size,
                                          void *data) {
  struct channel *channel = data;
  size_t stub = 0;
  (void)flags;
  if (size < DNS_STUB_SIZE_MAX) {
    errno = EMSGSIZE;
    return -1;
  }
  while (!stub) {
    channel->received = (struct span){NULL, 0};
    if (!datagrams_next(channel->datagrams, fd, &channel->received))
      return channel_noted(channel, -1);
    channel_complete(channel, &channel->received);
    stub = message_answer_stub(out, channel->received);
  }
  channel_tell_server(channel, from, from_size);
  return (ares_ssize_t)stub;
}

static void channel_own_sockets(struct channel *channel, enum channel_kind kind) {
  static const struct ares_socket_functions stream = {
      channel_socket,      channel_socket_close, channel_socket_connect,
      channel_stream_read, channel_stream_send,
  };
  static const struct ares_socket_functions datagrams = {
      channel_socket,        channel_socket_close,  channel_socket_connect,
      channel_datagram_read, channel_datagram_send,
  };
  ares_set_socket_functions(channel->ares, kind == CHANNEL_TCP ? &stream : &datagrams, channel);
}

/* Versions differ in how they read scopes, and some cannot: the socket is ours to connect. */
static enum err channel_set_server(struct channel *channel, const union address *server) {
  char text[ADDRESS_TEXT_MAX];
  channel->server = channel->shown = *server;
  if (server->any.sa_family == AF_INET6 && server->v6.sin6_scope_id) {
    channel->shown.v6.sin6_addr = in6addr_loopback;
    channel->shown.v6.sin6_scope_id = 0;
  }
  address_text(&channel->shown, text);
  int status = ares_set_servers_ports_csv(channel->ares, text);
  if (status == ARES_ENOMEM) return ERR_MEMORY;
  return status == ARES_SUCCESS ? ERR_NONE : ERR_LIBRARY;
}

static enum err channel_open(struct channel *channel, enum channel_kind kind) {
  /* Nothing of the machine's configuration is wanted. */
  static char no_file[] = "/dev/null", lookups[] = "b";
  struct ares_options options = {
      .flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_IGNTC,
      .timeout = CHANNEL_TIMEOUT_MS,
      .tries = 1,
      .lookups = lookups,
      .resolvconf_path = no_file,
      .sock_state_cb = channel_socket_state,
      .sock_state_cb_data = channel,
  };
  int set = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_DOMAINS |
            ARES_OPT_LOOKUPS | ARES_OPT_RESOLVCONF | ARES_OPT_SOCK_STATE_CB;
#ifdef ARES_OPT_QUERY_CACHE
  set |= ARES_OPT_QUERY_CACHE; /* of no seconds: none */
#endif
  /* An idle TCP connection would only wait to be closed by the server. */
  options.flags |= kind == CHANNEL_TCP ? ARES_FLAG_USEVC : ARES_FLAG_STAYOPEN;
  int status = ares_init_options(&channel->ares, &options, set);
  if (status == ARES_ENOMEM) return ERR_MEMORY;
  if (status != ARES_SUCCESS) return ERR_LIBRARY;
  channel_own_sockets(channel, kind);
  return ERR_NONE;
}

enum err channel_new(struct channel **out, uv_loop_t *loop, const union address *server,
                     const struct source_address *source, enum channel_kind kind,
                     channel_done *done) {
  struct channel *channel = calloc(1, sizeof *channel);
  if (!channel) return ERR_MEMORY;
  channel->source = source;
  channel->done = done;
  enum err err = kind == CHANNEL_UDP ? datagrams_new(&channel->datagrams) : ERR_NONE;
  if (!err) err = poll_set_new(&channel->watch, loop, channel_ready, channel);
  if (!err) err = channel_open(channel, kind);
  if (!err) err = channel_set_server(channel, server);
  if (err) {
    channel_destroy(channel);
    return err;
  }
  *out = channel;
  return ERR_NONE;
}

void channel_close(struct channel *channel) {
  if (!channel || channel->closing) return;
  channel->closing = true;
  if (!channel->nested) channel_destroy(channel);
}

void channel_send(struct channel *channel, struct span packet, struct channel_query *query) {
  unsigned char stub[DNS_STUB_SIZE_MAX];
  struct span shown = packet;
  if (channel->datagrams) {
    shown = (struct span){(char *)stub, message_query_stub(stub, packet)};
    channel->sent = packet;
  }
  query->channel = channel;
  channel->in_flight++;
  channel_enter(channel);
  ares_send(channel->ares, (const unsigned char *)shown.ptr, (int)shown.len, channel_ended, query);
  channel->sent = (struct span){NULL, 0};
  channel_leave(channel);
}

void channel_flush(struct channel *channel) {
  if (channel->blind_events) channel_watch(channel, channel->blind_fd, channel->blind_events);
  if (channel->datagrams) datagrams_flush(channel->datagrams, channel->fd);
}

enum err channel_trouble(const struct channel *channel) {
  return channel->trouble == ERR_NONE ? ERR_MEMORY : channel->trouble;
}

size_t channel_in_flight(const struct channel *channel) {
  return channel->in_flight;
}
