#include "scanner/resolver/resolver.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- a name server on loopback, on the test's own loop ----
 *
 * The first label of a name is a script: one letter for each query for that name, the last one for
 * all that follow. */
enum {
  SAYS_ANSWER = 'a',
  SAYS_BIG = 'b', /* over 512 octets */
  SAYS_NXDOMAIN = 'n',
  SAYS_SERVFAIL = 's',
  SAYS_REFUSED = 'r',
  SAYS_FORMERR = 'f',      /* to EDNS, without it, as old servers do; else it answers */
  SAYS_FORMERR_BARE = 'h', /* the same, and all but the header is left out */
  SAYS_FORMERR_EDNS = 'e', /* to anything, with EDNS */
  SAYS_PLAIN = 'p',        /* answers what has no EDNS, drops the rest */
  SAYS_MALFORMED = 'm',
  SAYS_TRUNCATED = 't',
  SAYS_GARBAGE = 'g', /* a wrong id, a wrong question, then the answer */
  SAYS_LATER = 'l',   /* answers when the next query for the name comes */
  SAYS_JUNK = 'j',    /* datagrams that are no answers to anything */
  SAYS_NOTHING = 'x',
};

enum { NAMES_MAX = 1024, MESSAGE_MAX = 2048, BIG_SIZE = 900 };

struct request {
  unsigned char bytes[MESSAGE_MAX];
  size_t len;
  size_t question; /* its end */
  struct sockaddr_storage from;
  uv_stream_t *stream; /* TCP */
};

struct seen {
  char name[256];
  unsigned queries;
  struct request held;
};

struct server {
  uv_udp_t udp;
  uv_tcp_t tcp;
  union address address;
  struct seen *seen;
  size_t seen_count;
  unsigned queries;
  unsigned tcp_queries;
  bool silent;
};

struct connection {
  uv_tcp_t tcp;
  struct server *server;
  unsigned char bytes[65536];
  size_t len;
};

static uv_loop_t loop;

/* The resolver's clock goes on only when nothing but time is awaited, whatever else the machine
 * does.
 */
enum { STEP_NS = 40 * 1000 * 1000, IDLE_TURNS = 2 };
static uint64_t clock_ns = 1;

static uint64_t clock_now(void) {
  return clock_ns;
}

static void server_freed(uv_handle_t *handle) {
  free(handle);
}

static void server_send(struct server *server, struct request *to, unsigned char *bytes,
                        size_t len) {
  unsigned char size[2] = {(unsigned char)(len >> 8), (unsigned char)len};
  if (!to->stream) {
    uv_buf_t buffer = uv_buf_init((char *)bytes, (unsigned)len);
    uv_udp_try_send(&server->udp, &buffer, 1, (const struct sockaddr *)&to->from);
    return;
  }
  uv_buf_t buffers[] = {uv_buf_init((char *)size, 2), uv_buf_init((char *)bytes, (unsigned)len)};
  uv_try_write(to->stream, buffers, 2);
}

static bool request_has_edns(const struct request *request) {
  return request->bytes[11] == 1;
}

static void server_reply(struct server *server, struct request *to, unsigned rcode, size_t txt,
                         bool edns) {
  static const unsigned char opt[11] = {0, 0, 41, 4, 0xd0};
  unsigned char reply[MESSAGE_MAX] = {0};
  size_t len = to->question;
  memcpy(reply, to->bytes, len);
  reply[2] = 0x81;
  reply[3] = (unsigned char)(0x80 | rcode);
  memset(reply + 6, 0, 6);
  if (txt) {
    unsigned char head[] = {0xc0, 12, 0, 16, 0, 1, 0, 0, 1, 44, 0, 0};
    size_t size = txt + (txt + 254) / 255;
    head[10] = (unsigned char)(size >> 8);
    head[11] = (unsigned char)size;
    memcpy(reply + len, head, sizeof head);
    len += sizeof head;
    reply[7] = 1;
    while (txt) {
      size_t part = txt > 255 ? 255 : txt;
      reply[len++] = (unsigned char)part;
      memset(reply + len, 'x', part);
      len += part;
      txt -= part;
    }
  }
  if (edns) {
    reply[11] = 1;
    memcpy(reply + len, opt, sizeof opt);
    len += sizeof opt;
  }
  server_send(server, to, reply, len);
}

static void server_truncated(struct server *server, struct request *to) {
  to->bytes[2] = 0x83;
  memset(to->bytes + 6, 0, 6);
  server_send(server, to, to->bytes, to->question);
}

/* As the query's header came, but for QR and FORMERR. */
static void server_bare(struct server *server, struct request *to) {
  to->bytes[2] |= 0x80;
  to->bytes[3] = 1;
  server_send(server, to, to->bytes, 12);
}

/* One answer told, none there. */
static void server_malformed(struct server *server, struct request *to) {
  to->bytes[2] = 0x81;
  memset(to->bytes + 6, 0, 6);
  to->bytes[7] = 1;
  server_send(server, to, to->bytes, to->question);
}

