#include "scanner/smtp/probe.h"

#include "scanner/base/ring.h"
#include "scanner/https/memory.h"
#include "scanner/https/tls.h"
#include "scanner/net/local_error.h"
#include "scanner/smtp/dane_match.h"
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <unistd.h>

#define PROBE_QUIT "QUIT\r\n"

enum { PROBE_MS_NS = 1000000 };

static int probe_verify(X509_STORE_CTX *ctx, void *data) {
  (void)data;
  const SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
  struct handshake *handshake = handshake_of(ssl);
  if (!handshake) return 0;
  struct probe *probe = CONTAINER_OF(handshake, struct probe, handshake);
  if (probe->tlsa.count) probe->dane_fit = dane_match_judge(probe->ssl, ctx);
  return certificate_verify(ctx, &probe->certificate);
}

SSL_CTX *probe_tls_new(X509_STORE *trust) {
  SSL_CTX *tls = tls_new();
  if (!tls) return NULL;
  /* RFC 8461 section 7.2. */
  SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
  SSL_CTX_set1_cert_store(tls, trust);
  SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
  SSL_CTX_set_cert_verify_callback(tls, probe_verify, NULL);
  dane_match_allow(tls);
  SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(tls, SSL_OP_IGNORE_UNEXPECTED_EOF);
  /* Many may wait for a server that is silent. */
  SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
  return tls;
}

static uint64_t probe_now(const struct probe *probe) {
  return loop_clock_now(probe->common->clock);
}

/* When its time is up. Each step has its own, and all together theirs; that for QUIT is beyond. */
static uint64_t probe_deadline(const struct probe *probe) {
  const struct probe_times *times = &probe->common->times;
  uint64_t end = probe->start_ns + (uint64_t)times->total_ms * PROBE_MS_NS;
  unsigned step_ms = 0;
  switch (probe->place) {
  case PROBE_CONNECTS: step_ms = times->connect_ms; break;
  case PROBE_TALKS: step_ms = times->reply_ms; break;
  case PROBE_SHAKES_HANDS: step_ms = times->handshake_ms; break;
  case PROBE_PARTS: return probe->step_ns + (uint64_t)times->quit_ms * PROBE_MS_NS;
  case PROBE_CLOSED: return UINT64_MAX;
  }
  uint64_t step = probe->step_ns + (uint64_t)step_ms * PROBE_MS_NS;
  return step < end ? step : end;
}

/* A step of it begins. */
static void probe_go_to(struct probe *probe, enum probe_place place) {
  probe->place = place;
  probe->step_ns = probe_now(probe);
  timer_wheel_set(probe->common->wheel, &probe->timer, probe_deadline(probe));
}

static void probe_on_closed(uv_handle_t *poll) {
  struct probe *probe = poll->data;
  probe->common->ended(probe);
}

void probe_stop(struct probe *probe) {
  if (probe->place == PROBE_CLOSED) return;
  probe->place = PROBE_CLOSED;
  timer_wheel_stop(&probe->timer);
  uv_close((uv_handle_t *)&probe->poll, probe_on_closed);
  handshake_leave(&probe->handshake);
  if (probe->handshake.finished) SSL_shutdown(probe->ssl);
  SSL_free(probe->ssl);
  probe->ssl = NULL;
  ERR_clear_error();
  close(probe->fd);
}

static void probe_tell(struct probe *probe) {
  if (probe->is_told) return;
  probe->is_told = true;
  probe->told_ns = probe_now(probe);
  probe->common->told(probe);
}

static void probe_end(struct probe *probe) {
  probe_tell(probe);
  probe_stop(probe);
}

static void probe_on_poll(uv_poll_t *poll, int status, int events);

/* libuv asks the kernel anew each time, even if nothing changes. */
static void probe_await(struct probe *probe, int events) {
  if (probe->events == events) return;
  probe->events = events;
  if (uv_poll_start(&probe->poll, events, probe_on_poll) == 0) return;
  probe->no_memory = true;
  probe_end(probe);
}

/* What is left of the command. */
static void probe_send(struct probe *probe) {
  size_t left = probe->out_len - probe->out_at;
  ssize_t sent = send(probe->fd, probe->out + probe->out_at, left, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) {
    probe->error = errno;
    probe_end(probe);
    return;
  }
  if (sent > 0) probe->out_at += (size_t)sent;
  probe_await(probe, probe->out_at < probe->out_len ? UV_WRITABLE : UV_READABLE);
}

static void probe_say(struct probe *probe) {
  probe->out_len = dialogue_command(&probe->dialogue, probe->common->ehlo, probe->out);
  probe->out_at = 0;
  probe_go_to(probe, PROBE_TALKS);
  probe_send(probe);
}

