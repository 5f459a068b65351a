#include "scanner/run/scan.h"

#include "output/base/temporary_file.h"
#include "scanner/journey/second_look.h"
#include "scanner/net/address_limits.h"
#include "scanner/net/interfaces.h"
#include "scanner/net/ipv6_route.h"
#include "scanner/net/rate_limit.h"
#include "scanner/run/descriptor_share.h"
#include "scanner/run/mail_check.h"
#include "scanner/run/notice.h"
#include "scanner/run/remainder.h"
#include "scanner/run/resolver_check.h"
#include "scanner/run/resume.h"
#include "scanner/run/signals.h"
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

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

static int64_t scan_wall_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void scan_stop(struct scan *scan, unsigned grace_ms) {
  list_reader_stop(scan->lists);
  for (unsigned i = 0; i < scan->made; i++) worker_stop(scan->workers[i], grace_ms);
}

static void scan_close_loop(struct scan *scan) {
  if (scan->finishing) results_file_finish(scan->results, NULL, NULL);
  uv_close((uv_handle_t *)&scan->news, NULL);
  uv_close((uv_handle_t *)&scan->timer, NULL);
  uv_close((uv_handle_t *)&scan->patience, NULL);
  signals_unwatch();
  uv_close((uv_handle_t *)&scan->asked, NULL);
}

static void scan_on_impatient(uv_timer_t *timer) {
  scan_close_loop(timer->data);
}

/* Who reads the output may never do so again: then the end does not wait for him. */
static void scan_limit_writing(struct scan *scan) {
  uint64_t now = uv_now(&scan->loop), left = SCAN_WRITE_MS;
  if (scan->interrupts == 0) return;
  if (scan->interrupts == 1 && scan->stop_at > now + left) left = scan->stop_at - now;
  uv_timer_start(&scan->patience, scan_on_impatient, left, 0);
}

static void scan_on_signal(uv_async_t *handle) {
  struct scan *scan = handle->data;
  int number;
  unsigned asked = signals_asked(&number);
  if (asked == scan->interrupts) return; /* told once already */
  scan->interrupts = asked;
  scan->end = SCAN_STOPPED;
  if (asked == 1) scan->stop_at = uv_now(&scan->loop) + scan->config->grace_ms;
  if (scan->finishing) scan_limit_writing(scan);
  scan_stop(scan, asked == 1 ? scan->config->grace_ms : 0);
  progress_clear(scan->progress);
  if (asked == 1)
    notice("%s: finishing domains in flight (%u s); press Ctrl-C again to stop now",
           strsignal(number), scan->config->grace_ms / 1000);
}

static void scan_sum(const struct scan *scan, struct worker_snapshot *sum) {
  *sum = (struct worker_snapshot){0};
  for (unsigned i = 0; i < scan->made; i++) {
    struct worker_snapshot one;
    worker_snapshot(scan->workers[i], &one);
    worker_snapshot_add(sum, &one);
  }
}

/* As they are now. */
static const struct resolver_server *scan_sum_servers(const struct scan *scan) {
  struct resolver_server *sum = scan->account->servers;
  memset(sum, 0, scan->account->server_count * sizeof *sum);
  for (unsigned i = 0; i < scan->made; i++) worker_servers_add(scan->workers[i], sum);
  return sum;
}

static void scan_on_timer(uv_timer_t *handle) {
  struct scan *scan = handle->data;
  struct progress_facts facts = {.servers = scan_sum_servers(scan),
                                 .server_count = scan->account->server_count};
  scan_sum(scan, &facts.sum);
  facts.sum.domains += scan->index.records;
  list_reader_progress(scan->lists, &facts.lists);
  progress_show(scan->progress, &facts, uv_now(&scan->loop));
}

/* Once for all workers. */
static void scan_tell_waiting(struct scan *scan) {
  bool waiting = atomic_load(&scan->waiting) > 0;
  if (waiting == scan->told_waiting) return;
  scan->told_waiting = waiting;
  progress_clear(scan->progress);
  if (!waiting)
    notice("a resolver answers again: the scan goes on");
  else if (atomic_load(&scan->failing))
    notice("the resolvers answer, but every lookup fails; pausing until the resolvers work again");
  else
    notice("no resolver answers: the scan waits for one");
}