static void server_garbage(struct server *server, struct request *to) {
  struct request other = *to;
  other.bytes[0] ^= 0x55;
  server_reply(server, &other, 3, 0, true);
  other = *to;
  other.bytes[13] ^= 1;
  server_reply(server, &other, 3, 0, true);
}

/* Nothing at all, half a header, no question, one that does not end, one that points at itself. */
static void server_junk(struct server *server, struct request *to) {
  static unsigned char endless[] = "\0\0\x81\x80\0\1\0\0\0\0\0\0\4test";
  static unsigned char looping[] = "\0\0\x81\x80\0\1\0\0\0\0\0\0\xc0\x0c\0\x10\0\1";
  server_send(server, to, endless, 0);
  server_send(server, to, to->bytes, 6);
  server_send(server, to, to->bytes, 12);
  server_send(server, to, endless, sizeof endless - 1);
  server_send(server, to, looping, sizeof looping - 1);
}

static struct seen *server_seen(struct server *server, const char *name) {
  for (size_t i = 0; i < server->seen_count; i++)
    if (strcmp(server->seen[i].name, name) == 0) return &server->seen[i];
  assert_true(server->seen_count < NAMES_MAX);
  struct seen *seen = &server->seen[server->seen_count++];
  strcpy(seen->name, name);
  return seen;
}

static void server_act(struct server *server, struct request *request, struct seen *seen, int act) {
  bool edns = request_has_edns(request);
  switch (act) {
  case SAYS_ANSWER: server_reply(server, request, 0, 2, edns); break;
  case SAYS_BIG: server_reply(server, request, 0, BIG_SIZE, edns); break;
  case SAYS_NXDOMAIN: server_reply(server, request, 3, 0, edns); break;
  case SAYS_SERVFAIL: server_reply(server, request, 2, 0, edns); break;
  case SAYS_REFUSED: server_reply(server, request, 5, 0, edns); break;
  case SAYS_FORMERR: server_reply(server, request, edns ? 1 : 0, edns ? 0 : 2, false); break;
  case SAYS_FORMERR_BARE:
    if (edns)
      server_bare(server, request);
    else
      server_reply(server, request, 0, 2, false);
    break;
  case SAYS_FORMERR_EDNS: server_reply(server, request, 1, 0, true); break;
  case SAYS_PLAIN:
    if (!edns) server_reply(server, request, 0, 2, false);
    break;
  case SAYS_MALFORMED: server_malformed(server, request); break;
  case SAYS_TRUNCATED: server_truncated(server, request); break;
  case SAYS_GARBAGE:
    server_garbage(server, request);
    server_reply(server, request, 0, 2, edns);
    break;
  case SAYS_JUNK: server_junk(server, request); break;
  case SAYS_LATER: seen->held = *request; break;
  default: break;
  }
}

static void server_on_request(struct server *server, struct request *request) {
  char name[256];
  size_t at = 12, len = 0;
  assert_true(request->len > 16);
  while (request->bytes[at]) {
    size_t label = request->bytes[at++];
    assert_true(len + label + 1 < sizeof name && at + label < request->len);
    memcpy(name + len, request->bytes + at, label);
    at += label;
    len += label;
    name[len++] = '.';
  }
  name[len] = '\0';
  request->question = at + 5;
  server->queries++;
  if (request->stream) server->tcp_queries++;
  if (server->silent) return;
  struct seen *seen = server_seen(server, name);
  size_t script = strcspn(name, ".");
  size_t turn = seen->queries < script ? seen->queries : script - 1;
  seen->queries++;
  if (seen->held.len) {
    server_reply(server, &seen->held, 0, 2, request_has_edns(&seen->held));
    seen->held.len = 0;
  }
  server_act(server, request, seen, name[turn]);
}

static void server_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer) {
  (void)handle;
  (void)wanted;
  static char bytes[65536];
  *buffer = uv_buf_init(bytes, sizeof bytes);
}

static void server_on_udp(uv_udp_t *udp, ssize_t size, const uv_buf_t *buffer,
                          const struct sockaddr *from, unsigned flags) {
  (void)flags;
  if (size <= 0 || !from) return;
  struct request request = {.len = (size_t)size};
  assert_true(request.len <= sizeof request.bytes);
  memcpy(request.bytes, buffer->base, request.len);
  memcpy(&request.from, from, sizeof(struct sockaddr_in));
  server_on_request(udp->data, &request);
}

/* Queries may come in pieces, and several at once. */
static void server_on_tcp(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer) {
  struct connection *connection = (struct connection *)(void *)stream;
  if (size < 0) {
    uv_close((uv_handle_t *)stream, server_freed);
    return;
  }
  assert_true(connection->len + (size_t)size <= sizeof connection->bytes);
  memcpy(connection->bytes + connection->len, buffer->base, (size_t)size);
  connection->len += (size_t)size;
  while (connection->len >= 2) {
    struct request request = {.stream = stream};
    request.len = (size_t)connection->bytes[0] << 8 | connection->bytes[1];
    if (connection->len < request.len + 2) return;
    assert_true(request.len <= sizeof request.bytes);
    memcpy(request.bytes, connection->bytes + 2, request.len);
    connection->len -= request.len + 2;
    memmove(connection->bytes, connection->bytes + request.len + 2, connection->len);
    server_on_request(connection->server, &request);
  }
}

