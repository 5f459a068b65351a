/* A TLS server on loopback that does, one connection after another, what its script says. */
#ifndef TESTS_UNIT_HTTPS_PEER_SERVER_H
#define TESTS_UNIT_HTTPS_PEER_SERVER_H

#include "output/base/span.h"
#include "tests/unit/https/made_certificate.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  SERVER_AGAIN_MAX = 20000,
  SERVER_REQUEST_MAX = 4096,
  SERVER_DRIP_FEW = 40, /* octets, after which time may be skipped; */
  SERVER_DRIP_FIRST_MS = 5,
  SERVER_DRIP_MS = 50,
  SERVER_PATIENCE_S = 20
};

/* Up to where all is in order. */
enum server_until { UNTIL_END, UNTIL_ACCEPT, UNTIL_HELLO, UNTIL_TLS, UNTIL_REQUEST, UNTIL_ANSWER };

/* And then. */
enum server_then {
  THEN_CLOSE,
  THEN_RESET,
  THEN_SILENCE,
  THEN_DRIP,
  THEN_FLOOD,
  THEN_KEY_UPDATES, /* again and again, as are these */
  THEN_TICKETS,
  THEN_HELLO_REQUESTS,
};

struct script {
  enum server_until until;
  enum server_then then;
  struct span raw;    /* sent in place of TLS, behind the client's first bytes */
  struct span answer; /* after the request */
  struct span flood;  /* sent again and again, or byte by byte */
  int tls_max;        /* TLS1_2_VERSION ...; 0: any */
  int dh_bits;        /* of a group for DHE, and no other key exchange; 0: none. With an RSA key */
  bool no_notify;     /* the end comes without close_notify */
  bool wants_certificate;
};

struct server {
  const struct script *script;
  const struct script *first; /* of the first connection, if it is another */
  const struct made_certificate *certificate;
  X509 *intermediate; /* sent too; may be NULL */
  int fd, stop[2];
  pthread_t thread;
  SSL_CTX *ctx;
  _Atomic unsigned connections;
  char request[SERVER_REQUEST_MAX]; /* the last one */
  char sni[256];
};

/* Connections, of all servers, that wait for the client to give up. */
static _Atomic size_t server_silences;

/* Binds to ip at *port; 0: any that is free, which is told. */
static inline int server_bind(const char *ip, uint16_t *port, int backlog) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(*port)};
  socklen_t size = sizeof at;
  int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  inet_pton(AF_INET, ip, &at.sin_addr);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&at, size) != 0 || listen(fd, backlog) != 0) abort();
  getsockname(fd, (struct sockaddr *)&at, &size);
  *port = ntohs(at.sin_port);
  return fd;
}

