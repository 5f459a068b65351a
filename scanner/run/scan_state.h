/* What the parts of a scan share: its loop (scan_loop), its workers (scan_workers), its end
 * (scan_end), and scan.c, which makes and frees it. Nobody else includes this.
 *
 * It belongs to the thread that called scan_run(); workers and the list reader's thread touch the
 * atomics, and wake the loop by scan_state_news().
 */
#ifndef SCANNER_RUN_SCAN_STATE_H
#define SCANNER_RUN_SCAN_STATE_H

#include "output/results/resume_index.h"
#include "scanner/net/cidr_set.h"
#include "scanner/run/descriptor_share.h"
#include "scanner/run/scan_account.h"
#include "scanner/run/scan_config.h"
#include <stdatomic.h>

struct scan {
  const struct scan_config *config;
  struct scan_account *account;
  struct descriptor_share share;
  struct list_reader *lists;
  struct results_file *results;
  struct resume_index index; /* what was done before */
  struct rate_limit *dns_limit, *https_limit;
  struct address_limits *limits;
  struct mail_probing mail;
  struct cidr_set own; /* the machine's addresses */
  psl_ctx_t *psl;
  struct worker *workers[SCAN_WORKERS_MAX];
  unsigned made, running;
  uv_loop_t loop;
  bool loop_made;
  uv_async_t news; /* from the workers */
  uv_timer_t timer;
  uv_timer_t patience; /* with the output, once the end was asked for */
  uv_async_t asked;    /* by signals, to end */
  struct progress *progress;
  uint64_t from;           /* octet of the output where the scan begins */
  unsigned interrupts;     /* that were heard */
  uint64_t stop_at;        /* uv_now(); when the grace is over */
  bool finishing;          /* the workers are over, the results are not */
  atomic_uint waiting;     /* workers that wait for the resolvers */
  atomic_bool failing;     /* that they answer, but reach nobody */
  atomic_bool keeps_aside; /* one has no temporary file */
  bool told_keeps_aside;
  bool told_waiting;
  enum scan_end end;
};

/* Wakes the loop; from any thread. data: the scan. */
static inline void scan_state_news(void *data) {
  struct scan *scan = data;
  uv_async_send(&scan->news);
}

#endif