static void server_on_connection(uv_stream_t *listener, int status) {
  struct connection *connection = calloc(1, sizeof *connection);
  assert_int_equal(status, 0);
  assert_non_null(connection);
  connection->server = listener->data;
  uv_tcp_init(&loop, &connection->tcp);
  assert_int_equal(uv_accept(listener, (uv_stream_t *)&connection->tcp), 0);
  uv_tcp_nodelay(&connection->tcp, 1); /* or an answer waits for the last one's ACK: 40 ms */
  uv_read_start((uv_stream_t *)&connection->tcp, server_alloc, server_on_tcp);
}

static struct server *server_open(void) {
  struct server *server = calloc(1, sizeof *server);
  assert_non_null(server);
  server->seen = calloc(NAMES_MAX, sizeof *server->seen);
  assert_non_null(server->seen);
  int size = sizeof server->address.v4;
  server->address.v4.sin_family = AF_INET;
  server->address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int tries = 0;; tries++) { /* the same port for both */
    assert_true(tries < 10);
    server->address.v4.sin_port = 0;
    uv_udp_init(&loop, &server->udp);
    uv_tcp_init(&loop, &server->tcp);
    server->udp.data = server->tcp.data = server;
    assert_int_equal(uv_udp_bind(&server->udp, &server->address.any, 0), 0);
    assert_int_equal(uv_udp_getsockname(&server->udp, &server->address.any, &size), 0);
    if (uv_tcp_bind(&server->tcp, &server->address.any, 0) == 0 &&
        uv_listen((uv_stream_t *)&server->tcp, 16, server_on_connection) == 0)
      break;
    uv_close((uv_handle_t *)&server->udp, NULL);
    uv_close((uv_handle_t *)&server->tcp, NULL);
    uv_run(&loop, UV_RUN_NOWAIT); /* another server keeps the loop alive */
  }
  uv_udp_recv_start(&server->udp, server_alloc, server_on_udp);
  return server;
}

/* ---- lookups ---- */

struct fixture {
  struct server *servers[2];
  union address addresses[2];
  struct resolver *resolver;
};

struct asked {
  struct lookup lookup;
  struct arena arena;
  char name[256];
  struct fixture *fixture;
  bool done;
  bool asking; /* inside resolver_ask() */
};

static size_t done_count;

static void asked_done(struct lookup *lookup) {
  struct asked *asked = lookup->data;
  assert_false(asked->asking);
  assert_false(asked->done);
  assert_null(lookup->state);
  asked->done = true;
  done_count++;
}

static void ask_with(struct fixture *fixture, struct asked *asked, const char *name,
                     void (*done)(struct lookup *)) {
  *asked = (struct asked){.fixture = fixture, .asking = true};
  strcpy(asked->name, name);
  asked->lookup = (struct lookup){.name = span_of(asked->name),
                                  .type = DNS_TYPE_TXT,
                                  .arena = &asked->arena,
                                  .done = done,
                                  .data = asked};
  assert_int_equal(resolver_ask(fixture->resolver, &asked->lookup), ERR_NONE);
  asked->asking = false;
}

static void ask(struct fixture *fixture, struct asked *asked, const char *name) {
  ask_with(fixture, asked, name, asked_done);
}

/* All that the servers and the lookups have done. */
static size_t activity(const struct fixture *fixture) {
  size_t sum = done_count;
  for (size_t i = 0; i < 2 && fixture->servers[i]; i++) sum += fixture->servers[i]->queries;
  return sum;
}

/* Time goes on when nothing has happened in some turns of the loop, a millisecond each: what was
 * sent on loopback is there by then. */
static void run_until(const struct fixture *fixture, size_t done) {
  for (unsigned idle = 0; done_count < done; idle++) {
    size_t before = activity(fixture);
    assert_int_not_equal(uv_run(&loop, UV_RUN_ONCE), 0);
    if (activity(fixture) != before) idle = 0;
    if (idle > IDLE_TURNS) clock_ns += STEP_NS;
  }
}

static void open_losing(struct fixture *fixture, size_t servers, unsigned timeout_ms,
                        unsigned tries, unsigned tries_on_loss, struct rate_limit *rate_limit) {
  *fixture = (struct fixture){.resolver = NULL};
  done_count = 0;
  assert_int_equal(uv_loop_init(&loop), 0);
  for (size_t i = 0; i < servers; i++) {
    fixture->servers[i] = server_open();
    fixture->addresses[i] = fixture->servers[i]->address;
  }
  struct resolver_config config = {.servers = fixture->addresses,
                                   .server_count = servers,
                                   .timeout_ms = timeout_ms,
                                   .tries = tries,
                                   .tries_on_loss = tries_on_loss,
                                   .rate_limit = rate_limit,
                                   .now = clock_now};
  assert_int_equal(resolver_new(&fixture->resolver, &loop, &config), ERR_NONE);
}

static void open_fixture(struct fixture *fixture, size_t servers, unsigned timeout_ms,
                         unsigned tries, struct rate_limit *rate_limit) {
  open_losing(fixture, servers, timeout_ms, tries, 0, rate_limit);
}

