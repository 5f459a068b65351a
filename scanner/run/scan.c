#include "scanner/run/scan.h"

#include "scanner/net/interfaces.h"
#include "scanner/net/rate_limit.h"
#include "scanner/run/mail_check.h"
#include "scanner/run/notice.h"
#include "scanner/run/remainder.h"
#include "scanner/run/resolver_check.h"
#include "scanner/run/resume.h"
#include "scanner/run/scan_end.h"
#include "scanner/run/scan_loop.h"
#include "scanner/run/scan_workers.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t scan_wall_clock(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
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
  if (err == ERR_NONE) err = scan_loop_make(scan);
  if (err != ERR_NONE) notice("%s", err_text(err));
  scan->psl = psl_latest(NULL);
  return err;
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
      .wake = scan_workers_wake,
      .news = scan_state_news,
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

static void scan_tell_shards(const struct scan_config *config) {
  if (config->at_once > 1 && config->dns_rate == 0)
    notice("%u shards share no ceiling: give --dns-rate if they use the same resolvers",
           config->at_once);
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
  enum err err = scan_workers_fit_descriptors(scan);
  scan_tell_shards(scan->config);
  if (err == ERR_NONE) err = scan_make_shared(scan);
  if (err == ERR_NONE) err = scan_open_lists(scan);
  if (err == ERR_NONE) err = scan_workers_make(scan);
  bool resume = scan->config->resume; /* another scan's results are refused at once */
  if (err == ERR_NONE && resume) err = scan_open_results(scan);
  if (err == ERR_NONE && resume) err = scan_look_for_rest(scan);
  if (err == ERR_NONE) err = scan_check_resolvers(scan);
  if (err == ERR_NONE) err = scan_check_mail(scan);
  if (err == ERR_NONE && !resume) err = scan_open_results(scan);
  return err;
}

static enum scan_end scan_go(struct scan *scan) {
  enum err err = scan_loop_start(scan);
  uint64_t begin = uv_hrtime();
  scan->account->begin = scan_wall_clock();
  uv_run(&scan->loop, UV_RUN_DEFAULT);
  scan->account->end = scan_wall_clock();
  scan->account->seconds = (double)(uv_hrtime() - begin) / 1e9;
  progress_clear(scan->progress);
  return scan_end_settle(scan, err);
}

static void scan_free(struct scan *scan) {
  scan_loop_free(scan);
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
  if (end == SCAN_COMPLETE) scan_end_say(scan);
  if (err == ERR_NONE || err == ERR_END) scan_end_count_results(scan);
  scan_free(scan);
  free(scan);
  return end;
}