static void scan_tell_aside(struct scan *scan) {
  if (!atomic_load(&scan->keeps_aside) || scan->told_keeps_aside) return;
  scan->told_keeps_aside = true;
  progress_clear(scan->progress);
  notice("no temporary file can be written in %s: domains that must wait are kept in memory, and "
         "while that is full no lines are read (TMPDIR names another folder)",
         temporary_file_folder());
}

static void scan_worker_waiting(void *data, enum worker_wait wait) {
  struct scan *scan = data;
  if (wait == WORKER_KEEPS_ASIDE) {
    atomic_store(&scan->keeps_aside, true);
  } else if (wait == WORKER_GOES_ON) {
    atomic_fetch_sub(&scan->waiting, 1);
  } else {
    atomic_store(&scan->failing, wait == WORKER_WAITS_FAILING);
    atomic_fetch_add(&scan->waiting, 1);
  }
  uv_async_send(&scan->news);
}

static void scan_written(void *data) {
  struct scan *scan = data;
  uv_async_send(&scan->news);
}

/* The workers are over. */
static void scan_finish(struct scan *scan) {
  if (uv_is_closing((uv_handle_t *)&scan->news)) return;
  if (!scan->finishing) {
    scan->finishing = true;
    results_file_finish(scan->results, scan_written, scan);
    scan_limit_writing(scan);
  }
  if (results_file_is_over(scan->results)) scan_close_loop(scan);
}

static void scan_tell_lists(struct scan *scan) {
  char text[LIST_ROWS_TEXT_MAX];
  while (list_reader_said(scan->lists, text)) {
    progress_clear(scan->progress);
    notice("%s", text);
  }
}

/* A worker that failed ends the scan: the others must not go on into the void. */
static void scan_on_news(uv_async_t *handle) {
  struct scan *scan = handle->data;
  scan_tell_waiting(scan);
  scan_tell_aside(scan);
  scan_tell_lists(scan);
  unsigned running = 0;
  bool failed = false;
  for (unsigned i = 0; i < scan->running; i++) {
    running += !worker_is_over(scan->workers[i]);
    failed |= worker_is_over(scan->workers[i]) && worker_err(scan->workers[i]) != ERR_NONE;
  }
  if (running == 0)
    scan_finish(scan);
  else if (failed)
    scan_stop(scan, 0);
}

static void scan_worker_ended(void *data) {
  struct scan *scan = data;
  uv_async_send(&scan->news);
}

static void scan_wake(void *data) {
  struct scan *scan = data;
  for (unsigned i = 0; i < scan->made; i++) worker_wake(scan->workers[i]);
}

static enum err scan_make_loop(struct scan *scan) {
  if (uv_loop_init(&scan->loop) != 0) return ERR_MEMORY;
  if (uv_async_init(&scan->loop, &scan->news, scan_on_news) != 0) {
    uv_loop_close(&scan->loop);
    return ERR_MEMORY;
  }
  if (uv_async_init(&scan->loop, &scan->asked, scan_on_signal) != 0) {
    uv_close((uv_handle_t *)&scan->news, NULL);
    uv_run(&scan->loop, UV_RUN_DEFAULT);
    uv_loop_close(&scan->loop);
    return ERR_MEMORY;
  }
  scan->loop_made = true;
  scan->news.data = scan->timer.data = scan->patience.data = scan->asked.data = scan;
  uv_timer_init(&scan->loop, &scan->timer);
  uv_timer_init(&scan->loop, &scan->patience);
  return ERR_NONE;
}