static void close_any(uv_handle_t *handle, void *data) {
  struct fixture *fixture = data;
  if (uv_is_closing(handle)) return;
  bool ours = false;
  for (size_t i = 0; i < 2; i++) {
    struct server *server = fixture->servers[i];
    ours |=
        server && (handle == (uv_handle_t *)&server->udp || handle == (uv_handle_t *)&server->tcp);
  }
  uv_close(handle, ours ? NULL : server_freed);
}

static void close_fixture(struct fixture *fixture) {
  resolver_close(fixture->resolver);
  while (uv_run(&loop, UV_RUN_NOWAIT) && uv_loop_alive(&loop)) {
    uv_walk(&loop, close_any, fixture);
  }
  assert_int_equal(uv_loop_close(&loop), 0);
  for (size_t i = 0; i < 2; i++) {
    if (!fixture->servers[i]) continue;
    free(fixture->servers[i]->seen);
    free(fixture->servers[i]);
  }
}

enum { TIMEOUT_MS = 600, TRIES = 4 };

static const struct row {
  const char *name;
  enum lookup_end end;
  int rcode;
  unsigned tries_from, tries_to;
  size_t octets; /* of the TXT record; 0: none */
} rows[] = {
    {"a.test", LOOKUP_ANSWERED, 0, 1, 1, 2},
    {"b.test", LOOKUP_ANSWERED, 0, 1, 1, BIG_SIZE},
    {"n.test", LOOKUP_ANSWERED, 3, 1, 1, 0},
    {"sa.test", LOOKUP_ANSWERED, 0, 2, 2, 2},
    {"rsn.test", LOOKUP_ANSWERED, 3, 3, 3, 0},
    {"s.test", LOOKUP_ANSWERED, 2, TRIES, TRIES, 0},
    {"r.test", LOOKUP_ANSWERED, 5, TRIES, TRIES, 0},
    {"rrrs.test", LOOKUP_ANSWERED, 2, TRIES, TRIES, 0},
    {"xa.test", LOOKUP_ANSWERED, 0, 2, 2, 2},
    {"xxxa.test", LOOKUP_ANSWERED, 0, 4, 4, 2},
    {"x.test", LOOKUP_TIMEOUT, 0, TRIES, TRIES, 0},
    {"sx.test", LOOKUP_ANSWERED, 2, TRIES, TRIES, 0},
    {"lx.test", LOOKUP_ANSWERED, 0, 2, 2, 2},
    {"g.test", LOOKUP_ANSWERED, 0, 1, 1, 2},
    {"m.test", LOOKUP_MALFORMED, 0, TRIES, TRIES, 0},
    {"ma.test", LOOKUP_ANSWERED, 0, 2, 2, 2},
    {"ms.test", LOOKUP_ANSWERED, 2, TRIES, TRIES, 0},
    {"sm.test", LOOKUP_ANSWERED, 2, TRIES, TRIES, 0},
    {"ta.test", LOOKUP_ANSWERED, 0, 2, 2, 2},
    {"tb.test", LOOKUP_ANSWERED, 0, 2, 2, BIG_SIZE},
    {"txa.test", LOOKUP_ANSWERED, 0, 3, 3, 2},
    {"tx.test", LOOKUP_TIMEOUT, 0, TRIES, TRIES, 0},
    {"stx.test", LOOKUP_ANSWERED, 2, TRIES, TRIES, 0},
    {"t.test", LOOKUP_MALFORMED, 0, TRIES, TRIES, 0},
    {"f.test", LOOKUP_ANSWERED, 0, 2, 2, 2},
    {"h.test", LOOKUP_ANSWERED, 0, 2, 2, 2},
    {"xh.test", LOOKUP_ANSWERED, 0, 3, 3, 2},
    {"ep.test", LOOKUP_ANSWERED, 0, 2, 2, 2},
    {"exa.test", LOOKUP_ANSWERED, 0, 3, 3, 2},
    {"j.test", LOOKUP_TIMEOUT, 0, TRIES, TRIES, 0},
    {"ja.test", LOOKUP_ANSWERED, 0, 2, 2, 2},
    {"e.test", LOOKUP_ANSWERED, 1, TRIES, TRIES, 0},
};

enum { ROWS = sizeof rows / sizeof *rows };

static void check_row(const struct row *row, const struct asked *asked) {
  const struct lookup *lookup = &asked->lookup;
  if (!asked->done) fail_msg("%s: not done", row->name);
  if (lookup->end != row->end) fail_msg("%s: ended %d", row->name, (int)lookup->end);
  if (lookup->tries < row->tries_from || lookup->tries > row->tries_to)
    fail_msg("%s: %u tries", row->name, lookup->tries);
  if (row->end != LOOKUP_ANSWERED) return;
  if (lookup->answer.rcode != row->rcode) fail_msg("%s: %d", row->name, lookup->answer.rcode);
  if (!row->octets != !lookup->answer.count) fail_msg("%s: no record, or one", row->name);
  if (row->octets) assert_int_equal(lookup->answer.records[0].data.len, row->octets);
}

