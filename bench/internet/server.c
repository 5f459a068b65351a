#include "bench/internet/server.h"
#include "bench/internet/pending.h"
#include "bench/internet/seen.h"
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, DATAGRAM_MAX = 1024, SOCKET_BUFFER = 64 << 20, IDLE_MS = 100 };
enum { RATE_BURST_MS = 100 }; /* what comes at once within the rate */

#define NS_PER_MS     1e6
#define NS_PER_SECOND 1e9

/* Names' own servers; every other address is the root's. */
#define OWN_SERVERS  0x7f800000u /* 127.128.0.0 */
#define ROOT_ADDRESS 0x7f350001u /* 127.53.0.1 */

static const char record_text[] = "v=STSv1; id=20260101T000000;";

struct server {
  const struct server_options *options;
  struct settings settings;
  struct changes changes;
  struct account *account;
  struct pending *pending;
  struct seen seen;
  uint64_t chance;  /* the state of the draws */
  uint64_t now;     /* ns, of this turn of the loop */
  uint64_t begin;   /* of the first query; 0: none yet */
  double allowance; /* queries within the rate, at refilled */
  uint64_t refilled;
  uint64_t free_at; /* over=2: when the queue has ended */
  int fd;
};

static volatile sig_atomic_t server_ended;

static void server_end(int number) {
  (void)number;
  server_ended = 1;
}

