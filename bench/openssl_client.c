/* What policy fetches cost at best: OpenSSL and epoll and nothing else. For each line
 * `HOST ADDRESS` of a file a handshake that verifies the chain and the host's name, and one GET;
 * the answer is read to its end and dropped. One SSL_CTX, 128 connections in flight.
 *
 *   openssl_client PORT CA-FILE FILE
 *   openssl_client PORT CA-FILE FILE smtp     the dialogue with a mail server instead: greeting,
 * EHLO, STARTTLS, the handshake, QUIT and its answer
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { IN_FLIGHT = 128, HOST_SIZE = 256, REQUEST_SIZE = 512, BODY_SIZE = 16 * 1024 };

struct client {
  SSL_CTX *tls;
  FILE *hosts;
  uint16_t port;
  bool smtp;
  int epoll;
  unsigned in_flight;
  unsigned fetched, failed;
};

struct connection {
  int fd;
  SSL *ssl;
  char host[HOST_SIZE];
  bool asked;
  bool answered;  /* 200, or 221 */
  unsigned heard; /* replies of a mail server */
};

static void client_die(const char *what) {
  fprintf(stderr, "openssl_client: %s\n", what);
  ERR_print_errors_fp(stderr);
  exit(1);
}

static void client_end(struct client *client, struct connection *connection) {
  if (connection->answered)
    client->fetched++;
  else
    client->failed++;
  client->in_flight--;
  SSL_free(connection->ssl);
  if (connection->fd >= 0) close(connection->fd);
  free(connection);
  ERR_clear_error();
}

static bool connection_open(struct connection *connection, struct client *client,
                            const char *address) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(client->port)};
  if (inet_pton(AF_INET, address, &to.sin_addr) != 1) return false;
  connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (connection->fd < 0) return false;
  if (connect(connection->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)
    return false;
  connection->ssl = SSL_new(client->tls);
  if (!connection->ssl) return false;
  SSL_set_fd(connection->ssl, connection->fd);
  SSL_set_tlsext_host_name(connection->ssl, connection->host);
  SSL_set1_host(connection->ssl, connection->host);
  SSL_set_connect_state(connection->ssl);
  struct epoll_event event = {.events = client->smtp ? EPOLLIN : EPOLLOUT, .data.ptr = connection};
  return epoll_ctl(client->epoll, EPOLL_CTL_ADD, connection->fd, &event) == 0;
}

static void client_start(struct client *client) {
  char address[INET_ADDRSTRLEN];
  struct connection *connection = calloc(1, sizeof *connection);
  if (!connection) client_die("no memory");
  connection->fd = -1;
  if (fscanf(client->hosts, "%255s %15s", connection->host, address) != 2) {
    free(connection);
    return;
  }
  client->in_flight++;
  if (!connection_open(connection, client, address)) client_end(client, connection);
}

static int connection_ask(struct connection *connection) {
  char request[REQUEST_SIZE];
  int size = snprintf(request, sizeof request,
                      "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: %s\r\n"
                      "Connection: close\r\n\r\n",
                      connection->host);
  connection->asked = true;
  return SSL_write(connection->ssl, request, size);
}

static int connection_read(struct connection *connection) {
  static char body[BODY_SIZE];
  int size;
  while ((size = SSL_read(connection->ssl, body, sizeof body)) > 0)
    if (!connection->answered && size > 12) connection->answered = memcmp(body + 9, "200", 3) == 0;
  return size;
}

/* The next command after a reply, which came in one piece; false: it is over. */
static bool connection_talk(struct connection *connection) {
  static const char *const commands[] = {"EHLO scan.example.org\r\n", "STARTTLS\r\n"};
  char reply[BODY_SIZE];
  if (recv(connection->fd, reply, sizeof reply, 0) <= 0) return false;
  if (connection->heard == 2) return connection->heard++, true;
  const char *command = commands[connection->heard++];
  return send(connection->fd, command, strlen(command), MSG_NOSIGNAL) > 0;
}

static int connection_part(struct connection *connection) {
  char answer[BODY_SIZE];
  if (!connection->asked) SSL_write(connection->ssl, "QUIT\r\n", 6);
  connection->asked = true;
  int size = SSL_read(connection->ssl, answer, sizeof answer);
  if (size > 2) connection->answered = memcmp(answer, "221", 3) == 0;
  return size;
}

/* As connection_go(), with a mail server. */
static bool connection_go_smtp(struct connection *connection) {
  if (connection->heard < 3 && !connection_talk(connection)) return false;
  if (connection->heard < 3) return true;
  int end = SSL_do_handshake(connection->ssl);
  if (end == 1) end = connection_part(connection);
  if (connection->answered) SSL_shutdown(connection->ssl);
  return !connection->answered && SSL_get_error(connection->ssl, end) == SSL_ERROR_WANT_READ;
}

/* As far as it goes without waiting; false: it is over. */
static bool connection_go(struct connection *connection, struct client *client) {
  if (client->smtp) return connection_go_smtp(connection);
  int end = SSL_do_handshake(connection->ssl);
  if (end == 1 && !connection->asked) end = connection_ask(connection);
  if (end > 0) end = connection_read(connection);
  int wanted = SSL_get_error(connection->ssl, end);
  if (wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE) return false;
  struct epoll_event event = {.events = wanted == SSL_ERROR_WANT_READ ? EPOLLIN : EPOLLOUT,
                              .data.ptr = connection};
  return epoll_ctl(client->epoll, EPOLL_CTL_MOD, connection->fd, &event) == 0;
}

static void client_run(struct client *client) {
  struct epoll_event events[IN_FLIGHT];
  for (int i = 0; i < IN_FLIGHT; i++) client_start(client);
  while (client->in_flight) {
    int count = epoll_wait(client->epoll, events, IN_FLIGHT, -1);
    for (int i = 0; i < count; i++) {
      struct connection *connection = events[i].data.ptr;
      if (connection_go(connection, client)) continue;
      client_end(client, connection);
      client_start(client);
    }
  }
}

int main(int argc, char **argv) {
  bool smtp = argc == 5 && strcmp(argv[4], "smtp") == 0;
  if (argc != 4 && !smtp) {
    fprintf(stderr, "usage: openssl_client PORT CA-FILE FILE [smtp]\n");
    return 2;
  }
  struct client client = {
      .tls = SSL_CTX_new(TLS_client_method()),
      .hosts = fopen(argv[3], "r"),
      .port = (uint16_t)strtoul(argv[1], NULL, 10),
      .smtp = smtp,
      .epoll = epoll_create1(EPOLL_CLOEXEC),
  };
  if (!client.tls || !client.hosts || client.epoll < 0) client_die("cannot set up");
  if (SSL_CTX_load_verify_file(client.tls, argv[2]) != 1) client_die(argv[2]);
  SSL_CTX_set_verify(client.tls, SSL_VERIFY_PEER, NULL);
  SSL_CTX_set_session_cache_mode(client.tls, SSL_SESS_CACHE_OFF);
  client_run(&client);
  printf("openssl: fetched %u failed %u\n", client.fetched, client.failed);
  fclose(client.hosts);
  close(client.epoll);
  SSL_CTX_free(client.tls);
  return client.failed ? 1 : 0;
}