/* Each on a resolver of its own. */
static void test_rows_alone(void **state) {
  (void)state;
  for (size_t i = 0; i < ROWS; i++) {
    struct fixture fixture;
    struct asked asked;
    open_fixture(&fixture, 1, TIMEOUT_MS, TRIES, NULL);
    ask(&fixture, &asked, rows[i].name);
    run_until(&fixture, 1);
    check_row(&rows[i], &asked);
    arena_free(&asked.arena);
    close_fixture(&fixture);
  }
}

/* The well ones are not disturbed by the sick. */
static void test_rows_together(void **state) {
  (void)state;
  static struct asked asked[ROWS];
  struct fixture fixture;
  open_fixture(&fixture, 1, TIMEOUT_MS, TRIES, NULL);
  for (size_t i = 0; i < ROWS; i++) ask(&fixture, &asked[i], rows[i].name);
  run_until(&fixture, ROWS);
  for (size_t i = 0; i < ROWS; i++) {
    check_row(&rows[i], &asked[i]);
    arena_free(&asked[i].arena);
  }
  close_fixture(&fixture);
}

static void test_one_try(void **state) {
  (void)state;
  static const struct row once[] = {
      {"x.test", LOOKUP_TIMEOUT, 0, 1, 1, 0},   {"s.test", LOOKUP_ANSWERED, 2, 1, 1, 0},
      {"m.test", LOOKUP_MALFORMED, 0, 1, 1, 0}, {"ta.test", LOOKUP_ANSWERED, 0, 2, 2, 2},
      {"ep.test", LOOKUP_ANSWERED, 0, 2, 2, 2},
  };
  for (size_t i = 0; i < sizeof once / sizeof *once; i++) {
    struct fixture fixture;
    struct asked asked;
    open_fixture(&fixture, 1, TIMEOUT_MS / 4, 1, NULL);
    ask(&fixture, &asked, once[i].name);
    run_until(&fixture, 1);
    check_row(&once[i], &asked);
    arena_free(&asked.arena);
    close_fixture(&fixture);
  }
}

static void test_bad_names(void **state) {
  (void)state;
  static const char *const names[] = {"", "a..b", "a."};
  struct fixture fixture;
  open_fixture(&fixture, 1, TIMEOUT_MS, TRIES, NULL);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct lookup lookup = {.name = span_of(names[i]), .type = DNS_TYPE_TXT, .done = asked_done};
    assert_int_equal(resolver_ask(fixture.resolver, &lookup), ERR_SYNTAX);
  }
  assert_int_equal(fixture.servers[0]->queries, 0);
  close_fixture(&fixture);
}

/* Nobody listens at the port: ICMP says so at once, which is no answer. */
static void test_refused_port(void **state) {
  (void)state;
  struct fixture fixture;
  struct asked asked;
  open_fixture(&fixture, 1, TIMEOUT_MS, TRIES, NULL);
  uv_close((uv_handle_t *)&fixture.servers[0]->udp, NULL);
  uv_run(&loop, UV_RUN_NOWAIT);
  ask(&fixture, &asked, "a.test");
  run_until(&fixture, 1);
  assert_int_equal(asked.lookup.end, LOOKUP_TIMEOUT);
  assert_int_equal(asked.lookup.tries, TRIES);
  close_fixture(&fixture);
}

/* Once, when the queries have come to the server, and its answers lie in the socket or will soon.
 */
static void stand_still(uv_check_t *check) {
  struct fixture *fixture = check->data;
  if (!fixture->servers[0]->queries) return;
  clock_ns += 2 * TIMEOUT_MS * UINT64_C(1000000);
  uv_check_stop(check);
}

/* What was answered while we stood still is read before any timer is believed; and what is silent
 * is silent all the same, in as many tries. */
static void test_time_that_passed_without_us(void **state) {
  (void)state;
  struct fixture fixture;
  struct asked sound, slow, silent;
  uv_check_t check;
  open_fixture(&fixture, 1, TIMEOUT_MS, TRIES, NULL);
  uv_check_init(&loop, &check);
  check.data = &fixture;
  uv_check_start(&check, stand_still);
  ask(&fixture, &sound, "a.test");
  ask(&fixture, &slow, "xxa.test");
  ask(&fixture, &silent, "x.test");
  run_until(&fixture, 3);
  assert_int_equal(sound.lookup.end, LOOKUP_ANSWERED);
  assert_int_equal(sound.lookup.tries, 1);
  assert_int_equal(slow.lookup.end, LOOKUP_ANSWERED);
  assert_int_equal(slow.lookup.tries, 3);
  assert_int_equal(silent.lookup.end, LOOKUP_TIMEOUT);
  assert_int_equal(silent.lookup.tries, TRIES);
  assert_in_range(silent.lookup.ms, TIMEOUT_MS, 2 * TIMEOUT_MS - 1);
  arena_free(&sound.arena);
  arena_free(&slow.arena);
  uv_close((uv_handle_t *)&check, NULL);
  uv_run(&loop, UV_RUN_NOWAIT);
  close_fixture(&fixture);
}

enum { MANY = 300 };

static struct asked many[MANY];