static uint64_t server_clock(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static double server_seconds(const struct server *server) {
  return server->begin ? (double)(server->now - server->begin) / NS_PER_SECOND : 0;
}

static size_t server_second(struct server *server) {
  size_t second = (size_t)server_seconds(server);
  if (second >= ACCOUNT_SECONDS_MAX) second = ACCOUNT_SECONDS_MAX - 1;
  if (second >= server->account->seconds) server->account->seconds = second + 1;
  return second;
}

static bool server_loses(struct server *server) {
  if (!server->settings.loss || 100 * world_draw(&server->chance) >= server->settings.loss)
    return false;
  server->account->lost++;
  return true;
}

/* What answers a question, and after how long. */
struct plan {
  double ms; /* below 0: never */
  int rcode; /* -1: data */
  bool referral;
  bool cached; /* neither kept nor counted: an answer that a resolver always has */
  enum message_role role;
  struct world_place place;
};

static struct plan plan_resolver(struct server *server, const struct question *question) {
  struct plan plan = {.rcode = MESSAGE_NXDOMAIN, .ms = server->settings.referral};
  if (!*question->name || !strcmp(question->name, "localhost")) {
    plan.cached = true;
    plan.ms = server->settings.hit;
    plan.rcode = *question->name && question->type == MESSAGE_A ? -1 : MESSAGE_NOERROR;
    return plan;
  }
  if (!world_find(&server->options->world, question->domain, &plan.place)) return plan;
  plan.ms = plan.place.ms;
  if (plan.place.class->kind != WORLD_ANSWERS) plan.rcode = MESSAGE_SERVFAIL;
  if (plan.place.class->kind == WORLD_SILENT && plan.ms == 0) plan.ms = -1;
  return plan;
}

static struct plan plan_own_server(const struct plan *found, uint32_t asked) {
  struct plan plan = *found;
  plan.role = MESSAGE_AUTHORITY;
  plan.rcode = MESSAGE_NXDOMAIN;
  plan.ms = plan.place.ms;
  if ((asked & (WORLD_SERVERS - 1)) != plan.place.server || plan.place.class->kind == WORLD_REFUSES)
    plan.rcode = MESSAGE_REFUSED;
  else if (plan.place.class->kind == WORLD_SILENT)
    plan.ms = -1;
  return plan;
}

static struct plan plan_authority(struct server *server, const struct question *question,
                                  uint32_t asked) {
  struct plan plan = {.rcode = MESSAGE_NXDOMAIN, .role = MESSAGE_ROOT};
  plan.ms = server->settings.referral;
  if (!world_find(&server->options->world, question->domain, &plan.place)) {
    if (!strchr(question->name, '.')) plan.rcode = MESSAGE_NOERROR; /* the root and the TLDs */
    return plan;
  }
  plan.referral = asked < OWN_SERVERS;
  return plan.referral ? plan : plan_own_server(&plan, asked);
}

/* Of a name's own zone: the domain, ns.DOMAIN, and the record where there is one. */
static size_t server_answer(const struct server *server, const struct question *question,
                            const struct plan *plan, uint8_t *out) {
  uint32_t address = OWN_SERVERS | plan->place.server;
  enum message_role role = plan->role;
  int rcode = server->settings.rcode >= 0 ? (int)server->settings.rcode : plan->rcode;
  bool lies = server->settings.lie && rcode == MESSAGE_NXDOMAIN;
  if (plan->referral && server->settings.rcode < 0)
    return message_server(out, question, true, address);
  if (role == MESSAGE_ROOT && !*question->name && question->type == MESSAGE_NS)
    return message_server(out, question, false, ROOT_ADDRESS);
  if (rcode == -1) return message_address(out, question, role, INADDR_LOOPBACK);
  if (rcode != MESSAGE_NXDOMAIN) return message_empty(out, question, role, rcode);
  bool is_record = plan->place.deployed && !strncmp(question->name, "_mta-sts.", 9) &&
                   question->name + 9 == question->domain;
  if ((is_record || lies) && question->type == MESSAGE_TXT)
    return message_txt(out, question, role, is_record ? record_text : "v=spf1 -all");
  bool is_server = role == MESSAGE_AUTHORITY && !strncmp(question->name, "ns.", 3);
  if ((is_server || lies) && question->type == MESSAGE_A)
    return message_address(out, question, role, is_server ? address : INADDR_LOOPBACK);
  bool exists = is_record || is_server || lies || question->name == question->domain;
  if (!plan->place.class && !lies) exists = false;
  return message_empty(out, question, role, exists ? MESSAGE_NOERROR : MESSAGE_NXDOMAIN);
}

/* The time until the answer is sent stretched to the end of a stall. */
static uint64_t server_stall(const struct server *server, uint64_t due) {
  uint64_t stall = (uint64_t)(server->settings.stall * NS_PER_MS);
  uint64_t phase = (due - server->begin) % (uint64_t)NS_PER_SECOND;
  return phase < stall ? due + stall - phase : due;
}

/* A name that has been asked for is answered when it is known, and from the cache from then on. */
static uint64_t server_due(const struct server *server, struct seen_entry *entry,
                           const struct plan *plan, uint64_t from) {
  uint64_t due = from + (uint64_t)(plan->ms * server->settings.slower * NS_PER_MS);
  if (entry && !plan->cached) {
    uint64_t hit = from + (uint64_t)(server->settings.hit * NS_PER_MS);
    if (!entry->ready) entry->ready = due;
    due = entry->ready > hit ? entry->ready : hit;
  }
  return server_stall(server, due);
}

enum entrance { ENTERS, DROPPED, REFUSED };

/* The limit of queries a second. *from: when the query is taken up. */
static enum entrance server_enter(struct server *server, uint64_t *from) {
  const struct settings *settings = &server->settings;
  *from = server->now;
  if (!settings->rate) return ENTERS;
  if (settings->over == OVER_QUEUES) {
    if (server->free_at < server->now) server->free_at = server->now;
    double waits = (double)(server->free_at - server->now) / NS_PER_SECOND * settings->rate;
    if (waits >= settings->queue) return DROPPED;
    server->free_at += (uint64_t)(NS_PER_SECOND / settings->rate);
    *from = server->free_at;
    return ENTERS;
  }
  double passed = (double)(server->now - server->refilled) / NS_PER_SECOND;
  server->allowance = fmin(server->allowance + passed * settings->rate,
                           fmax(1, settings->rate * RATE_BURST_MS / 1e3));
  server->refilled = server->now;
  if (server->allowance < 1) return settings->over == OVER_REFUSES ? REFUSED : DROPPED;
  server->allowance--;
  return ENTERS;
}

static void server_schedule(struct server *server, const struct question *question,
                            const struct sockaddr_in *peer, struct in_addr asked, uint64_t key) {
  bool recursive = server->options->role == MESSAGE_RECURSIVE;
  struct plan plan = recursive ? plan_resolver(server, question)
                               : plan_authority(server, question, ntohl(asked.s_addr));
  uint64_t from;
  enum entrance entrance = server_enter(server, &from);
  if (entrance != ENTERS) server->account->over++;
  if (entrance == REFUSED) {
    plan = (struct plan){.rcode = MESSAGE_REFUSED, .cached = true};
    from = server->now;
  }
  if (entrance == DROPPED || plan.ms < 0) return;
  struct reply *reply = pending_room(server->pending);
  if (!reply ||
      (!plan.cached && (double)pending_count(server->pending) >= server->settings.pending)) {
    server->account->full++;
    return;
  }
  struct seen_entry *entry = recursive ? seen_find(&server->seen, key) : NULL;
  reply->due = server_due(server, entry, &plan, from);
  reply->key = plan.cached ? 0 : key;
  reply->peer = *peer;
  reply->from = asked;
  reply->len = (uint16_t)server_answer(server, question, &plan, reply->octets);
  pending_add(server->pending);
  size_t count = pending_count(server->pending);
  if (count > server->account->pending_peak) server->account->pending_peak = count;
}

static void server_take(struct server *server, const uint8_t *octets, size_t len,
                        const struct sockaddr_in *peer, struct in_addr asked) {
  struct question question;
  if (!question_read(octets, len, &question)) {
    server->account->unread++;
    return;
  }
  if (!server->begin) server->begin = server->now;
  server->account->queries++;
  server->account->second[server_second(server)].queries++;
  uint64_t key = world_hash(question.type, question.name, strlen(question.name));
  seen_find(&server->seen, key);
  if (server_loses(server) || server->settings.silent) return;
  server_schedule(server, &question, peer, asked, key);
}

static struct in_addr server_asked(struct msghdr *message) {
  struct in_addr asked = {htonl(INADDR_LOOPBACK)};
  for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo info;
      memcpy(&info, CMSG_DATA(c), sizeof info);
      asked = info.ipi_addr;
    }
  return asked;
}

