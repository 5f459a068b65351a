#include "scanner/run/mail_probing.h"

#include "scanner/run/notice.h"

enum err mail_probing_new(struct mail_probing *probing, const struct mail_options *options,
                          unsigned parts) {
  *probing = (struct mail_probing){0};
  if (!options->ehlo[0]) return ERR_NONE;
  enum err err = hosts_new(&probing->hosts, HOSTS_BYTES_MAX);
  if (err == ERR_NONE) err = port_watch_new(&probing->port_watch);
  if (err == ERR_NONE) err = rate_limit_new(&probing->rate_limit, options->rate, parts);
  if (err == ERR_NONE)
    err = address_limits_new(&probing->limits, options->per_address, options->per_address_rate,
                             parts);
  return err;
}

void mail_probing_free(struct mail_probing *probing) {
  hosts_free(probing->hosts);
  port_watch_free(probing->port_watch);
  address_limits_free(probing->limits);
  rate_limit_free(probing->rate_limit);
  *probing = (struct mail_probing){0};
}

struct prober_config mail_probing_config(const struct mail_probing *probing,
                                         const struct mail_options *options,
                                         const struct fetcher_config *fetcher) {
  return (struct prober_config){
      .ehlo = options->ehlo,
      .port = options->port,
      .times = {.connect_ms = fetcher->connect_timeout_ms,
                .reply_ms = PROBE_REPLY_MS,
                .handshake_ms = PROBE_HANDSHAKE_MS,
                .total_ms = options->timeout_ms,
                .quit_ms = PROBE_QUIT_MS},
      .pause_ms = PROBER_PAUSE_MS,
      .in_flight_max = PROBER_IN_FLIGHT_MAX,
      .filter = {.allow_private = fetcher->allow_private,
                 .block = fetcher->block,
                 .own = fetcher->own},
      .source = fetcher->source,
      .limits = probing->limits,
      .rate_limit = probing->rate_limit,
  };
}

void mail_probing_tell_closed(const struct mail_probing *probing,
                              const struct mail_options *options) {
  struct port_watch_count count = port_watch_count(probing->port_watch);
  notice("port %u seems to be closed from here: %u mail servers in %u networks, none could be "
         "reached; nothing was said of them (scan without --probe-mx, or from elsewhere: "
         "scan --probe-mx --where 'status!=absent' on these results)",
         options->port, count.hosts, count.networks);
}

void mail_probing_tell_place(const struct mail_probing *probing, const struct mail_options *options,
                             const struct visits_account *visits) {
  uint64_t sent_away =
      visits->unknown[FOUND_MX_SMTP_REFUSED] + visits->unknown[FOUND_MX_SMTP_LATER];
  if (sent_away > visits->probed / MAIL_PROBING_SENT_AWAY_PART &&
      sent_away >= MAIL_PROBING_SENT_AWAY_LEAST)
    notice("%llu of %llu mail servers would not talk to us: this address seems to be on a block "
           "list, or lacks a reverse name",
           (unsigned long long)sent_away, (unsigned long long)visits->probed);
  struct span name = port_watch_redirected(probing->port_watch);
  if (name.len)
    notice("port %u seems to be redirected: all mail servers greet as %.*s, so that what was found "
           "is not theirs",
           options->port, SPAN_ARG(name));
}