static enum err scan_make_shared(struct scan *scan) {
  const struct scan_config *config = scan->config;
  scan->account->servers = calloc(config->servers.count, sizeof *scan->account->servers);
  enum err err = scan->account->servers ? ERR_NONE : ERR_MEMORY;
  if (err == ERR_NONE) scan->account->server_count = config->servers.count;
  if (err == ERR_NONE) err = rate_limit_new(&scan->dns_limit, config->dns_rate, config->at_once);
  if (err == ERR_NONE)
    err = rate_limit_new(&scan->https_limit, config->https_rate, config->at_once);
  if (err == ERR_NONE)
    err = address_limits_new(&scan->limits, config->per_address, config->per_address_rate,
                             config->at_once);
  if (err == ERR_NONE) err = mail_probing_new(&scan->mail, &config->mail, config->at_once);
  if (err == ERR_NONE) err = interfaces_load(&scan->own);
  if (err == ERR_NONE)
    err = progress_new(&scan->progress, config->progress, config->shard, config->shards);
  if (err == ERR_NONE) err = scan_make_loop(scan);
  if (err != ERR_NONE) notice("%s", err_text(err));
  scan->psl = psl_latest(NULL);
  return err;
}

static void scan_list_news(void *data) {
  struct scan *scan = data;
  uv_async_send(&scan->news);
}

static enum err scan_open_lists(struct scan *scan) {
  const char *bad;
  char why[LIST_ROWS_TEXT_MAX];
  struct list_reader_config config = {
      .paths = scan->config->lists,
      .path_count = scan->config->list_count,
      .wish = scan->config->wish,
      .where = scan->config->where,
      .workers = scan->share.threads,
      .wake = scan_wake,
      .news = scan_list_news,
      .data = scan,
  };
  enum err err = list_reader_new(&scan->lists, &config, &bad, why);
  if (err == ERR_IO)
    notice("list %s: %s", bad, strerror(errno));
  else if (err == ERR_SYNTAX)
    notice("list %s: %s", bad, why);
  else if (err != ERR_NONE)
    notice("list %s: %s", bad, err_text(err));
  return err;
}

static enum err scan_open_output(struct scan *scan) {
  enum err err = results_file_open(&scan->results, scan->config->output, scan->config->mode);
  if (err == ERR_REFUSED)
    notice("output %s exists: give --resume to go on with it, --force to overwrite it, --append to "
           "add to it, or another --output",
           scan->config->output);
  else if (err == ERR_BUSY)
    notice("output %s: another scan is writing to it", scan->config->output);
  else if (err != ERR_NONE)
    notice("output %s: %s", scan->config->output, err == ERR_IO ? strerror(errno) : err_text(err));
  return err;
}

static enum err scan_open_results(struct scan *scan) {
  enum err err = resume_check(scan->config);
  if (err == ERR_NONE) err = scan_open_output(scan);
  if (err != ERR_NONE) return err;
  uint64_t size = results_file_file_size(scan->results);
  err = resume_prepare(scan->config, scan->results, &scan->index);
  if (err != ERR_NONE) return err;
  scan->from = scan->config->resume ? scan->index.begin : size;
  scan->account->resumed = scan->index.records;
  scan->account->resumable = results_file_is_named(scan->results);
  return ERR_NONE;
}

/* Each worker must get on with what a few domains can send. */
static size_t scan_arena_bytes(const struct scan *scan) {
  size_t share = SCAN_ARENA_BYTES / scan->share.threads;
  return share > SCAN_ARENA_LEAST ? share : SCAN_ARENA_LEAST;
}

/* Of what a whole scan may have, at least one. */
static size_t scan_share(const struct scan *scan, size_t of) {
  size_t share = of / scan->share.threads;
  return share ? share : 1;
}

static void scan_configure_mail(const struct scan *scan, struct worker_config *worker) {
  worker->mail = scan->mail;
  if (!scan->mail.hosts) return;
  worker->prober = mail_probing_config(&scan->mail, &scan->config->mail, &worker->fetcher);
  worker->prober.in_flight_max = scan->share.probes;
  worker->dane = scan->config->mail.dane;
  worker->visits_max = scan_share(scan, VISITS_MAX);
  worker->deployed_max = scan_share(scan, JOURNEY_DEPLOYED_MAX);
}

