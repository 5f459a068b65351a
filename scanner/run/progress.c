#include "scanner/run/progress.h"

#include "scanner/run/notice.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PROGRESS_LINE_MAX = 512 };

struct progress {
  bool live;
  bool plain;
  bool shown; /* a live line stands on the terminal */
  uint64_t last_now;
  uint64_t last_domains;
  double rate; /* smoothed */
};

enum err progress_new(struct progress **progress, enum progress_mode mode) {
  struct progress *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  bool terminal = isatty(STDERR_FILENO);
  made->live = mode == PROGRESS_ALWAYS || (mode == PROGRESS_AUTO && terminal);
  made->plain = mode == PROGRESS_AUTO && !terminal;
  *progress = made;
  return ERR_NONE;
}

void progress_free(struct progress *progress) {
  free(progress);
}

unsigned progress_interval_ms(const struct progress *progress) {
  if (progress->live) return PROGRESS_LIVE_MS;
  return progress->plain ? PROGRESS_PLAIN_MS : 0;
}

/* The last second counts most: a scan's speed changes with what the list holds. */
static void progress_measure(struct progress *progress, uint64_t domains, uint64_t now) {
  if (progress->last_now && now > progress->last_now) {
    double recent =
        (double)(domains - progress->last_domains) * 1000 / (double)(now - progress->last_now);
    progress->rate = progress->rate > 0 ? 0.7 * progress->rate + 0.3 * recent : recent;
  }
  progress->last_now = now;
  progress->last_domains = domains;
}

/* How many lines the lists hold, judged by the bytes read of them; 0: not known. */
static uint64_t progress_total(const struct list_reader_progress *source) {
  if (source->total_bytes == 0 || source->read_bytes == 0) return 0;
  if (source->read_bytes >= source->total_bytes) return source->lines;
  return (uint64_t)((double)source->lines * (double)source->total_bytes /
                    (double)source->read_bytes);
}

static size_t progress_add(char *line, size_t used, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static size_t progress_add(char *line, size_t used, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int n = vsnprintf(line + used, PROGRESS_LINE_MAX - used, format, args);
  va_end(args);
  if (n < 0) return used;
  used += (size_t)n;
  return used < PROGRESS_LINE_MAX ? used : PROGRESS_LINE_MAX - 1;
}

static size_t progress_add_left(char *line, size_t used, uint64_t left, double rate) {
  uint64_t seconds = (uint64_t)((double)left / rate);
  if (seconds >= 3600)
    return progress_add(line, used, ", %lu:%02lu h left", (unsigned long)(seconds / 3600),
                        (unsigned long)(seconds / 60 % 60));
  return progress_add(line, used, ", %lu:%02lu left", (unsigned long)(seconds / 60),
                      (unsigned long)(seconds % 60));
}

static size_t progress_add_servers(char *line, size_t used, const struct resolver_server *servers,
                                   size_t count) {
  uint64_t sent = 0, lost = 0;
  unsigned slowest_us = 0;
  size_t working = 0;
  for (size_t i = 0; i < count; i++) {
    sent += servers[i].sent;
    lost += servers[i].lost;
    working += !servers[i].resting;
    if (servers[i].rtt_us > slowest_us) slowest_us = servers[i].rtt_us;
  }
  return progress_add(line, used, "; resolvers %zu of %zu answer, %.2f%% lost, %.1f ms", working,
                      count, sent ? 100.0 * (double)lost / (double)sent : 0.0, slowest_us / 1000.0);
}

/* When nothing else is left to be done, it says how long the scan waits. */
static size_t progress_add_waiting(char *line, size_t used, const struct worker_snapshot *sum) {
  unsigned long waiting = (unsigned long)sum->waiting;
  if (waiting == 0) return used;
  if (sum->in_flight > 0) return progress_add(line, used, ", %lu wait for a second look", waiting);
  return progress_add(line, used, ", waiting %lu s to look again at %lu domain%s",
                      (unsigned long)(sum->waiting_ms + 999) / 1000, waiting,
                      waiting == 1 ? "" : "s");
}

static void progress_format(const struct progress *progress, char *line,
                            const struct worker_snapshot *sum,
                            const struct resolver_server *servers, size_t server_count,
                            const struct list_reader_progress *source) {
  uint64_t total = progress_total(source);
  size_t used = progress_add(line, 0, "%lu", (unsigned long)sum->domains);
  if (total) {
    double percent = 100.0 * (double)sum->domains / (double)total;
    used = progress_add(line, used, " of about %lu (%.0f%%)", (unsigned long)total,
                        percent > 100 ? 100 : percent);
  }
  used = progress_add(line, used, ", %.0f/s, %lu in flight, %lu fetches, %lu broken",
                      progress->rate, (unsigned long)sum->in_flight, (unsigned long)sum->fetches,
                      (unsigned long)sum->status[STATUS_BROKEN]);
  bool waits = sum->waiting > 0 && sum->in_flight == 0;
  if (total > sum->domains && progress->rate > 0 && !waits)
    used = progress_add_left(line, used, total - sum->domains, progress->rate);
  used = progress_add_waiting(line, used, sum);
  progress_add_servers(line, used, servers, server_count);
}

void progress_show(struct progress *progress, const struct worker_snapshot *sum,
                   const struct resolver_server *servers, size_t server_count,
                   const struct list_reader_progress *source, uint64_t now) {
  char line[PROGRESS_LINE_MAX];
  progress_measure(progress, sum->domains, now);
  if (!say_is_heard(0)) return;
  progress_format(progress, line, sum, servers, server_count, source);
  if (progress->live) {
    fprintf(stderr, "\r%s\x1b[K", line);
    progress->shown = true;
  } else if (progress->plain) {
    fprintf(stderr, "stscan: %s\n", line);
  }
  fflush(stderr);
}

void progress_clear(struct progress *progress) {
  if (progress->shown && say_is_heard(0)) fputs("\r\x1b[K", stderr);
  progress->shown = false;
}
