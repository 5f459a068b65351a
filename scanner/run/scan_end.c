#include "scanner/run/scan_end.h"

#include "scanner/run/notice.h"
#include "scanner/run/resume.h"
#include "scanner/run/scan_loop.h"
#include "scanner/run/scan_workers.h"
#include <errno.h>
#include <string.h>

static void scan_end_tell_list(const struct scan *scan, enum err err) {
  const char *bad = list_reader_bad(scan->lists);
  if (err == ERR_IO)
    notice("list %s: %s", bad, strerror(list_reader_errno(scan->lists)));
  else
    notice("list %s: %s", bad, err == ERR_SYNTAX ? list_reader_why(scan->lists) : err_text(err));
}

/* Damaged gzip will be no better the next time. */
static enum scan_end scan_end_broken(const struct scan *scan, enum err err) {
  return scan->account->resumable && err != ERR_SYNTAX ? SCAN_BROKEN : SCAN_FAILED;
}

/* Records that were made, and not written. */
static uint64_t scan_end_unwritten(const struct scan *scan) {
  struct worker_snapshot sum;
  scan_workers_sum(scan, &sum);
  return sum.domains - results_file_records(scan->results);
}

/* A signal that came when every line had its record has stopped nothing. */
static bool scan_end_is_done(const struct scan *scan) {
  uint64_t left = scan_end_unwritten(scan);
  for (unsigned i = 0; i < scan->made; i++) left += worker_left(scan->workers[i]);
  return left == 0 && list_reader_is_done(scan->lists);
}

/* What ended the workers before their time, told once. */
static enum scan_end scan_end_join(struct scan *scan) {
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
    return scan_end_broken(scan, first);
  }
  scan_loop_tell_lists(scan);
  if (list_reader_changed(scan->lists))
    notice("list %s changed while it was read: records are of what was read",
           list_reader_changed(scan->lists));
  enum err list_err = list_reader_end(scan->lists);
  if (list_err == ERR_NONE || list_err == ERR_END)
    return scan_end_is_done(scan) ? SCAN_COMPLETE : scan->end;
  scan_end_tell_list(scan, list_err);
  return scan_end_broken(scan, list_err);
}

static void scan_end_sum_visits(struct scan *scan) {
  struct visits_account *sum = &scan->account->visits;
  scan->account->probed = scan->mail.hosts != NULL;
  if (!scan->account->probed) return;
  scan->account->evicted = hosts_account(scan->mail.hosts).evicted;
  for (unsigned i = 0; i < scan->made; i++) worker_visits_add(scan->workers[i], sum);
}

static void scan_end_forget_tally(struct scan *scan) {
  tally_free(scan->account->tally);
  scan->account->tally = NULL;
}

static enum err scan_end_fill_account(struct scan *scan) {
  struct scan_account *account = scan->account;
  struct list_reader_progress source;
  struct worker_snapshot sum;
  list_reader_progress(scan->lists, &source);
  scan_workers_sum(scan, &sum);
  account->lines = source.lines;
  account->records = results_file_records(scan->results);
  account->dropped = scan_end_unwritten(scan);
  account->fetches = sum.fetches_done;
  account->limits = address_limits_account(scan->limits);
  account->bytes = results_file_size(scan->results);
  scan_workers_sum_servers(scan);
  scan_end_sum_visits(scan);
  enum err err = tally_new(&account->tally);
  for (unsigned i = 0; i < scan->made && err == ERR_NONE; i++) {
    account->dropped += worker_dropped(scan->workers[i]);
    err = tally_merge(account->tally, worker_tally(scan->workers[i]));
  }
  if (scan_end_unwritten(scan)) scan_end_forget_tally(scan); /* it counts these too */
  return err;
}

/* SCAN_COMPLETE: there is nothing to tell, or it was told. */
static enum scan_end scan_end_close_results(struct scan *scan, bool told) {
  uint64_t unwritten = scan_end_unwritten(scan);
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
  return scan_end_broken(scan, ERR_IO);
}

/* A list of which nothing is a domain is some other file. */
static bool scan_end_is_foreign(const struct scan *scan) {
  const struct scan_account *account = scan->account;
  uint64_t invalid = account->tally ? tally_status(account->tally, STATUS_INVALID) : 0;
  return invalid && invalid == account->records && account->resumed == 0 &&
         list_reader_is_foreign(scan->lists);
}

enum scan_end scan_end_settle(struct scan *scan, enum err started) {
  enum scan_end end = scan_end_join(scan);
  if (scan_end_fill_account(scan) != ERR_NONE)
    notice("the account of the scan: %s", err_text(ERR_MEMORY));
  if (scan->mail.hosts)
    mail_probing_tell_place(&scan->mail, &scan->config->mail, &scan->account->visits);
  if (started != ERR_NONE) end = SCAN_FAILED;
  if (end == SCAN_COMPLETE && scan_end_is_foreign(scan)) {
    notice("no line of the lists is a domain name");
    end = SCAN_FAILED;
  }
  bool told = end == SCAN_READER_GONE || end == SCAN_BROKEN || end == SCAN_FAILED;
  enum scan_end written = scan_end_close_results(scan, told);
  return written == SCAN_COMPLETE ? end : written;
}

void scan_end_say(struct scan *scan) {
  const struct scan_account *account = scan->account;
  struct scan_id_end end = {true, account->lines, scan->index.records + account->records};
  enum err err = results_file_close(scan->results);
  scan->results = NULL;
  if (err == ERR_NONE && account->resumable) resume_finish(scan->config, &scan->index, &end);
}

void scan_end_count_results(struct scan *scan) {
  struct tally *all = NULL;
  if (!scan->config->count_results || !scan->account->resumable || scan->results) return;
  if (resume_count(scan->config, scan->from, &all) != ERR_NONE) return;
  scan_end_forget_tally(scan);
  scan->account->tally = all;
}
