/* The same work as bare_cares through our resolver: TXT _mta-sts.NAME for each line of a file,
 * answers read and dropped.
 *
 *   resolver_loop SERVER:PORT[,...] FILE [LOOKUPS-AT-ONCE]
 */
#include "bench/names.h"
#include "scanner/resolver/resolver.h"
#include <stdio.h>
#include <stdlib.h>

enum { AT_ONCE = 4000 };

struct loop_slot {
  struct lookup lookup;
  struct arena arena;
  struct loop *loop;
};

struct loop {
  struct resolver *resolver;
  struct names names;
  size_t next;
  size_t ended[4];
  size_t under_way;
  int64_t slowest_ms;
};

static void loop_next(struct loop_slot *slot);

static void loop_done(struct lookup *lookup) {
  struct loop_slot *slot = lookup->data;
  struct loop *loop = slot->loop;
  loop->ended[lookup->end]++;
  if (lookup->ms > loop->slowest_ms) loop->slowest_ms = lookup->ms;
  loop->under_way--;
  arena_reset(&slot->arena);
  loop_next(slot);
}

static void loop_next(struct loop_slot *slot) {
  struct loop *loop = slot->loop;
  while (loop->next < loop->names.count) {
    slot->lookup = (struct lookup){.name = loop->names.at[loop->next++],
                                   .type = DNS_TYPE_TXT,
                                   .arena = &slot->arena,
                                   .done = loop_done,
                                   .data = slot};
    if (resolver_ask(loop->resolver, &slot->lookup)) continue;
    loop->under_way++;
    return;
  }
}

static void loop_report(const struct loop *loop, double seconds) {
  uint64_t queries = 0;
  for (size_t i = 0; i < resolver_server_count(loop->resolver); i++) {
    struct resolver_server server;
    char text[ADDRESS_TEXT_MAX];
    resolver_server(loop->resolver, i, &server);
    address_text(&server.address, text);
    fprintf(stderr, "%s: sent %llu, answered %llu, lost %llu, window %u, rtt %u us%s\n", text,
            (unsigned long long)server.sent, (unsigned long long)server.answered,
            (unsigned long long)server.lost, server.window, server.rtt_us,
            server.resting ? ", resting" : "");
    queries += server.sent;
  }
  fprintf(stderr, "timeouts %zu, malformed %zu, failed %zu, slowest %lld ms\n",
          loop->ended[LOOKUP_TIMEOUT], loop->ended[LOOKUP_MALFORMED], loop->ended[LOOKUP_FAILED],
          (long long)loop->slowest_ms);
  names_report("resolver", loop->names.count, loop->ended[LOOKUP_ANSWERED], queries, seconds);
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: resolver_loop SERVER:PORT[,...] FILE [LOOKUPS-AT-ONCE]\n");
    return 2;
  }
  union address servers[RESOLVER_SERVER_MAX];
  struct resolver_config config = {.servers = servers,
                                   .timeout_ms = RESOLVER_TIMEOUT_DEFAULT_MS,
                                   .tries = RESOLVER_TRIES_DEFAULT};
  struct span rest = span_of(argv[1]);
  while (rest.len && config.server_count < RESOLVER_SERVER_MAX)
    if (address_parse(span_cut(&rest, ','), 53, &servers[config.server_count++])) return 2;
  struct loop loop = {.names = names_read(argv[2])};
  size_t at_once = argc > 3 ? strtoul(argv[3], NULL, 10) : AT_ONCE;
  struct loop_slot *slots = calloc(at_once, sizeof *slots);
  if (!slots || resolver_new(&loop.resolver, uv_default_loop(), &config)) return 1;
  uint64_t start = uv_hrtime();
  for (size_t i = 0; i < at_once; i++) {
    slots[i].loop = &loop;
    loop_next(&slots[i]);
  }
  while (loop.under_way && uv_run(uv_default_loop(), UV_RUN_ONCE)) continue;
  loop_report(&loop, (double)(uv_hrtime() - start) / 1e9);
  resolver_close(loop.resolver);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  for (size_t i = 0; i < at_once; i++) arena_free(&slots[i].arena);
  free(slots);
  names_free(&loop.names);
  return 0;
}