/* QUIT in the clear, whose answer nobody needs to wait for. */
static void probe_part(struct probe *probe) {
  probe_tell(probe);
  if (!dialogue_quits(&probe->dialogue)) {
    probe_stop(probe);
    return;
  }
  probe->dialogue.reply = (struct reply){0};
  probe->out_len = sizeof PROBE_QUIT - 1;
  probe->out_at = 0;
  memcpy(probe->out, PROBE_QUIT, probe->out_len);
  probe_go_to(probe, PROBE_PARTS);
  probe_send(probe);
}

/* Whether the answer to QUIT goes on. */
static bool probe_parting(struct probe *probe, struct span octets) {
  reply_take(&probe->dialogue.reply, octets);
  return !probe->dialogue.reply.whole && !probe->dialogue.reply.fault;
}

/* QUIT over TLS. An alert that refuses us after the handshake comes first, and ends it: OpenSSL has
 * then told handshake. */
static void probe_part_over_tls(struct probe *probe) {
  char octets[PROBE_READ_MAX];
  int got;
  ERR_clear_error();
  while ((got = SSL_read(probe->ssl, octets, sizeof octets)) > 0)
    if (!probe_parting(probe, (struct span){octets, (size_t)got})) break;
  if (got <= 0 && SSL_get_error(probe->ssl, got) == SSL_ERROR_WANT_READ)
    probe_await(probe, UV_READABLE);
  else
    probe_end(probe);
}

static void probe_shake_hands(struct probe *probe) {
  ERR_clear_error();
  int done = SSL_connect(probe->ssl);
  int why = SSL_get_error(probe->ssl, done);
  if (done == 1) {
    probe_go_to(probe, PROBE_PARTS);
    probe->dialogue.reply = (struct reply){0};
    SSL_write(probe->ssl, PROBE_QUIT, sizeof PROBE_QUIT - 1);
    probe_part_over_tls(probe);
  } else if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
    probe_await(probe, why == SSL_ERROR_WANT_READ ? UV_READABLE : UV_WRITABLE);
  } else {
    if (why == SSL_ERROR_SYSCALL) probe->error = errno;
    probe_end(probe);
  }
}

static bool probe_make_tls(struct probe *probe) {
  char host[PROBE_HOST_MAX + 1];
  struct span name = probe->certificate.host;
  memcpy(host, name.ptr, name.len);
  host[name.len] = '\0';
  handshake_watch(&probe->handshake, probe->common->tls);
  probe->ssl = SSL_new(probe->common->tls);
  return probe->ssl && SSL_set_tlsext_host_name(probe->ssl, host) == 1 &&
         (probe->tlsa.count == 0 || dane_match_prepare(probe->ssl, host, probe->tlsa)) &&
         SSL_set_fd(probe->ssl, probe->fd) == 1;
}

static void probe_begin_tls(struct probe *probe) {
  if (!probe_make_tls(probe)) {
    probe->no_memory = true;
    probe_end(probe);
    return;
  }
  probe_go_to(probe, PROBE_SHAKES_HANDS);
  probe_shake_hands(probe);
}

static void probe_hear(struct probe *probe, struct span octets, bool peeked) {
  char taken[PROBE_READ_MAX];
  size_t used;
  enum dialogue_turn turn = dialogue_hear(&probe->dialogue, octets, &used);
  if (peeked && recv(probe->fd, taken, used, 0) != (ssize_t)used) {
    probe->no_memory = true; /* the kernel had them a moment ago */
    probe_end(probe);
    return;
  }
  switch (turn) {
  case DIALOGUE_LISTENS: break;
  case DIALOGUE_SAYS: probe_say(probe); break;
  case DIALOGUE_SHAKES_HANDS: probe_begin_tls(probe); break;
  case DIALOGUE_ENDS: probe_part(probe); break;
  }
}

/* Behind the reply to STARTTLS stands what is for OpenSSL: no octet more than the reply is taken.
 */
static void probe_listen(struct probe *probe) {
  char octets[PROBE_READ_MAX];
  bool peeks = probe->dialogue.asked == DIALOGUE_STARTTLS && probe->place == PROBE_TALKS;
  ssize_t got = recv(probe->fd, octets, sizeof octets, peeks ? MSG_PEEK : 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    probe->error = got < 0 ? errno : 0;
    probe_end(probe);
    return;
  }
  struct span heard = {octets, (size_t)got};
  if (probe->place == PROBE_TALKS)
    probe_hear(probe, heard, peeks);
  else if (!probe_parting(probe, heard))
    probe_end(probe);
}

