/* What a scan is told to do: plain data, made from the options; texts and lists belong to the
 * caller. */
#ifndef SCANNER_RUN_SCAN_CONFIG_H
#define SCANNER_RUN_SCAN_CONFIG_H

#include "output/results/results_file.h"
#include "output/stats/filter.h"
#include "scanner/https/fetcher.h"
#include "scanner/net/source_address.h"
#include "scanner/run/mail_probing.h"
#include "scanner/run/nameservers.h"
#include "scanner/run/progress.h"
#include "scanner/sts/ask.h"
#include "scanner/sts/list_form.h"

enum {
  SCAN_WORKERS_MAX = 256,
  SCAN_CONCURRENCY_DEFAULT = 65536, /* domains; a slot that is used costs about 1 kB */
};

struct scan_config {
  char *const *lists;
  int list_count;
  struct list_form_wish wish; /* of the lists */
  const struct filter *where; /* of lists that are results; NULL: all */
  const char *where_text;     /* the same, as given */
  const char *libraries;      /* their versions, for the head of the results */
  const char *output;
  enum results_file_mode mode; /* to resume: RESULTS_FILE_APPEND */
  bool resume;
  bool count_results; /* the account's tally is of the results that are there at the end */
  bool gzip;
  struct nameservers servers;
  struct source_address source;
  unsigned threads;
  unsigned concurrency;
  unsigned dns_rate, https_rate, per_address, per_address_rate;
  unsigned dns_timeout_ms, dns_tries, dns_tries_on_loss;
  struct ask ask;
  unsigned second_look_ms;       /* 0: never */
  unsigned grace_ms;             /* after a first signal, for what is in flight */
  const char *block_path;        /* of fetcher.block; NULL: none */
  struct fetcher_config fetcher; /* without limits */
  struct mail_options mail;
  unsigned shard, shards;
  unsigned at_once; /* shards that share all rates and limits, at least 1 */
  enum progress_mode progress;
};

#endif