static enum err scan_make_workers(struct scan *scan) {
  const struct scan_config *config = scan->config;
  bool ipv6;
  enum err err = ipv6_route_look_up(&ipv6);
  if (err != ERR_NONE) {
    notice("%s", err_text(err));
    return err;
  }
  ipv6 &= source_address_has_ipv6(&config->source);
  scan->account->ipv6 = ipv6;
  struct worker_config worker = {
      .lists = scan->lists,
      .gzip = config->gzip,
      .resolver = {.servers = config->servers.at,
                   .server_count = config->servers.count,
                   .source = &config->source,
                   .timeout_ms = config->dns_timeout_ms,
                   .tries = config->dns_tries,
                   .sockets_max = scan->share.sockets,
                   .rate_limit = scan->dns_limit},
      .watch_sockets = DESCRIPTORS_WATCH,
      .fetcher = config->fetcher,
      .psl = scan->psl,
      .ipv6 = ipv6,
      .shard = config->shard,
      .shards = config->shards,
      .jobs_max = (config->concurrency + scan->share.threads - 1) / scan->share.threads,
      .arena_bytes = scan_arena_bytes(scan),
      .ask = config->ask,
      .second_look_ms = config->second_look_ms,
      .second_look_max = scan_share(scan, SECOND_LOOK_MAX),
      .ended = scan_worker_ended,
      .waiting = scan_worker_waiting,
      .data = scan,
  };
  worker.fetcher.limits = scan->limits;
  worker.fetcher.own = &scan->own;
  worker.fetcher.source = &config->source;
  worker.fetcher.rate_limit = scan->https_limit;
  worker.fetcher.in_flight_max = scan->share.fetches;
  scan_configure_mail(scan, &worker);
  for (; scan->made < scan->share.threads; scan->made++) {
    const char *why = NULL;
    err = worker_new(&scan->workers[scan->made], &worker, &why);
    if (err == ERR_NONE) continue;
    if (why && config->fetcher.ca_file)
      notice("--ca-file %s: %s", config->fetcher.ca_file, why);
    else
      notice("%s", why ? why : err_text(err));
    return err;
  }
  return ERR_NONE;
}

/* The sources' wake may come as soon as it is started: the workers must be there, all of them. */
static enum err scan_start(struct scan *scan) {
  enum err err = ERR_NONE;
  signals_watch(&scan->asked);
  unsigned interval = progress_interval_ms(scan->progress);
  if (interval) uv_timer_start(&scan->timer, scan_on_timer, interval, interval);
  for (unsigned i = 0; i < scan->made && err == ERR_NONE; i++) {
    err = worker_start(scan->workers[i], scan->results);
    scan->running += err == ERR_NONE;
  }
  if (err == ERR_NONE) err = list_reader_start(scan->lists, scan->index.done);
  if (err != ERR_NONE) {
    notice("threads could not be started: %s", err_text(err));
    scan_stop(scan, 0);
    uv_async_send(&scan->news); /* there may be nobody else who does */
  }
  return err;
}

static void scan_tell_list_error(const struct scan *scan, enum err err) {
  const char *bad = list_reader_bad(scan->lists);
  if (err == ERR_IO)
    notice("list %s: %s", bad, strerror(list_reader_errno(scan->lists)));
  else
    notice("list %s: %s", bad, err == ERR_SYNTAX ? list_reader_why(scan->lists) : err_text(err));
}

/* Damaged gzip will be no better the next time. */
static enum scan_end scan_broken(const struct scan *scan, enum err err) {
  return scan->account->resumable && err != ERR_SYNTAX ? SCAN_BROKEN : SCAN_FAILED;
}

/* Records that were made, and not written. */
static uint64_t scan_unwritten(const struct scan *scan) {
  struct worker_snapshot sum;
  scan_sum(scan, &sum);
  return sum.domains - results_file_records(scan->results);
}

/* A signal that came when every line had its record has stopped nothing. */
static bool scan_is_done(const struct scan *scan) {
  uint64_t left = scan_unwritten(scan);
  for (unsigned i = 0; i < scan->made; i++) left += worker_left(scan->workers[i]);
  return left == 0 && list_reader_is_done(scan->lists);
}