static void probe_connected(struct probe *probe) {
  socklen_t size = sizeof probe->error;
  if (getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &probe->error, &size) != 0) probe->error = errno;
  bool stood = !probe->error || probe->error == ECONNRESET; /* whoever resets is there */
  if (stood && probe->common->stands) probe->common->stands(probe->common->data);
  if (probe->error) {
    probe_end(probe);
    return;
  }
  probe_go_to(probe, PROBE_TALKS);
  probe_await(probe, UV_READABLE);
}

static void probe_go_on(struct probe *probe, int events) {
  switch (probe->place) {
  case PROBE_CONNECTS: probe_connected(probe); break;
  case PROBE_SHAKES_HANDS: probe_shake_hands(probe); break;
  case PROBE_TALKS:
  case PROBE_PARTS:
    if (probe->ssl)
      probe_part_over_tls(probe);
    else if (events & UV_WRITABLE && probe->out_at < probe->out_len)
      probe_send(probe);
    else
      probe_listen(probe);
    break;
  case PROBE_CLOSED: break;
  }
}

/* An error shows when the socket is used. libuv has stopped to poll it, though there may be
 * something to read before. */
static void probe_on_poll(uv_poll_t *poll, int status, int events) {
  struct probe *probe = poll->data;
  if (status < 0) probe->events = 0;
  probe_go_on(probe, events);
  if (probe->place != PROBE_CLOSED && !probe->events) probe_await(probe, UV_READABLE);
}

void probe_on_time(struct probe *probe) {
  uint64_t deadline = probe_deadline(probe);
  if (!probe->error && probe_now(probe) < deadline) {
    timer_wheel_set(probe->common->wheel, &probe->timer, deadline);
    return;
  }
  probe->late = !probe->error && probe->place != PROBE_PARTS;
  probe_end(probe);
}

/* Ports of our own have run out; where there is no address for IPv6 it is said so as well, and that
 * lasts. */
static enum err probe_local_error(const struct probe *probe, int number) {
  if (number == EADDRNOTAVAIL && probe->address.any.sa_family == AF_INET) return ERR_DESCRIPTORS;
  return local_error_of(number);
}

/* Returns errno: 0 when it stands or is on its way. */
static int probe_connect(struct probe *probe) {
  static const int on = 1;
  const struct source_address *source = probe->common->source;
  if (!source_address_allows(source, &probe->address)) return ENETUNREACH;
  setsockopt(probe->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (source_address_bind(source, probe->fd, &probe->address) != 0) return errno;
  if (connect(probe->fd, &probe->address.any, address_size(&probe->address)) == 0) return 0;
  return errno == EINPROGRESS ? 0 : errno;
}

/* A machine without IPv6 has no such socket; another one stands for it until the probe is told. */
static int probe_socket(const struct probe *probe) {
  int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
  int fd = socket(probe->address.any.sa_family, type, 0);
  return fd < 0 && errno == EAFNOSUPPORT ? socket(AF_INET, type, 0) : fd;
}

static enum err probe_open(struct probe *probe) {
  probe->fd = probe_socket(probe);
  if (probe->fd < 0) return local_error_of(errno) != ERR_NONE ? local_error_of(errno) : ERR_MEMORY;
  probe->error = probe_connect(probe);
  enum err err = probe_local_error(probe, probe->error);
  if (err == ERR_NONE && uv_poll_init(probe->common->loop, &probe->poll, probe->fd) != 0)
    err = ERR_MEMORY;
  if (err != ERR_NONE) close(probe->fd);
  return err;
}

enum err probe_start(struct probe *probe, const struct probe_common *common, struct span host,
                     const union address *address, struct arena *arena) {
  *probe = (struct probe){.common = common, .address = *address};
  enum err err = probe_open(probe);
  if (err != ERR_NONE) return err;
  probe->poll.data = probe;
  timer_wheel_timer_init(&probe->timer);
  dialogue_init(&probe->dialogue);
  handshake_init(&probe->handshake, 0);
  certificate_init(&probe->certificate, host, arena);
  probe->lost_ns = loop_clock_lost(common->clock);
  probe->memory_failures = memory_failures();
  probe->start_ns = probe_now(probe);
  probe_go_to(probe, PROBE_CONNECTS);
  if (probe->error) /* told by the timer, and not from within */
    timer_wheel_set(common->wheel, &probe->timer, probe->start_ns);
  else if (uv_poll_start(&probe->poll, probe->events = UV_WRITABLE, probe_on_poll) != 0)
    probe->error = ENOMEM;
  return ERR_NONE;
}