/* One in nine loses its first query. */
static void ask_many_with_loss(struct fixture *fixture) {
  for (int i = 0; i < MANY; i++) {
    char name[64];
    snprintf(name, sizeof name, "%s.n%d.test", i % 9 ? "a" : "xa", i);
    ask(fixture, &many[i], name);
  }
}

static void ask_many(struct fixture *fixture, const char *script) {
  for (int i = 0; i < MANY; i++) {
    char name[64];
    snprintf(name, sizeof name, "%s.n%d.test", script, i);
    ask(fixture, &many[i], name);
  }
}

static void free_many(void) {
  for (int i = 0; i < MANY; i++) arena_free(&many[i].arena);
}

/* More than a window, every first query lost: all are answered all the same. */
static void test_loss(void **state) {
  (void)state;
  struct fixture fixture;
  open_fixture(&fixture, 1, 10 * TIMEOUT_MS, TRIES, NULL);
  ask_many(&fixture, "xa");
  assert_int_equal(resolver_room(fixture.resolver), 0);
  run_until(&fixture, MANY);
  struct resolver_server server;
  resolver_server(fixture.resolver, 0, &server);
  for (int i = 0; i < MANY; i++) {
    assert_int_equal(many[i].lookup.end, LOOKUP_ANSWERED);
    assert_int_equal(many[i].lookup.tries, 2);
  }
  assert_int_equal(server.sent, 2 * MANY);
  assert_int_equal(server.answered, MANY);
  assert_int_equal(server.lost, MANY);
  free_many();
  close_fixture(&fixture);
}

/* A server that is known to lose answers. late: what it answers at the last try that is allowed. */
static void check_tries_on_loss(unsigned tries_on_loss, const char *late_name, unsigned late_tries,
                                unsigned never_least) {
  struct fixture fixture;
  struct asked late, never, failing;
  open_losing(&fixture, 1, 8 * TIMEOUT_MS, TRIES, tries_on_loss, NULL);
  enum { EPOCHS = 8 };
  for (size_t i = 1; i <= EPOCHS; i++) {
    ask_many_with_loss(&fixture);
    run_until(&fixture, i * MANY);
    free_many();
    struct server *server = fixture.servers[0];
    memset(server->seen, 0, server->seen_count * sizeof *server->seen);
    server->seen_count = 0; /* it forgets what it was asked */
  }
  ask(&fixture, &late, late_name);
  ask(&fixture, &never, "x.test");
  ask(&fixture, &failing, "s.test");
  run_until(&fixture, EPOCHS * MANY + 3);
  assert_int_equal(late.lookup.end, LOOKUP_ANSWERED);
  assert_int_equal(late.lookup.tries, late_tries);
  assert_int_equal(never.lookup.end, LOOKUP_TIMEOUT);
  assert_in_range(never.lookup.tries, never_least, tries_on_loss > TRIES ? tries_on_loss : TRIES);
  assert_true(never.lookup.ms >= 8 * TIMEOUT_MS - 1); /* not in rounds */
  assert_int_equal(failing.lookup.tries, TRIES);
  arena_free(&late.arena);
  arena_free(&never.arena);
  arena_free(&failing.arena);
  close_fixture(&fixture);
}

/* No more often than it was said; and more often where that is allowed, but not for a name that it
 * did say something of. */
static void test_tries_on_loss(void **state) {
  (void)state;
  check_tries_on_loss(0, "xxxa.test", TRIES, TRIES);
}

static void test_more_tries_on_loss(void **state) {
  (void)state;
  check_tries_on_loss(2 * TRIES, "xxxxxa.test", 6, TRIES + 2);
}

/* What cannot be read costs nobody else a try. */
static void test_malformed_among_others(void **state) {
  (void)state;
  struct fixture fixture;
  struct asked malformed, junk;
  open_fixture(&fixture, 1, 10 * TIMEOUT_MS, TRIES, NULL);
  ask(&fixture, &malformed, "m.test");
  ask(&fixture, &junk, "j.test");
  ask_many(&fixture, "a");
  run_until(&fixture, MANY + 2);
  assert_int_equal(malformed.lookup.end, LOOKUP_MALFORMED);
  assert_int_equal(junk.lookup.end, LOOKUP_TIMEOUT);
  for (int i = 0; i < MANY; i++) {
    assert_int_equal(many[i].lookup.end, LOOKUP_ANSWERED);
    assert_int_equal(many[i].lookup.tries, 1);
  }
  free_many();
  close_fixture(&fixture);
}

/* More answers on one connection than are read in a row. */
static void test_many_by_tcp(void **state) {
  (void)state;
  struct fixture fixture;
  open_fixture(&fixture, 1, 10 * TIMEOUT_MS, TRIES, NULL);
  ask_many(&fixture, "tb");
  run_until(&fixture, MANY);
  for (int i = 0; i < MANY; i++) {
    assert_int_equal(many[i].lookup.end, LOOKUP_ANSWERED);
    assert_int_equal(many[i].lookup.answer.rcode, DNS_NOERROR);
  }
  assert_int_equal(fixture.servers[0]->tcp_queries, MANY);
  free_many();
  close_fixture(&fixture);
}

