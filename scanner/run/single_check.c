#include "scanner/run/single_check.h"

#include "scanner/journey/journey.h"
#include "scanner/net/interfaces.h"
#include "scanner/net/ipv6_route.h"
#include "scanner/run/near_names.h"
#include <stdlib.h>

enum { SINGLE_CHECK_TICK_MS = 100 };

struct single_check {
  struct single_check_config config;
  uv_loop_t loop;
  bool loop_made;
  struct rate_limit *dns_pace, *https_pace;
  struct address_limits *limits;
  struct cidr_set own; /* the machine's addresses */
  psl_ctx_t *psl;
  bool ipv6; /* there is a route */
  struct resolver *resolver;
  struct fetcher *fetcher;
  struct journey *journey;
  struct near_names near;
  uv_timer_t tick; /* while a domain waits */
  bool waits;      /* told */
  bool over;       /* with the domain that was asked about */
  enum err err;
};

static void single_check_emit(void *data, const struct result *result) {
  struct single_check *enquiry = data;
  struct result told = *result;
  enquiry->over = true;
  enquiry->err = near_names_tell(&enquiry->near, &told);
  if (enquiry->err == ERR_NONE) enquiry->config.emit(enquiry->config.data, &told);
}

static void single_check_fail(void *data, enum err err) {
  struct single_check *enquiry = data;
  enquiry->over = true;
  enquiry->err = err;
}

static enum err single_check_make_shared(struct single_check *enquiry) {
  const struct single_check_config *config = &enquiry->config;
  enum err err = rate_limit_new(&enquiry->dns_pace, config->dns_rate, 1);
  if (err == ERR_NONE) err = rate_limit_new(&enquiry->https_pace, config->https_rate, 1);
  if (err == ERR_NONE)
    err = address_limits_new(&enquiry->limits, config->per_address, config->per_address_rate, 1);
  if (err == ERR_NONE) err = interfaces_load(&enquiry->own);
  if (err == ERR_NONE && uv_loop_init(&enquiry->loop) != 0) err = ERR_MEMORY;
  enquiry->loop_made = err == ERR_NONE;
  if (enquiry->loop_made) uv_timer_init(&enquiry->loop, &enquiry->tick);
  enquiry->psl = psl_latest(NULL);
  if (err == ERR_NONE) err = ipv6_route_look_up(&enquiry->ipv6);
  enquiry->ipv6 &= source_address_has_ipv6(&config->source);
  return err;
}

static enum err single_check_make_resolver(struct single_check *enquiry) {
  struct resolver_config config = {
      .servers = enquiry->config.servers.at,
      .server_count = enquiry->config.servers.count,
      .source = &enquiry->config.source,
      .timeout_ms = enquiry->config.dns_timeout_ms,
      .tries = enquiry->config.dns_tries,
      .pace = enquiry->dns_pace,
  };
  return resolver_new(&enquiry->resolver, &enquiry->loop, &config);
}

static enum err single_check_make_fetcher(struct single_check *enquiry, const char **why) {
  struct fetcher_config config = enquiry->config.fetcher;
  config.in_flight_max = 1;
  config.limits = enquiry->limits;
  config.own = &enquiry->own;
  config.source = &enquiry->config.source;
  config.pace = enquiry->https_pace;
  return fetcher_new(&enquiry->fetcher, &enquiry->loop, &config, why);
}

static enum err single_check_make_journey(struct single_check *enquiry) {
  struct journey_config config = {
      .loop = &enquiry->loop,
      .resolver = enquiry->resolver,
      .fetcher = enquiry->fetcher,
      .block = enquiry->config.fetcher.block,
      .psl = enquiry->psl,
      .ipv6 = enquiry->ipv6,
      .https_port = enquiry->config.fetcher.port,
      .policy_size_max = enquiry->config.fetcher.policy_size_max,
      .jobs_max = 1,
      .second_look_ms = enquiry->config.second_look_ms,
      .second_look_max = 1,
      .emit = single_check_emit,
      .fail = single_check_fail,
      .data = enquiry,
  };
  return journey_new(&enquiry->journey, &config);
}

enum err single_check_new(struct single_check **enquiry, const struct single_check_config *config,
                          const char **why) {
  struct single_check *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->config = *config;
  enum err err = single_check_make_shared(made);
  if (err == ERR_NONE) err = single_check_make_resolver(made);
  if (err == ERR_NONE) err = single_check_make_fetcher(made, why);
  if (err == ERR_NONE) err = single_check_make_journey(made);
  if (err == ERR_NONE)
    *enquiry = made;
  else
    single_check_free(made);
  return err;
}

static void single_check_on_tick(uv_timer_t *tick) {
  (void)tick;
}

/* A second look, when it is time for it. */
static void single_check_look_again(struct single_check *enquiry, struct span domain) {
  if (journey_waiting(enquiry->journey) > 0 && !enquiry->waits) {
    enquiry->waits = true;
    enquiry->config.waits(enquiry->config.data, domain);
    uv_update_time(&enquiry->loop);
    uv_timer_start(&enquiry->tick, single_check_on_tick, SINGLE_CHECK_TICK_MS,
                   SINGLE_CHECK_TICK_MS);
  }
  journey_look_again(enquiry->journey);
  if (journey_waiting(enquiry->journey) == 0) uv_timer_stop(&enquiry->tick);
}

enum err single_check_ask(struct single_check *enquiry, uint64_t n, struct span domain) {
  const struct list_entry entry = {.text = domain, .name = domain};
  enquiry->over = enquiry->waits = false;
  enquiry->err = ERR_NONE;
  uv_update_time(&enquiry->loop); /* it stood still while the caller was busy */
  enum err err =
      near_names_ask(&enquiry->near, enquiry->resolver, enquiry->config.fetcher.block, domain);
  while (enquiry->near.waiting) uv_run(&enquiry->loop, UV_RUN_ONCE);
  if (err == ERR_NONE) err = journey_start(enquiry->journey, n, &entry);
  while (err == ERR_NONE && !enquiry->over) {
    single_check_look_again(enquiry, domain);
    uv_run(&enquiry->loop, UV_RUN_ONCE);
  }
  return err == ERR_NONE ? enquiry->err : err;
}

void single_check_know_servers(struct single_check *enquiry,
                               const enum resolver_check_verdict *verdicts) {
  resolver_check_apply(verdicts, enquiry->resolver);
}

void single_check_free(struct single_check *enquiry) {
  if (!enquiry) return;
  if (enquiry->resolver) resolver_close(enquiry->resolver);
  if (enquiry->fetcher) fetcher_close(enquiry->fetcher);
  journey_close(enquiry->journey);
  if (enquiry->loop_made) {
    uv_close((uv_handle_t *)&enquiry->tick, NULL);
    uv_run(&enquiry->loop, UV_RUN_DEFAULT);
    uv_loop_close(&enquiry->loop);
  }
  journey_free(enquiry->journey);
  near_names_free(&enquiry->near);
  psl_free(enquiry->psl);
  address_limits_free(enquiry->limits);
  cidr_set_free(&enquiry->own);
  rate_limit_free(enquiry->https_pace);
  rate_limit_free(enquiry->dns_pace);
  free(enquiry);
}
