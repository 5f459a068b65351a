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
  struct rate_limit *dns_limit, *https_limit;
  struct address_limits *limits;
  struct cidr_set own; /* the machine's addresses */
  psl_ctx_t *psl;
  bool ipv6; /* there is a route */
  struct resolver *resolver;
  struct fetcher *fetcher;
  struct mail_probing mail;
  struct prober *prober; /* NULL: mail servers are not asked */
  struct journey *journey;
  struct near_names near;
  uv_timer_t tick; /* while a domain waits */
  bool waits;      /* told */
  bool over;       /* with the domain that was asked about */
  enum err err;
};

static void single_check_emit(void *data, const struct result *result) {
  struct single_check *single = data;
  struct result told = *result;
  single->over = true;
  single->err = near_names_tell(&single->near, &told);
  if (single->err == ERR_NONE) single->config.emit(single->config.data, &told);
}

static void single_check_fail(void *data, enum err err) {
  struct single_check *single = data;
  single->over = true;
  single->err = err;
}

static enum err single_check_make_shared(struct single_check *single) {
  const struct single_check_config *config = &single->config;
  enum err err = rate_limit_new(&single->dns_limit, config->dns_rate, 1);
  if (err == ERR_NONE) err = rate_limit_new(&single->https_limit, config->https_rate, 1);
  if (err == ERR_NONE)
    err = address_limits_new(&single->limits, config->per_address, config->per_address_rate, 1);
  if (err == ERR_NONE) err = interfaces_load(&single->own);
  if (err == ERR_NONE && uv_loop_init(&single->loop) != 0) err = ERR_MEMORY;
  single->loop_made = err == ERR_NONE;
  if (single->loop_made) uv_timer_init(&single->loop, &single->tick);
  single->psl = psl_latest(NULL);
  if (err == ERR_NONE) err = ipv6_route_look_up(&single->ipv6);
  single->ipv6 &= source_address_has_ipv6(&config->source);
  return err;
}

static enum err single_check_make_resolver(struct single_check *single) {
  struct resolver_config config = {
      .servers = single->config.servers.at,
      .server_count = single->config.servers.count,
      .source = &single->config.source,
      .timeout_ms = single->config.dns_timeout_ms,
      .tries = single->config.dns_tries,
      .tries_on_loss = single->config.dns_tries_on_loss,
      .rate_limit = single->dns_limit,
  };
  return resolver_new(&single->resolver, &single->loop, &config);
}

static enum err single_check_make_fetcher(struct single_check *single, const char **why) {
  struct fetcher_config config = single->config.fetcher;
  config.in_flight_max = 1;
  config.limits = single->limits;
  config.own = &single->own;
  config.source = &single->config.source;
  config.rate_limit = single->https_limit;
  return fetcher_new(&single->fetcher, &single->loop, &config, why);
}

static enum err single_check_make_prober(struct single_check *single) {
  const struct single_check_config *config = &single->config;
  enum err err = mail_probing_new(&single->mail, &config->mail, 1);
  if (err != ERR_NONE || !single->mail.hosts) return err;
  struct prober_config prober = mail_probing_config(&single->mail, &config->mail, &config->fetcher);
  prober.filter.own = &single->own;
  prober.source = &config->source;
  prober.trust = fetcher_trust(single->fetcher);
  return prober_new(&single->prober, &single->loop, &prober);
}

static enum err single_check_make_journey(struct single_check *single) {
  struct journey_config config = {
      .loop = &single->loop,
      .resolver = single->resolver,
      .fetcher = single->fetcher,
      .block = single->config.fetcher.block,
      .psl = single->psl,
      .ipv6 = single->ipv6,
      .https_port = single->config.fetcher.port,
      .policy_size_max = single->config.fetcher.policy_size_max,
      .jobs_max = 1,
      .wrong_paths = true,
      .ask = single->config.ask,
      .second_look_ms = single->config.second_look_ms,
      .second_look_max = 1,
      .hosts = single->mail.hosts,
      .prober = single->prober,
      .probe_once = true,
      .dane = single->config.mail.dane,
      .visits_max = VISITS_MAX,
      .emit = single_check_emit,
      .fail = single_check_fail,
      .data = single,
  };
  return journey_new(&single->journey, &config);
}

enum err single_check_new(struct single_check **single, const struct single_check_config *config,
                          const char **why) {
  struct single_check *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->config = *config;
  enum err err = single_check_make_shared(made);
  if (err == ERR_NONE) err = single_check_make_resolver(made);
  if (err == ERR_NONE) err = single_check_make_fetcher(made, why);
  if (err == ERR_NONE) err = single_check_make_prober(made);
  if (err == ERR_NONE) err = single_check_make_journey(made);
  if (err == ERR_NONE)
    *single = made;
  else
    single_check_free(made);
  return err;
}

static void single_check_on_tick(uv_timer_t *tick) {
  (void)tick;
}

/* A second look, when it is time for it. */
static void single_check_look_again(struct single_check *single, struct span domain) {
  if (journey_waiting(single->journey) > 0 && !single->waits) {
    single->waits = true;
    single->config.waits(single->config.data, domain);
    uv_update_time(&single->loop);
    uv_timer_start(&single->tick, single_check_on_tick, SINGLE_CHECK_TICK_MS, SINGLE_CHECK_TICK_MS);
  }
  journey_look_again(single->journey);
  if (journey_waiting(single->journey) == 0) uv_timer_stop(&single->tick);
}

enum err single_check_ask(struct single_check *single, uint64_t n, struct span text) {
  struct list_entry entry = {.text = text, .name = text};
  list_entry_host(&entry);
  struct span domain = entry.name;
  single->over = single->waits = false;
  single->err = ERR_NONE;
  uv_update_time(&single->loop); /* it stood still while the caller was busy */
  enum err err =
      near_names_ask(&single->near, single->resolver, single->config.fetcher.block, domain);
  while (single->near.waiting) uv_run(&single->loop, UV_RUN_ONCE);
  if (err == ERR_NONE) err = journey_start(single->journey, n, &entry);
  while (err == ERR_NONE && !single->over) {
    single_check_look_again(single, domain);
    uv_run(&single->loop, UV_RUN_ONCE);
  }
  return err == ERR_NONE ? single->err : err;
}

void single_check_know_servers(struct single_check *single,
                               const enum resolver_check_verdict *verdicts) {
  resolver_check_apply(verdicts, single->resolver);
}

void single_check_free(struct single_check *single) {
  if (!single) return;
  if (single->resolver) resolver_close(single->resolver);
  if (single->prober) prober_close(single->prober);
  if (single->fetcher) fetcher_close(single->fetcher);
  journey_close(single->journey);
  if (single->loop_made) {
    uv_close((uv_handle_t *)&single->tick, NULL);
    uv_run(&single->loop, UV_RUN_DEFAULT);
    uv_loop_close(&single->loop);
  }
  journey_free(single->journey);
  mail_probing_free(&single->mail);
  near_names_free(&single->near);
  psl_free(single->psl);
  address_limits_free(single->limits);
  cidr_set_free(&single->own);
  rate_limit_free(single->https_limit);
  rate_limit_free(single->dns_limit);
  free(single);
}