/* What ended the workers before their time, told once. */
static enum scan_end scan_join(struct scan *scan) {
  enum err first = ERR_NONE;
  int first_errno = 0;
  for (unsigned i = 0; i < scan->running; i++) {
    enum err err = worker_join(scan->workers[i]);
    if (first == ERR_NONE && err != ERR_NONE) {
      first = err;
      first_errno = errno;
    }
  }
  if (first == ERR_END) return SCAN_READER_GONE;
  if (first == ERR_PORT_CLOSED) {
    mail_probing_tell_closed(&scan->mail, &scan->config->mail);
    return SCAN_BROKEN;
  }
  if (first != ERR_NONE) {
    scan->account->write_failed = first == ERR_IO;
    if (first == ERR_IO)
      notice("output %s: %s", scan->config->output, strerror(first_errno));
    else
      notice("%s", err_text(first));
    return scan_broken(scan, first);
  }
  scan_tell_lists(scan);
  if (list_reader_changed(scan->lists))
    notice("list %s changed while it was read: records are of what was read",
           list_reader_changed(scan->lists));
  enum err list_err = list_reader_end(scan->lists);
  if (list_err == ERR_NONE || list_err == ERR_END)
    return scan_is_done(scan) ? SCAN_COMPLETE : scan->end;
  scan_tell_list_error(scan, list_err);
  return scan_broken(scan, list_err);
}

static void scan_sum_visits(struct scan *scan) {
  struct visits_account *sum = &scan->account->visits;
  scan->account->probed = scan->mail.hosts != NULL;
  if (!scan->account->probed) return;
  scan->account->evicted = hosts_account(scan->mail.hosts).evicted;
  for (unsigned i = 0; i < scan->made; i++) worker_visits_add(scan->workers[i], sum);
}

static void scan_forget_tally(struct scan *scan) {
  tally_free(scan->account->tally);
  scan->account->tally = NULL;
}

static enum err scan_fill_account(struct scan *scan) {
  struct scan_account *account = scan->account;
  struct list_reader_progress source;
  struct worker_snapshot sum;
  list_reader_progress(scan->lists, &source);
  scan_sum(scan, &sum);
  account->lines = source.lines;
  account->records = results_file_records(scan->results);
  account->dropped = scan_unwritten(scan);
  account->fetches = sum.fetches_done;
  account->limits = address_limits_account(scan->limits);
  account->bytes = results_file_size(scan->results);
  scan_sum_servers(scan);
  scan_sum_visits(scan);
  enum err err = tally_new(&account->tally);
  for (unsigned i = 0; i < scan->made && err == ERR_NONE; i++) {
    account->dropped += worker_dropped(scan->workers[i]);
    err = tally_merge(account->tally, worker_tally(scan->workers[i]));
  }
  if (scan_unwritten(scan)) scan_forget_tally(scan); /* it counts these too */
  return err;
}

/* SCAN_COMPLETE: there is nothing to tell, or it was told. */
static enum scan_end scan_close_results(struct scan *scan, bool told) {
  uint64_t unwritten = scan_unwritten(scan);
  enum err err = results_file_close(scan->results);
  scan->results = NULL;
  if (err == ERR_NONE || told) return SCAN_COMPLETE;
  if (err == ERR_END) return SCAN_READER_GONE;
  if (err == ERR_TIMEOUT) {
    notice("output %s takes nothing: %llu records are not written", scan->config->output,
           (unsigned long long)unwritten);
    return SCAN_STOPPED;
  }
  notice("output %s: %s", scan->config->output, strerror(errno));
  scan->account->write_failed = true;
  return scan_broken(scan, ERR_IO);
}

/* A list of which nothing is a domain is some other file. */
static bool scan_is_foreign(const struct scan *scan) {
  const struct scan_account *account = scan->account;
  uint64_t invalid = account->tally ? tally_status(account->tally, STATUS_INVALID) : 0;
  return invalid && invalid == account->records && account->resumed == 0 &&
         list_reader_is_foreign(scan->lists);
}

