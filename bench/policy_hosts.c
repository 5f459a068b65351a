/* Policy hosts with the delays of the Internet, on addresses of 127/8: how each behaves follows
 * from its address. One process, one epoll, one key; a certificate a host, FOLDER/HOST.pem by its
 * SNI.
 *
 *   policy_hosts truth ADDRESSES              a line each: address, class, milliseconds until the
 *                                             HTTP status, and in all
 *   policy_hosts serve PORT KEY FOLDER        until it is killed
 *   policy_hosts mail PORT KEY FOLDER         the same for mail servers, all of which are sound: a
 *                                             tenth greets after 1 to 6 s, the others after 20 to
 * 300 ms; each further reply takes 10 to 150 ms policy_hosts quick-mail PORT KEY FOLDER   these
 * without delays
 *
 * The classes: sound (handshake and answer 50 to 800 ms each, by their logarithm, so that 200 is
 * the median), slow (handshake 1 to 4 s), trickle (the answer an octet at a time), mute (accepts
 * and says nothing), deaf (shakes hands and says nothing). A deaf or mute one has no time: it never
 * ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
  PATH_SIZE = 4096,
  REQUEST_SIZE = 2048,
  EVENTS = 256,
  TRICKLE_MS = 40,
  ADDRESSES_MAX = 50000
};

#define POLICY "version: STSv1\r\nmode: enforce\r\nmx: mail.%s\r\nmax_age: 604800\r\n"
#define HEADER                                                                                     \
  "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"

enum kind { SOUND, SLOW, TRICKLE, MUTE, DEAF, KINDS };
static const char *const kind_names[KINDS] = {"sound", "slow", "trickle", "mute", "deaf"};
static const double kind_shares[KINDS] = {0.86, 0.03, 0.03, 0.04, 0.04};

struct host {
  enum kind kind;
  double handshake_ms, answer_ms;
};

enum step { WAITS_TO_SHAKE, SHAKES, READS, WAITS_TO_ANSWER, ANSWERS, MUTED, WAITS_TO_REPLY, HEARS };

struct connection {
  int fd, timer;
  SSL *ssl;
  struct host host;
  enum step step;
  size_t asked, said, said_max;
  bool mail, over_tls;
  const char *reply; /* of a mail server, that is due */
  char request[REQUEST_SIZE], answer[REQUEST_SIZE];
};

struct server {
  int epoll, listener;
  SSL_CTX *tls;
  const char *folder;
  bool mail;
  double delay; /* by which those of mail servers are multiplied */
};

static void die(const char *what) {
  fprintf(stderr, "policy_hosts: %s: %s\n", what, strerror(errno));
  ERR_print_errors_fp(stderr);
  exit(1);
}

/* 0 <= draw < 1, of a state that goes on (splitmix64). */
static double draw(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15U;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
  z = (z ^ z >> 27) * 0x94d049bb133111ebU;
  return (double)((z ^ z >> 31) >> 11) / (double)(1ULL << 53);
}

static double between(uint64_t *state, double low, double high) {
  return low * pow(high / low, draw(state));
}

/* ip: in the order of this machine. */
static struct host host_at(uint32_t ip) {
  uint64_t state = ip * 0x2545f4914f6cdd1dU;
  double which = draw(&state);
  struct host host = {.kind = SOUND};
  while (host.kind + 1 < KINDS && which >= kind_shares[host.kind])
    which -= kind_shares[host.kind++];
  host.handshake_ms = host.kind == SLOW ? between(&state, 1000, 4000) : between(&state, 50, 800);
  host.answer_ms = between(&state, 50, 800);
  return host;
}

static struct host mail_host_at(uint32_t ip, double delay) {
  uint64_t state = ip * 0x2545f4914f6cdd1dU;
  struct host host = {.kind = SOUND};
  bool patient = draw(&state) < 0.1;
  host.handshake_ms = delay * (patient ? between(&state, 1000, 6000) : between(&state, 20, 300));
  host.answer_ms = delay * between(&state, 10, 150);
  return host;
}

/* A /24 each, as long as there are enough. */
static uint32_t address_of(unsigned i) {
  return 0x7f000001U + ((2 + i % 200) << 16) + ((i / 200 % 250) << 8);
}

static int answer_of(char answer[REQUEST_SIZE], const char *domain) {
  char policy[512];
  int len = snprintf(policy, sizeof policy, POLICY, domain);
  int header = snprintf(answer, REQUEST_SIZE, HEADER, len);
  return header + snprintf(answer + header, (size_t)(REQUEST_SIZE - header), "%s", policy);
}

