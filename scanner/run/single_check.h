/* A few domains, one after the other, on the caller's thread: the same journey as in a scan, over
 * one loop with one resolver and one fetcher.
 */
#ifndef SCANNER_RUN_SINGLE_CHECK_H
#define SCANNER_RUN_SINGLE_CHECK_H

#include "scanner/https/fetcher.h"
#include "scanner/net/source_address.h"
#include "scanner/resolver/resolver.h"
#include "scanner/run/mail_probing.h"
#include "scanner/run/nameservers.h"
#include "scanner/run/resolver_check.h"
#include "scanner/sts/ask.h"

struct single_check_config {
  struct nameservers servers;
  struct source_address source;
  unsigned dns_rate, https_rate, per_address, per_address_rate;
  unsigned dns_timeout_ms, dns_tries, dns_tries_on_loss;
  struct ask ask;
  unsigned second_look_ms;       /* 0: never */
  struct fetcher_config fetcher; /* without limits */
  struct mail_options mail;
  /* Called with each result; valid during the call. */
  void (*emit)(void *data, const struct result *result);
  /* Called when a domain begins to wait for its second look. */
  void (*waits)(void *data, struct span domain);
  void *data;
};

struct single_check;

/* ERR_MEMORY; ERR_LIBRARY: *why may be a constant phrase, as fetcher_new() gives it. */
enum err single_check_new(struct single_check **single, const struct single_check_config *config,
                          const char **why);

/* Judges the domain that text is or has in it (a URL, an address), n its number, and returns after
 * emit was called for it. ERR_MEMORY, or ERR_DESCRIPTORS: it could not be judged, and emit was not
 * called. */
enum err single_check_ask(struct single_check *single, uint64_t n, struct span text);

/* What its resolver begins with, one verdict a server. */
void single_check_know_servers(struct single_check *single,
                               const enum resolver_check_verdict *verdicts);

/* NULL is allowed. */
void single_check_free(struct single_check *single);

#endif