static enum scan_end scan_go(struct scan *scan) {
  enum err err = scan_start(scan);
  uint64_t begin = uv_hrtime();
  scan->account->begin = scan_wall_clock();
  uv_run(&scan->loop, UV_RUN_DEFAULT);
  scan->account->end = scan_wall_clock();
  scan->account->seconds = (double)(uv_hrtime() - begin) / 1e9;
  progress_clear(scan->progress);
  enum scan_end end = scan_join(scan);
  if (scan_fill_account(scan) != ERR_NONE)
    notice("the account of the scan: %s", err_text(ERR_MEMORY));
  if (scan->mail.hosts)
    mail_probing_tell_place(&scan->mail, &scan->config->mail, &scan->account->visits);
  if (err != ERR_NONE) end = SCAN_FAILED;
  if (end == SCAN_COMPLETE && scan_is_foreign(scan)) {
    notice("no line of the lists is a domain name");
    end = SCAN_FAILED;
  }
  bool told = end == SCAN_READER_GONE || end == SCAN_BROKEN || end == SCAN_FAILED;
  enum scan_end written = scan_close_results(scan, told);
  return written == SCAN_COMPLETE ? end : written;
}

/* A loop that never ran has its handles open. */
static void scan_free_loop(struct scan *scan) {
  if (!scan->loop_made) return;
  if (!uv_is_closing((uv_handle_t *)&scan->news)) scan_close_loop(scan);
  uv_run(&scan->loop, UV_RUN_DEFAULT);
  uv_loop_close(&scan->loop);
}

static void scan_free(struct scan *scan) {
  scan_free_loop(scan);
  list_reader_free(scan->lists);
  for (unsigned i = 0; i < scan->made; i++) worker_free(scan->workers[i]);
  results_file_close(scan->results);
  resume_index_free(&scan->index);
  progress_free(scan->progress);
  address_limits_free(scan->limits);
  mail_probing_free(&scan->mail);
  cidr_set_free(&scan->own);
  rate_limit_free(scan->https_limit);
  rate_limit_free(scan->dns_limit);
  psl_free(scan->psl);
}

static void scan_tell_shards(const struct scan_config *config) {
  if (config->at_once > 1 && config->dns_rate == 0)
    notice("%u shards share no ceiling: give --dns-rate if they use the same resolvers",
           config->at_once);
}

/* A worker's share of the fetches of the whole scan. */
static unsigned scan_fetches_wanted(const struct scan *scan) {
  unsigned jobs = (scan->config->concurrency + scan->share.threads - 1) / scan->share.threads;
  unsigned share = FETCHER_IN_FLIGHT_MAX / scan->share.threads;
  if (share < FETCHER_IN_FLIGHT_LEAST) share = FETCHER_IN_FLIGHT_LEAST;
  return share < jobs ? share : jobs;
}

/* Fewer threads, and fewer sockets and fetches of each, when there are too few file descriptors. */
static enum err scan_fit_descriptors(struct scan *scan) {
  struct descriptor_share *share = &scan->share;
  const unsigned threads = share->threads;
  share->fetches = scan_fetches_wanted(scan);
  share->sockets = resolver_sockets(scan->config->servers.count);
  if (scan->config->mail.ehlo[0]) share->probes = PROBER_IN_FLIGHT_MAX;
  unsigned needed = descriptor_share_needed(share);
  unsigned allowed = descriptor_limit_raise(needed);
  if (allowed >= needed) return ERR_NONE;
  enum err err = descriptor_share_fit(share, allowed);
  scan->account->threads = share->threads;
  if (err != ERR_NONE)
    notice("%u file descriptors are allowed, and one thread needs %u: raise ulimit -n", allowed,
           descriptor_share_least(share));
  else
    notice("%u file descriptors are allowed, %u wanted: %u of %u threads, at most %u policy "
           "fetches at a time",
           allowed, needed, share->threads, threads, share->fetches * share->threads);
  return err;
}