/* A dead server beside a sound one delays, and is told; nothing is lost by it. */
static void test_dead_server(void **state) {
  (void)state;
  struct fixture fixture;
  struct resolver_server dead;
  open_fixture(&fixture, 2, 10 * TIMEOUT_MS, TRIES, NULL);
  fixture.servers[0]->silent = true;
  do {
    done_count = 0;
    ask_many(&fixture, "a");
    run_until(&fixture, MANY);
    for (int i = 0; i < MANY; i++) assert_int_equal(many[i].lookup.end, LOOKUP_ANSWERED);
    free_many();
    resolver_server(fixture.resolver, 0, &dead);
    assert_int_equal(dead.answered, 0);
  } while (!dead.resting);
  uint64_t sent = dead.sent;
  done_count = 0;
  ask_many(&fixture, "n");
  run_until(&fixture, MANY);
  resolver_server(fixture.resolver, 0, &dead);
  assert_true(dead.sent - sent <= 2); /* probes */
  free_many();

  fixture.servers[0]->silent = false;
  do { /* until a probe is answered */
    done_count = 0;
    ask_many(&fixture, "n");
    run_until(&fixture, MANY);
    free_many();
    resolver_server(fixture.resolver, 0, &dead);
  } while (dead.resting);
  assert_true(dead.answered > 0);
  close_fixture(&fixture);
}

static void test_other_server_betters(void **state) {
  (void)state;
  struct fixture fixture;
  struct asked asked;
  open_fixture(&fixture, 2, TIMEOUT_MS, 2, NULL);
  ask(&fixture, &asked, "s.test"); /* each server has scripts of its own */
  run_until(&fixture, 1);
  assert_int_equal(fixture.servers[0]->queries, 1);
  assert_int_equal(fixture.servers[1]->queries, 1);
  close_fixture(&fixture);
}

static void test_all_dead(void **state) {
  (void)state;
  struct fixture fixture;
  open_fixture(&fixture, 1, TIMEOUT_MS, TRIES, NULL);
  fixture.servers[0]->silent = true;
  struct resolver_server server;
  do { /* until it rests */
    done_count = 0;
    ask_many(&fixture, "a");
    run_until(&fixture, MANY);
    for (int i = 0; i < MANY; i++) assert_int_equal(many[i].lookup.end, LOOKUP_TIMEOUT);
    resolver_server(fixture.resolver, 0, &server);
  } while (!server.resting);
  assert_int_equal(resolver_room(fixture.resolver), 0);
  close_fixture(&fixture);
}

static void test_ceiling(void **state) {
  (void)state;
  struct rate_limit *rate_limit;
  struct fixture fixture;
  assert_int_equal(rate_limit_new(&rate_limit, 1000, 1), ERR_NONE);
  open_fixture(&fixture, 1, TIMEOUT_MS, TRIES, rate_limit);
  ask_many(&fixture, "n");
  struct resolver_server server;
  resolver_server(fixture.resolver, 0, &server);
  assert_true(server.sent < MANY);
  run_until(&fixture, MANY);
  for (int i = 0; i < MANY; i++) assert_int_equal(many[i].lookup.end, LOOKUP_ANSWERED);
  close_fixture(&fixture);
  rate_limit_free(rate_limit);
}

/* A name whose next try must wait, for others or for the ceiling, waits so long and no longer. */
static void test_wait_for_turn(void **state) {
  (void)state;
  enum { STEP_MS = 190 };
  struct rate_limit *rate_limit;
  struct fixture fixture;
  struct asked asked, other;
  assert_int_equal(rate_limit_new(&rate_limit, 1, 1000), ERR_NONE); /* one query, in effect */
  open_fixture(&fixture, 1, TIMEOUT_MS, TRIES, rate_limit);
  ask(&fixture, &asked, "s.test");
  ask_with(&fixture, &other, "a.test", asked_done);
  const uint64_t start = clock_now(), limit = RESOLVER_TURN_MAX_MS * UINT64_C(1000000);
  while (clock_now() - start < limit + TIMEOUT_MS * UINT64_C(1000000)) {
    uv_run(&loop, UV_RUN_ONCE);
    clock_ns += STEP_MS * UINT64_C(1000000);
    if (clock_now() - start < limit) assert_false(asked.done);
  }
  assert_int_equal(done_count, 1); /* what was never asked waits as a line of the list does */
  assert_int_equal(asked.lookup.end, LOOKUP_ANSWERED);
  assert_int_equal(asked.lookup.answer.rcode, DNS_SERVFAIL);
  close_fixture(&fixture);
  rate_limit_free(rate_limit);
}

/* Whether a server was heard since a name was last asked for, and since it was first. */
static void test_silence_is_told(void **state) {
  (void)state;
  struct fixture fixture;
  struct asked silent, beside;
  open_fixture(&fixture, 1, TIMEOUT_MS, TRIES, NULL);
  ask(&fixture, &silent, "x.test");
  run_until(&fixture, 1);
  assert_true(silent.lookup.unheard && silent.lookup.silenced);
  ask(&fixture, &silent, "x.y.test");
  clock_ns += STEP_NS;
  ask(&fixture, &beside, "a.test");
  run_until(&fixture, 3);
  assert_true(silent.lookup.unheard && !silent.lookup.silenced);
  arena_free(&beside.arena);
  close_fixture(&fixture);
}