static int print_truth(unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    struct in_addr ip = {htonl(address_of(i))};
    struct host host = host_at(ntohl(ip.s_addr));
    double status_ms = host.handshake_ms + host.answer_ms, ms = status_ms;
    char answer[REQUEST_SIZE];
    if (host.kind == TRICKLE) ms += TRICKLE_MS * answer_of(answer, "domain00000.example");
    if (host.kind == MUTE || host.kind == DEAF) status_ms = ms = 0;
    printf("%s %s %.0f %.0f\n", inet_ntoa(ip), kind_names[host.kind], status_ms, ms);
  }
  return 0;
}

static int choose_certificate(SSL *ssl, void *data) {
  const struct server *server = data;
  const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  char path[PATH_SIZE];
  if (!name || strchr(name, '/')) return 0;
  snprintf(path, sizeof path, "%s/%s.pem", server->folder, name);
  return SSL_use_certificate_chain_file(ssl, path);
}

static void connection_wait(struct connection *connection, enum step step, double ms) {
  struct itimerspec due = {.it_value = {(time_t)(ms / 1000), (long)(fmod(ms, 1000) * 1e6) + 1}};
  connection->step = step;
  timerfd_settime(connection->timer, 0, &due, NULL);
}

static void connection_end(struct connection *connection) {
  SSL_free(connection->ssl);
  close(connection->timer);
  close(connection->fd);
  free(connection);
  ERR_clear_error();
}

static void watch(const struct server *server, int fd, struct connection *connection) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = connection};
  if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}

static void server_accept(const struct server *server) {
  struct sockaddr_in own;
  socklen_t size = sizeof own;
  int fd;
  while ((fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection || getsockname(fd, (struct sockaddr *)&own, &size) != 0) die("accept");
    if (ntohl(own.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET) { /* nobody else's business */
      close(fd);
      free(connection);
      continue;
    }
    connection->fd = fd;
    uint32_t ip = ntohl(own.sin_addr.s_addr);
    connection->mail = server->mail;
    connection->reply = "220 mail ESMTP\r\n";
    connection->host = server->mail ? mail_host_at(ip, server->delay) : host_at(ip);
    connection->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    connection->ssl = SSL_new(server->tls);
    if (connection->timer < 0 || !connection->ssl) die("connection");
    SSL_set_fd(connection->ssl, fd);
    SSL_set_accept_state(connection->ssl);
    connection_wait(connection, server->mail ? WAITS_TO_REPLY : WAITS_TO_SHAKE,
                    connection->host.handshake_ms);
    watch(server, fd, connection);
    watch(server, connection->timer, connection);
  }
}

static bool wants_more(const struct connection *connection, int result) {
  int error = SSL_get_error(connection->ssl, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

/* False: it is over. */
static bool connection_answer(struct connection *connection) {
  const char *name = SSL_get_servername(connection->ssl, TLSEXT_NAMETYPE_host_name);
  const char *domain = name ? strchr(name, '.') : NULL;
  if (!connection->said_max)
    connection->said_max = (size_t)answer_of(connection->answer, domain ? domain + 1 : "");
  size_t len = connection->host.kind == TRICKLE ? 1 : connection->said_max;
  if (SSL_write(connection->ssl, connection->answer + connection->said, (int)len) <= 0)
    return false;
  connection->said += len;
  if (connection->said == connection->said_max) {
    SSL_shutdown(connection->ssl);
    return false;
  }
  connection_wait(connection, ANSWERS, TRICKLE_MS);
  return true;
}

static bool connection_read(struct connection *connection) {
  size_t room = REQUEST_SIZE - 1 - connection->asked;
  int got = SSL_read(connection->ssl, connection->request + connection->asked, (int)room);
  if (got <= 0) return wants_more(connection, got);
  connection->asked += (size_t)got;
  if (!strstr(connection->request, "\r\n\r\n")) return true;
  connection_wait(connection, WAITS_TO_ANSWER, connection->host.answer_ms);
  return true;
}

static const char *reply_to(const char *line) {
  if (!strncmp(line, "EHLO", 4)) return "250-mail\r\n250-SIZE 10240000\r\n250 STARTTLS\r\n";
  return strncmp(line, "STARTTLS", 8) ? "221 bye\r\n" : "220 ready\r\n";
}

/* A command of a mail server's client; false: it is over. */
static bool connection_hear(struct connection *connection) {
  size_t room = REQUEST_SIZE - 1 - connection->asked;
  char *at = connection->request + connection->asked;
  ssize_t got = connection->over_tls ? SSL_read(connection->ssl, at, (int)room)
                                     : recv(connection->fd, at, room, 0);
  if (got <= 0 && connection->over_tls) return wants_more(connection, (int)got);
  if (got <= 0) return got < 0 && errno == EAGAIN;
  connection->asked += (size_t)got;
  connection->request[connection->asked] = '\0';
  if (!strchr(connection->request, '\n')) return true;
  connection->reply = reply_to(connection->request);
  connection->asked = 0;
  connection_wait(connection, WAITS_TO_REPLY, connection->host.answer_ms);
  return true;
}

static bool connection_reply(struct connection *connection) {
  const char *reply = connection->reply;
  int len = (int)strlen(reply);
  bool greets = !strcmp(reply, "220 mail ESMTP\r\n");
  if (connection->over_tls) {
    SSL_write(connection->ssl, reply, len);
    SSL_shutdown(connection->ssl);
    return false;
  }
  if (send(connection->fd, reply, (size_t)len, MSG_NOSIGNAL) != len) return false;
  connection->step = reply[0] == '2' && reply[1] == '2' && !greets ? SHAKES : HEARS;
  return true;
}

/* False: it is over. */
static bool connection_go_mail(struct connection *connection, bool due) {
  if (connection->step == WAITS_TO_REPLY && (!due || !connection_reply(connection))) return !due;
  if (connection->step == SHAKES) {
    int done = SSL_do_handshake(connection->ssl);
    if (done != 1) return wants_more(connection, done);
    connection->over_tls = true;
    connection->step = HEARS;
  }
  return connection->step != HEARS || connection_hear(connection);
}

/* False: it is over. */
static bool connection_go(struct connection *connection, uint32_t events) {
  uint64_t times;
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) return false;
  bool due = read(connection->timer, &times, sizeof times) > 0;
  if (connection->mail) return connection_go_mail(connection, due);
  if (connection->step == WAITS_TO_SHAKE && due)
    connection->step = connection->host.kind == MUTE ? MUTED : SHAKES;
  if (connection->step == WAITS_TO_ANSWER && due)
    connection->step = connection->host.kind == DEAF ? MUTED : ANSWERS;
  if (connection->step == ANSWERS && due) return connection_answer(connection);
  if (connection->step == SHAKES) {
    int done = SSL_do_handshake(connection->ssl);
    if (done != 1) return wants_more(connection, done);
    connection->step = READS;
  }
  if (connection->step == READS) return connection_read(connection);
  return true;
}

static void server_open(struct server *server, uint16_t port, const char *key) {
  struct rlimit files;
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
  int yes = 1;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  server->tls = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_PrivateKey_file(server->tls, key, SSL_FILETYPE_PEM) != 1) die(key);
  SSL_CTX_set_cert_cb(server->tls, choose_certificate, server);
  server->epoll = epoll_create1(EPOLL_CLOEXEC);
  server->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(server->listener, (struct sockaddr *)&any, sizeof any) != 0) die("bind");
  if (listen(server->listener, SOMAXCONN) != 0) die("listen");
  watch(server, server->listener, NULL);
}

