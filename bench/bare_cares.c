/* What DNS lookups cost at best: a bare c-ares loop that asks TXT _mta-sts.NAME for each line of a
 * file, N in flight, first retry after 250 ms, and drops the answers.
 *
 *   bare_cares SERVER:PORT FILE [IN-FLIGHT]
 */
#define CARES_NO_DEPRECATED
#include "bench/names.h"
#include "scanner/dns/message.h"
#include <ares.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

enum {
  IN_FLIGHT = 100,
  RETRY_MS = 250,
  TRIES = 6,
  EVENTS = 16,
  TICK_MS = 50,
  BUFFER = 1024 * 1024
};

struct bare {
  ares_channel channel;
  int epoll;
  struct names names;
  size_t next;
  size_t in_flight;
  size_t answered;
};

static void bare_ask(struct bare *bare);

static void bare_done(void *data, int status, int timeouts, unsigned char *packet, int size) {
  struct bare *bare = data;
  (void)timeouts;
  (void)packet;
  (void)size;
  bare->in_flight--;
  if (status == ARES_SUCCESS) bare->answered++;
  if (status != ARES_EDESTRUCTION) bare_ask(bare);
}

static void bare_ask(struct bare *bare) {
  unsigned char packet[DNS_QUERY_SIZE_MAX];
  while (bare->next < bare->names.count) {
    struct span name = bare->names.at[bare->next++];
    size_t size = message_query(packet, (uint16_t)bare->next, name, DNS_TYPE_TXT, true);
    if (!size) continue;
    bare->in_flight++;
    ares_send(bare->channel, packet, (int)size, bare_done, bare);
    return;
  }
}

static void bare_socket_state(void *data, ares_socket_t fd, int readable, int writable) {
  struct bare *bare = data;
  struct epoll_event event = {.data.fd = fd};
  if (readable) event.events |= EPOLLIN;
  if (writable) event.events |= EPOLLOUT;
  if (!event.events)
    epoll_ctl(bare->epoll, EPOLL_CTL_DEL, fd, NULL);
  else if (epoll_ctl(bare->epoll, EPOLL_CTL_ADD, fd, &event))
    epoll_ctl(bare->epoll, EPOLL_CTL_MOD, fd, &event);
}

static void bare_open(struct bare *bare, const char *server) {
  struct ares_options options = {
      .flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_STAYOPEN | ARES_FLAG_EDNS,
      .timeout = RETRY_MS,
      .tries = TRIES,
      .ednspsz = DNS_UDP_SIZE,
      .socket_send_buffer_size = BUFFER,
      .socket_receive_buffer_size = BUFFER,
      .sock_state_cb = bare_socket_state,
      .sock_state_cb_data = bare,
  };
  int set = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ |
            ARES_OPT_SOCK_SNDBUF | ARES_OPT_SOCK_RCVBUF | ARES_OPT_SOCK_STATE_CB;
#ifdef ARES_OPT_QUERY_CACHE
  set |= ARES_OPT_QUERY_CACHE;
#endif
  bare->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (bare->epoll < 0 || ares_init_options(&bare->channel, &options, set) ||
      ares_set_servers_ports_csv(bare->channel, server)) {
    fprintf(stderr, "bare_cares: cannot set up\n");
    exit(1);
  }
}

static void bare_run(struct bare *bare, size_t in_flight) {
  struct epoll_event events[EVENTS];
  while (in_flight--) bare_ask(bare);
  while (bare->in_flight) {
    int count = epoll_wait(bare->epoll, events, EVENTS, TICK_MS);
    for (int i = 0; i < count; i++) {
      ares_socket_t fd = events[i].data.fd;
      bool writable = events[i].events & EPOLLOUT;
      ares_process_fd(bare->channel, fd, writable ? fd : ARES_SOCKET_BAD);
    }
    if (count <= 0) ares_process_fd(bare->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  }
}

static double bare_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: bare_cares SERVER:PORT FILE [IN-FLIGHT]\n");
    return 2;
  }
  struct bare bare = {.names = names_read(argv[2])};
  bare_open(&bare, argv[1]);
  double start = bare_clock();
  bare_run(&bare, argc > 3 ? strtoul(argv[3], NULL, 10) : IN_FLIGHT);
  names_report("bare c-ares", bare.names.count, bare.answered, bare.next, bare_clock() - start);
  ares_destroy(bare.channel);
  names_free(&bare.names);
  return 0;
}