/* A scan that is complete ends without a question to anybody. ERR_END: it is. */
static enum err scan_look_for_rest(struct scan *scan) {
  bool left;
  if (scan->index.records == 0) return ERR_NONE;
  struct scan_account *account = scan->account;
  enum err err = remainder_look(scan->config, scan->index.done, &left, &account->lines);
  if (err == ERR_NONE && !left) err = tally_new(&account->tally);
  if (err != ERR_NONE) notice("%s", err_text(err));
  if (err != ERR_NONE || left) return err;
  account->begin = account->end = scan_wall_clock();
  return ERR_END;
}

static enum err scan_check_resolvers(struct scan *scan) {
  const struct nameservers *servers = &scan->config->servers;
  enum resolver_check_verdict *verdicts;
  enum err err = resolver_check_say(servers->at, servers->count, &scan->config->source, &verdicts);
  if (err != ERR_NONE) return err;
  for (unsigned i = 0; i < scan->made; i++) worker_know_servers(scan->workers[i], verdicts);
  free(verdicts);
  return ERR_NONE;
}

static enum err scan_check_mail(struct scan *scan) {
  const struct scan_config *config = scan->config;
  if (!scan->mail.hosts) return ERR_NONE;
  const struct mail_check_config check = {
      .mail = &config->mail,
      .probing = &scan->mail,
      .fetcher = &config->fetcher,
      .resolver = {.servers = config->servers.at,
                   .server_count = config->servers.count,
                   .source = &config->source,
                   .timeout_ms = config->dns_timeout_ms,
                   .tries = config->dns_tries,
                   .rate_limit = scan->dns_limit},
  };
  return mail_check_say(&check);
}

/* All that can be wrong is found before the output is made. */
static enum err scan_prepare(struct scan *scan) {
  enum err err = scan_fit_descriptors(scan);
  scan_tell_shards(scan->config);
  if (err == ERR_NONE) err = scan_make_shared(scan);
  if (err == ERR_NONE) err = scan_open_lists(scan);
  if (err == ERR_NONE) err = scan_make_workers(scan);
  bool resume = scan->config->resume; /* another scan's results are refused at once */
  if (err == ERR_NONE && resume) err = scan_open_results(scan);
  if (err == ERR_NONE && resume) err = scan_look_for_rest(scan);
  if (err == ERR_NONE) err = scan_check_resolvers(scan);
  if (err == ERR_NONE) err = scan_check_mail(scan);
  if (err == ERR_NONE && !resume) err = scan_open_results(scan);
  return err;
}

static void scan_say_end(struct scan *scan) {
  const struct scan_account *account = scan->account;
  struct scan_id_end end = {true, account->lines, scan->index.records + account->records};
  enum err err = results_file_close(scan->results);
  scan->results = NULL;
  if (err == ERR_NONE && account->resumable) resume_finish(scan->config, &scan->index, &end);
}

/* The whole scan, each domain once: what this run counted may be less, or more. */
static void scan_count_results(struct scan *scan) {
  struct tally *all = NULL;
  if (!scan->config->count_results || !scan->account->resumable || scan->results) return;
  if (resume_count(scan->config, scan->from, &all) != ERR_NONE) return;
  scan_forget_tally(scan);
  scan->account->tally = all;
}

enum scan_end scan_run(const struct scan_config *config, struct scan_account *account) {
  struct scan *scan = calloc(1, sizeof *scan);
  *account = (struct scan_account){0};
  if (!scan) {
    notice("%s", err_text(ERR_MEMORY));
    return SCAN_FAILED;
  }
  scan->config = config;
  scan->account = account;
  scan->share.threads = account->threads = config->threads;
  account->concurrency = config->concurrency;
  scan->end = SCAN_COMPLETE;
  enum scan_end end = SCAN_FAILED;
  enum err err = scan_prepare(scan);
  if (err == ERR_NONE)
    end = scan_go(scan);
  else if (err == ERR_END)
    end = SCAN_COMPLETE;
  else if (err == ERR_TIMEOUT || err == ERR_BUSY)
    end = SCAN_LATER;
  if (end == SCAN_COMPLETE) scan_say_end(scan);
  if (err == ERR_NONE || err == ERR_END) scan_count_results(scan);
  scan_free(scan);
  free(scan);
  return end;
}