static inline void server_reset(int fd) {
  struct linger linger = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

static inline void server_wait_for_end(int fd) {
  char bytes[256];
  while (recv(fd, bytes, sizeof bytes, 0) > 0) continue;
}

/* Whether the client's first bytes are there; they stay. */
static inline bool server_hello(int fd) {
  char byte;
  return recv(fd, &byte, 1, MSG_PEEK) == 1;
}

static inline bool server_request(struct server *server, SSL *ssl) {
  size_t used = 0;
  while (used < sizeof server->request - 1) {
    int got = SSL_read(ssl, server->request + used, (int)(sizeof server->request - 1 - used));
    if (got <= 0) return false;
    used += (size_t)got;
    server->request[used] = '\0';
    if (strstr(server->request, "\r\n\r\n")) return true;
  }
  return false;
}

static inline bool server_write(SSL *ssl, int fd, const char *bytes, size_t len) {
  if (!len) return true;
  return ssl ? SSL_write(ssl, bytes, (int)len) == (int)len
             : send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static inline bool server_hand_shake_again(enum server_then then, SSL *ssl) {
  switch (then) {
  case THEN_KEY_UPDATES:
    if (SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) != 1) return false;
    break;
  case THEN_TICKETS:
    if (SSL_new_session_ticket(ssl) != 1) return false;
    break;
  default:
    if (SSL_renegotiate(ssl) != 1) return false;
  }
  return SSL_do_handshake(ssl) == 1;
}

static inline void server_then(const struct script *script, SSL *ssl, int fd) {
  size_t at = 0;
  switch (script->then) {
  case THEN_CLOSE:
    if (ssl) break;
    /* Octets that nobody read would make a reset of the end. */
    shutdown(fd, SHUT_WR);
    server_wait_for_end(fd);
    break;
  case THEN_RESET: server_reset(fd); break;
  case THEN_SILENCE:
    server_silences++;
    server_wait_for_end(fd);
    server_silences--;
    break;
  case THEN_DRIP:
    while (server_write(ssl, fd, script->flood.ptr + at % script->flood.len, 1)) {
      if (++at == SERVER_DRIP_FEW) server_silences++;
      poll(NULL, 0, at < SERVER_DRIP_FEW ? SERVER_DRIP_FIRST_MS : SERVER_DRIP_MS);
    }
    if (at >= SERVER_DRIP_FEW) server_silences--;
    break;
  case THEN_FLOOD:
    while (server_write(ssl, fd, script->flood.ptr, script->flood.len)) continue;
    break;
  case THEN_KEY_UPDATES:
  case THEN_TICKETS:
  case THEN_HELLO_REQUESTS:
    for (int i = 0; i < SERVER_AGAIN_MAX && server_hand_shake_again(script->then, ssl); i++)
      continue;
    break;
  }
}

static inline bool server_handshake(struct server *server, SSL *ssl) {
  if (SSL_accept(ssl) != 1) return false;
  const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  snprintf(server->sni, sizeof server->sni, "%s", name ? name : "");
  return true;
}

static inline void server_play_tls(struct server *server, int fd) {
  const struct script *script = server->script;
  SSL *ssl = SSL_new(server->ctx);
  SSL_set_fd(ssl, fd);
  if (!server_handshake(server, ssl)) {
    /* What the client has sent on is read, lest a reset overtake the alert. */
    shutdown(fd, SHUT_WR);
    server_wait_for_end(fd);
    goto done;
  }
  if (script->until != UNTIL_TLS) {
    if (!server_request(server, ssl)) goto done;
    if (script->until != UNTIL_REQUEST &&
        !server_write(ssl, fd, script->answer.ptr, script->answer.len))
      goto done;
  }
  if (script->until != UNTIL_END) server_then(script, ssl, fd);
  if (script->then == THEN_CLOSE && !script->no_notify) SSL_shutdown(ssl);
done:
  SSL_free(ssl);
}

static inline void server_play(struct server *server, int fd) {
  const struct script *script = server->script;
  if (script->until == UNTIL_ACCEPT || !server_hello(fd)) {
    server_then(script, NULL, fd);
  } else if (span_here(script->raw) || script->until == UNTIL_HELLO) {
    char hello[4096];
    if (script->then != THEN_RESET && recv(fd, hello, sizeof hello, 0) <= 0) return;
    server_write(NULL, fd, script->raw.ptr, script->raw.len);
    server_then(script, NULL, fd);
  } else {
    server_play_tls(server, fd);
  }
}

static inline void *server_main(void *data) {
  struct server *server = data;
  struct pollfd polls[] = {{server->fd, POLLIN, 0}, {server->stop[0], POLLIN, 0}};
  struct timeval patience = {SERVER_PATIENCE_S, 0};
  while (poll(polls, 2, -1) > 0 && !polls[1].revents) {
    int fd = accept(server->fd, NULL, NULL);
    if (fd < 0) continue;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const struct script *script = server->script;
    if (server->connections++ == 0 && server->first) server->script = server->first;
    server_play(server, fd);
    server->script = script;
    close(fd);
  }
  return NULL;
}

/* A number of so many bits, odd, which no client asks more of, and the generator 2. */
static inline EVP_PKEY *server_dh_group(int bits) {
  EVP_PKEY *group = NULL;
  EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
  OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
  BIGNUM *p = BN_new(), *g = BN_new();
  BN_rand(p, bits, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD);
  BN_set_word(g, 2);
  OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_P, p);
  OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_G, g);
  OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
  EVP_PKEY_fromdata_init(ctx);
  if (EVP_PKEY_fromdata(ctx, &group, EVP_PKEY_KEY_PARAMETERS, params) != 1) abort();
  OSSL_PARAM_free(params);
  OSSL_PARAM_BLD_free(build);
  BN_free(p);
  BN_free(g);
  EVP_PKEY_CTX_free(ctx);
  return group;
}

static inline void server_start(struct server *server, const char *ip, uint16_t *port) {
  const struct script *script = server->script;
  server->ctx = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_cipher_list(server->ctx, "DEFAULT@SECLEVEL=0");
  SSL_CTX_set_min_proto_version(server->ctx, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(server->ctx, script->tls_max);
  if (script->wants_certificate)
    SSL_CTX_set_verify(server->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  if (script->dh_bits) {
    SSL_CTX_set_cipher_list(server->ctx, "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0");
    SSL_CTX_set0_tmp_dh_pkey(server->ctx, server_dh_group(script->dh_bits));
  }
  SSL_CTX_use_certificate(server->ctx, server->certificate->x509);
  SSL_CTX_use_PrivateKey(server->ctx, server->certificate->key);
  if (server->intermediate) SSL_CTX_add1_chain_cert(server->ctx, server->intermediate);
  server->fd = server_bind(ip, port, 128);
  if (pipe(server->stop) != 0) abort();
  if (pthread_create(&server->thread, NULL, server_main, server) != 0) abort();
}

static inline void server_end(struct server *server) {
  if (write(server->stop[1], "", 1) != 1) abort();
  pthread_join(server->thread, NULL);
  close(server->stop[0]);
  close(server->stop[1]);
  close(server->fd);
  SSL_CTX_free(server->ctx);
}

#endif