/* One event at a time: an ended connection has others under way. */
static int serve(struct server *server, uint16_t port, const char *key) {
  struct epoll_event event;
  signal(SIGPIPE, SIG_IGN);
  server_open(server, port, key);
  while (epoll_wait(server->epoll, &event, 1, -1) > 0 || errno == EINTR) {
    struct connection *connection = event.data.ptr;
    if (!connection)
      server_accept(server);
    else if (!connection_go(connection, event.events))
      connection_end(connection);
  }
  die("epoll_wait");
  return 1;
}

static unsigned number_of(const char *text, unsigned most) {
  char *end;
  unsigned long number = strtoul(text, &end, 10);
  return *text && !*end && number <= most ? (unsigned)number : 0;
}

int main(int argc, char **argv) {
  struct server server = {.folder = argc == 5 ? argv[4] : NULL};
  unsigned number = argc > 2 ? number_of(argv[2], argc == 5 ? 65535 : ADDRESSES_MAX) : 0;
  if (argc == 3 && number && !strcmp(argv[1], "truth")) return print_truth(number);
  server.delay = argc == 5 && !strcmp(argv[1], "mail");
  server.mail = server.delay > 0 || (argc == 5 && !strcmp(argv[1], "quick-mail"));
  if (argc == 5 && number && (server.mail || !strcmp(argv[1], "serve")))
    return serve(&server, (uint16_t)number, argv[3]);
  fputs("usage: policy_hosts truth ADDRESSES (at most 50000) | serve, mail or quick-mail PORT KEY "
        "FOLDER\n",
        stderr);
  return 2;
}