static void never_done(struct lookup *lookup) {
  (void)lookup;
  fail_msg("a cancelled lookup called back");
}

static void test_cancel(void **state) {
  (void)state;
  struct fixture fixture;
  struct asked in_flight, last;
  open_fixture(&fixture, 1, TIMEOUT_MS, TRIES, NULL);
  ask_with(&fixture, &in_flight, "a.test", never_done);
  for (int i = 0; i < MANY; i++) ask_with(&fixture, &many[i], "x.test", never_done);
  resolver_cancel(fixture.resolver, &in_flight.lookup);
  resolver_cancel(fixture.resolver, &in_flight.lookup);
  for (int i = 0; i < MANY; i++) resolver_cancel(fixture.resolver, &many[i].lookup);
  ask(&fixture, &last, "a.b.test");
  run_until(&fixture, 1);
  assert_int_equal(last.lookup.end, LOOKUP_ANSWERED);
  arena_free(&last.arena);
  close_fixture(&fixture);
}

static void cancel_many(struct lookup *lookup) {
  struct asked *asked = lookup->data;
  asked_done(lookup);
  for (int i = 0; i < MANY; i++) resolver_cancel(asked->fixture->resolver, &many[i].lookup);
}

static void test_cancel_in_callback(void **state) {
  (void)state;
  static const char *const names[] = {"a.test", "x.test"}; /* from a packet, from a timer */
  for (size_t n = 0; n < 2; n++) {
    struct fixture fixture;
    struct asked asked;
    open_fixture(&fixture, 1, TIMEOUT_MS / 4, 1, NULL);
    ask_with(&fixture, &asked, names[n], cancel_many);
    for (int i = 0; i < MANY; i++) ask_with(&fixture, &many[i], "x.y.test", never_done);
    run_until(&fixture, 1);
    arena_free(&asked.arena);
    close_fixture(&fixture);
  }
}

static void close_resolver(struct lookup *lookup) {
  struct asked *asked = lookup->data;
  asked_done(lookup);
  resolver_close(asked->fixture->resolver);
  asked->fixture->resolver = NULL;
}

static void test_close_in_callback(void **state) {
  (void)state;
  static const char *const names[] = {"a.test", "x.test"};
  for (size_t n = 0; n < 2; n++) {
    struct fixture fixture;
    struct asked asked;
    open_fixture(&fixture, 1, TIMEOUT_MS / 4, 1, NULL);
    ask_with(&fixture, &asked, names[n], close_resolver);
    for (int i = 0; i < MANY; i++)
      ask_with(&fixture, &many[i], n ? "x.y.test" : "a.y.test", never_done);
    run_until(&fixture, 1);
    close_fixture(&fixture);
    arena_free(&asked.arena);
  }
}

static void test_close_in_flight(void **state) {
  (void)state;
  struct fixture fixture;
  open_fixture(&fixture, 2, TIMEOUT_MS, TRIES, NULL);
  for (int i = 0; i < MANY; i++)
    ask_with(&fixture, &many[i], i % 2 ? "x.test" : "t.test", never_done);
  close_fixture(&fixture);
}

static void ask_another(struct lookup *lookup) {
  struct asked *asked = lookup->data;
  struct fixture *fixture = asked->fixture;
  bool more = done_count < 9;
  asked_done(lookup);
  arena_free(&asked->arena);
  if (more) ask_with(fixture, asked, "n.test", ask_another);
}

static void test_ask_in_callback(void **state) {
  (void)state;
  struct fixture fixture;
  struct asked asked;
  open_fixture(&fixture, 1, TIMEOUT_MS, TRIES, NULL);
  ask_with(&fixture, &asked, "n.test", ask_another);
  run_until(&fixture, 10);
  assert_int_equal(fixture.servers[0]->queries, 10);
  close_fixture(&fixture);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows_alone),
      cmocka_unit_test(test_rows_together),
      cmocka_unit_test(test_one_try),
      cmocka_unit_test(test_bad_names),
      cmocka_unit_test(test_refused_port),
      cmocka_unit_test(test_time_that_passed_without_us),
      cmocka_unit_test(test_loss),
      cmocka_unit_test(test_tries_on_loss),
      cmocka_unit_test(test_more_tries_on_loss),
      cmocka_unit_test(test_malformed_among_others),
      cmocka_unit_test(test_many_by_tcp),
      cmocka_unit_test(test_dead_server),
      cmocka_unit_test(test_other_server_betters),
      cmocka_unit_test(test_all_dead),
      cmocka_unit_test(test_ceiling),
      cmocka_unit_test(test_wait_for_turn),
      cmocka_unit_test(test_silence_is_told),
      cmocka_unit_test(test_cancel),
      cmocka_unit_test(test_cancel_in_callback),
      cmocka_unit_test(test_close_in_callback),
      cmocka_unit_test(test_close_in_flight),
      cmocka_unit_test(test_ask_in_callback),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
