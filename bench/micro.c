/* What single steps cost: CPU time of a parse and of a match, and the memory of a domain in flight.
 * The least of several rounds is told.
 */
#include "output/base/mx_pattern.h"
#include "scanner/journey/job.h"
#include "scanner/journey/journey.h"
#include "scanner/sts/policy.h"
#include <arpa/inet.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 7, STEPS = 200000, JOBS = 2000 };

#define MICRO_POLICY                                                                               \
  "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.mx.example.com\r\n"            \
  "max_age: 604800\r\n"

static void micro_domain(struct arena *arena) {
  struct domain domain;
  const char *why;
  domain_parse(SPAN("www.Example.co.uk"), arena, &domain, &why);
}

static void micro_record(struct arena *arena) {
  struct span txt = SPAN("v=STSv1; id=20260408T100000;"), id;
  struct finding_list findings = {.arena = arena};
  record_judge((struct spans){&txt, 1}, &findings, &id);
}

static void micro_policy(struct arena *arena) {
  struct finding_list findings = {.arena = arena};
  struct result_policy policy = {.mode = MODE_COUNT};
  policy_parse(SPAN(MICRO_POLICY), &findings, &policy);
}

static void micro_match(struct arena *arena) {
  (void)arena;
  volatile bool covered =
      mx_pattern_covers(SPAN("*.mx.example.com"), SPAN("inbound1.mx.example.com"));
  (void)covered;
}

static double cpu_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void micro_time(const char *what, void (*step)(struct arena *arena)) {
  struct arena arena = {0};
  double best = 0;
  for (int round = 0; round < ROUNDS; round++) {
    double start = cpu_ns();
    for (int i = 0; i < STEPS; i++) {
      step(&arena);
      arena_reset(&arena);
    }
    double ns = (cpu_ns() - start) / STEPS;
    if (round == 0 || ns < best) best = ns;
  }
  arena_free(&arena);
  printf("%-34s %8.0f ns\n", what, best);
}

/* A name server's address where nobody answers: what is asked stays in flight. */
static int micro_silence(union address *address) {
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof here;
  char text[32];
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&here, size) ||
      getsockname(fd, (struct sockaddr *)&here, &size))
    exit(1);
  int len = snprintf(text, sizeof text, "127.0.0.1:%u", ntohs(here.sin_port));
  if (address_parse((struct span){text, (size_t)len}, 53, address)) exit(1);
  return fd;
}

static void micro_in_flight(void) {
  union address silent;
  int fd = micro_silence(&silent);
  struct resolver_config resolver_config = {.servers = &silent,
                                            .server_count = 1,
                                            .timeout_ms = RESOLVER_TIMEOUT_DEFAULT_MS,
                                            .tries = RESOLVER_TRIES_DEFAULT};
  struct resolver *resolver = NULL;
  struct journey *journey = NULL;
  uv_loop_t *loop = uv_default_loop();
  if (resolver_new(&resolver, loop, &resolver_config)) exit(1);
  struct journey_config config = {.loop = loop, .resolver = resolver, .jobs_max = JOBS};
  if (journey_new(&journey, &config)) exit(1);
  size_t before = mallinfo2().uordblks;
  for (uint64_t n = 1; n <= JOBS; n++) {
    char name[32];
    size_t len = (size_t)snprintf(name, sizeof name, "domain%llu.example", (unsigned long long)n);
    struct list_entry entry = {.text = {name, len}, .name = {name, len}};
    if (journey_start(journey, n, &entry)) exit(1);
  }
  size_t bytes = mallinfo2().uordblks - before;
  printf("%-34s %8zu bytes, %zu of them its slot\n", "an absent domain in flight", bytes / JOBS,
         sizeof(struct job));
  printf("%-34s %8zu bytes before its texts and its fetch\n", "a deployed one, more",
         sizeof(struct deployment));
  resolver_close(resolver);
  uv_run(loop, UV_RUN_DEFAULT);
  journey_free(journey);
  close(fd);
}

int main(void) {
  micro_time("a domain name read", micro_domain);
  micro_time("a record judged", micro_record);
  micro_time("a policy parsed", micro_policy);
  micro_time("an MX host matched", micro_match);
  micro_in_flight();
  return 0;
}
