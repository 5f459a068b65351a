/* How mail servers are asked (--probe-mx), and what all workers share for it. */
#ifndef SCANNER_RUN_MAIL_PROBING_H
#define SCANNER_RUN_MAIL_PROBING_H

#include "scanner/https/fetcher.h"
#include "scanner/journey/journey.h"

enum {
  MAIL_PROBING_SENT_AWAY_PART = 5,  /* more than a fifth of the mail servers, */
  MAIL_PROBING_SENT_AWAY_LEAST = 5, /* and so many, do not talk to us: it is our address */
};

/* As the options say; plain data. */
struct mail_options {
  char ehlo[PROBE_HOST_MAX + 1]; /* how we introduce ourselves; empty: they are not asked */
  bool ehlo_given;               /* it is not this machine's own name */
  const char *probe_check;       /* NULL: none */
  bool dane;
  uint16_t port;
  unsigned timeout_ms, rate, per_address, per_address_rate;
};

struct mail_probing {
  struct hosts *hosts; /* NULL: mail servers are not asked */
  struct port_watch *port_watch;
  struct address_limits *limits;
  struct rate_limit *rate_limit;
};

/* parts: as rate_limit_new(). ERR_MEMORY: what was made is still to be freed. */
enum err mail_probing_new(struct mail_probing *probing, const struct mail_options *options,
                          unsigned parts);
void mail_probing_free(struct mail_probing *probing);

/* A prober's config, but for the trust store, and what is heard of connections. */
struct prober_config mail_probing_config(const struct mail_probing *probing,
                                         const struct mail_options *options,
                                         const struct fetcher_config *fetcher);

/* Says on standard error that the port is closed from here: nothing can be said of mail servers. */
void mail_probing_tell_closed(const struct mail_probing *probing,
                              const struct mail_options *options);
/* Says there what the mail servers' answers say of this place, and not of them, if anything. */
void mail_probing_tell_place(const struct mail_probing *probing, const struct mail_options *options,
                             const struct visits_account *visits);

#endif