struct control {
  _Alignas(struct cmsghdr) char octets[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

static void server_receive(struct server *server) {
  static uint8_t octets[BATCH][DATAGRAM_MAX];
  struct mmsghdr messages[BATCH];
  struct iovec parts[BATCH];
  struct sockaddr_in peers[BATCH];
  struct control controls[BATCH];
  for (size_t i = 0; i < BATCH; i++) {
    parts[i] = (struct iovec){octets[i], DATAGRAM_MAX};
    messages[i].msg_hdr = (struct msghdr){.msg_name = &peers[i],
                                          .msg_namelen = sizeof peers[i],
                                          .msg_iov = &parts[i],
                                          .msg_iovlen = 1,
                                          .msg_control = controls[i].octets,
                                          .msg_controllen = sizeof controls[i].octets};
  }
  int count = recvmmsg(server->fd, messages, BATCH, MSG_DONTWAIT, NULL);
  for (int i = 0; i < count; i++)
    server_take(server, octets[i], messages[i].msg_len, &peers[i],
                server_asked(&messages[i].msg_hdr));
}

static void server_count_answer(struct server *server, const struct reply *reply) {
  size_t second = server_second(server);
  server->account->answers++;
  server->account->second[second].answers++;
  struct seen_entry *entry = reply->key ? seen_find(&server->seen, reply->key) : NULL;
  if (!entry || entry->answered) return;
  entry->answered = true;
  server->account->second[second].names++;
}

static void server_send(struct server *server, const struct reply *reply) {
  if (server->settings.silent || server_loses(server)) return;
  struct control control = {{0}};
  struct iovec part = {(void *)(uintptr_t)reply->octets, reply->len};
  struct msghdr message = {.msg_name = (void *)(uintptr_t)&reply->peer,
                           .msg_namelen = sizeof reply->peer,
                           .msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = control.octets,
                           .msg_controllen = sizeof control.octets};
  struct in_pktinfo info = {.ipi_spec_dst = reply->from};
  struct cmsghdr *c = CMSG_FIRSTHDR(&message);
  c->cmsg_level = IPPROTO_IP;
  c->cmsg_type = IP_PKTINFO;
  c->cmsg_len = CMSG_LEN(sizeof info);
  memcpy(CMSG_DATA(c), &info, sizeof info);
  if (sendmsg(server->fd, &message, 0) > 0) server_count_answer(server, reply);
}

static void server_send_due(struct server *server) {
  const struct reply *reply;
  while ((reply = pending_first(server->pending)) && reply->due <= server->now) {
    server_send(server, reply);
    pending_drop_first(server->pending);
  }
}

/* ns until something is to be done. */
static uint64_t server_patience(const struct server *server, double next_change) {
  double wait = IDLE_MS * NS_PER_MS;
  const struct reply *reply = pending_first(server->pending);
  if (reply) wait = fmin(wait, reply->due > server->now ? (double)(reply->due - server->now) : 0);
  if (server->begin)
    wait = fmin(wait, fmax(0, next_change - server_seconds(server)) * NS_PER_SECOND);
  return (uint64_t)wait;
}

static void server_loop(struct server *server) {
  struct pollfd poll = {.fd = server->fd, .events = POLLIN};
  while (!server_ended) {
    server->now = server_clock();
    double next = server->begin
                      ? changes_apply(&server->changes, &server->settings, server_seconds(server))
                      : INFINITY;
    server_send_due(server);
    uint64_t wait = server_patience(server, next);
    struct timespec time = {(time_t)(wait / 1000000000), (long)(wait % 1000000000)};
    if (ppoll(&poll, 1, &time, NULL) <= 0) continue;
    server->now = server_clock();
    server_receive(server);
  }
}

static int server_open(const struct sockaddr_in *listen) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  int size = SOCKET_BUFFER, on = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size))
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size))
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  if (!setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) &&
      !bind(fd, (const struct sockaddr *)listen, sizeof *listen))
    return fd;
  close(fd);
  return -1;
}

bool server_run(const struct server_options *options, struct account *account) {
  struct server server = {.options = options,
                          .settings = options->settings,
                          .changes = options->changes,
                          .account = account,
                          .chance = options->world.seed,
                          .fd = -1};
  signal(SIGTERM, server_end);
  signal(SIGINT, server_end);
  server.pending = pending_new();
  server.fd = server_open(&options->listen);
  bool began = server.pending && server.fd >= 0;
  if (began)
    server_loop(&server);
  else
    perror("internet");
  account->questions = server.seen.count;
  pending_free(server.pending);
  seen_free(&server.seen);
  if (server.fd >= 0) close(server.fd);
  return began;
}
