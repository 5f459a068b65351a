#include "scanner/run/scan_loop.h"

#include "output/base/temporary_file.h"
#include "scanner/run/notice.h"
#include "scanner/run/scan_workers.h"
#include "scanner/run/signals.h"
#include <string.h>

static void scan_loop_stop(struct scan *scan, unsigned grace_ms) {
  list_reader_stop(scan->lists);
  scan_workers_stop(scan, grace_ms);
}

static void scan_loop_close(struct scan *scan) {
  if (scan->finishing) results_file_finish(scan->results, NULL, NULL);
  uv_close((uv_handle_t *)&scan->news, NULL);
  uv_close((uv_handle_t *)&scan->timer, NULL);
  uv_close((uv_handle_t *)&scan->patience, NULL);
  signals_unwatch();
  uv_close((uv_handle_t *)&scan->asked, NULL);
}

static void scan_loop_on_impatient(uv_timer_t *timer) {
  scan_loop_close(timer->data);
}

/* Who reads the output may never do so again: then the end does not wait for him. */
static void scan_loop_limit_writing(struct scan *scan) {
  uint64_t now = uv_now(&scan->loop), left = SCAN_LOOP_WRITE_MS;
  if (scan->interrupts == 0) return;
  if (scan->interrupts == 1 && scan->stop_at > now + left) left = scan->stop_at - now;
  uv_timer_start(&scan->patience, scan_loop_on_impatient, left, 0);
}

static void scan_loop_on_signal(uv_async_t *handle) {
  struct scan *scan = handle->data;
  int number;
  unsigned asked = signals_asked(&number);
  if (asked == scan->interrupts) return; /* told once already */
  scan->interrupts = asked;
  scan->end = SCAN_STOPPED;
  if (asked == 1) scan->stop_at = uv_now(&scan->loop) + scan->config->grace_ms;
  if (scan->finishing) scan_loop_limit_writing(scan);
  scan_loop_stop(scan, asked == 1 ? scan->config->grace_ms : 0);
  progress_clear(scan->progress);
  if (asked == 1)
    notice("%s: finishing domains in flight (%u s); press Ctrl-C again to stop now",
           strsignal(number), scan->config->grace_ms / 1000);
}

static void scan_loop_on_timer(uv_timer_t *handle) {
  struct scan *scan = handle->data;
  struct progress_facts facts = {.servers = scan_workers_sum_servers(scan),
                                 .server_count = scan->account->server_count};
  scan_workers_sum(scan, &facts.sum);
  facts.sum.domains += scan->index.records;
  list_reader_progress(scan->lists, &facts.lists);
  progress_show(scan->progress, &facts, uv_now(&scan->loop));
}

/* Once for all workers. */
static void scan_loop_tell_waiting(struct scan *scan) {
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

static void scan_loop_tell_aside(struct scan *scan) {
  if (!atomic_load(&scan->keeps_aside) || scan->told_keeps_aside) return;
  scan->told_keeps_aside = true;
  progress_clear(scan->progress);
  notice("no temporary file can be written in %s: domains that must wait are kept in memory, and "
         "while that is full no lines are read (TMPDIR names another folder)",
         temporary_file_folder());
}

void scan_loop_tell_lists(struct scan *scan) {
  char text[LIST_ROWS_TEXT_MAX];
  while (list_reader_said(scan->lists, text)) {
    progress_clear(scan->progress);
    notice("%s", text);
  }
}

/* The workers are over. */
static void scan_loop_finish(struct scan *scan) {
  if (uv_is_closing((uv_handle_t *)&scan->news)) return;
  if (!scan->finishing) {
    scan->finishing = true;
    results_file_finish(scan->results, scan_state_news, scan);
    scan_loop_limit_writing(scan);
  }
  if (results_file_is_over(scan->results)) scan_loop_close(scan);
}

/* A worker that failed ends the scan: the others must not go on into the void. */
static void scan_loop_on_news(uv_async_t *handle) {
  struct scan *scan = handle->data;
  scan_loop_tell_waiting(scan);
  scan_loop_tell_aside(scan);
  scan_loop_tell_lists(scan);
  unsigned running = 0;
  bool failed = false;
  for (unsigned i = 0; i < scan->running; i++) {
    running += !worker_is_over(scan->workers[i]);
    failed |= worker_is_over(scan->workers[i]) && worker_err(scan->workers[i]) != ERR_NONE;
  }
  if (running == 0)
    scan_loop_finish(scan);
  else if (failed)
    scan_loop_stop(scan, 0);
}

enum err scan_loop_make(struct scan *scan) {
  if (uv_loop_init(&scan->loop) != 0) return ERR_MEMORY;
  if (uv_async_init(&scan->loop, &scan->news, scan_loop_on_news) != 0) {
    uv_loop_close(&scan->loop);
    return ERR_MEMORY;
  }
  if (uv_async_init(&scan->loop, &scan->asked, scan_loop_on_signal) != 0) {
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

/* The sources' wake may come as soon as it is started: the workers must be there, all of them. */
enum err scan_loop_start(struct scan *scan) {
  enum err err = ERR_NONE;
  signals_watch(&scan->asked);
  unsigned interval = progress_interval_ms(scan->progress);
  if (interval) uv_timer_start(&scan->timer, scan_loop_on_timer, interval, interval);
  for (unsigned i = 0; i < scan->made && err == ERR_NONE; i++) {
    err = worker_start(scan->workers[i], scan->results);
    scan->running += err == ERR_NONE;
  }
  if (err == ERR_NONE) err = list_reader_start(scan->lists, scan->index.done);
  if (err != ERR_NONE) {
    notice("threads could not be started: %s", err_text(err));
    scan_loop_stop(scan, 0);
    uv_async_send(&scan->news); /* there may be nobody else who does */
  }
  return err;
}

/* A loop that never ran has its handles open. */
void scan_loop_free(struct scan *scan) {
  if (!scan->loop_made) return;
  if (!uv_is_closing((uv_handle_t *)&scan->news)) scan_loop_close(scan);
  uv_run(&scan->loop, UV_RUN_DEFAULT);
  uv_loop_close(&scan->loop);
}
