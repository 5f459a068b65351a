#include "scanner/run/progress.h"

#include "output/base/number.h"
#include "scanner/run/notice.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct progress {
  bool live;
  bool plain;
  bool shown; /* a live line stands on the terminal */
  unsigned shard, shards;
  uint64_t last_now;
  uint64_t last_domains;
  double rate; /* smoothed */
};

/* A dumb terminal cannot take a line back. */
static bool terminal_is_dumb(void) {
  const char *term = getenv("TERM");
  return !term || strcmp(term, "dumb") == 0;
}

enum err progress_new(struct progress **progress, enum progress_mode mode, unsigned shard,
                      unsigned shards) {
  struct progress *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  bool terminal = isatty(STDERR_FILENO);
  made->live = (mode == PROGRESS_ALWAYS || (mode == PROGRESS_AUTO && terminal)) &&
               !(terminal && terminal_is_dumb());
  made->plain = mode != PROGRESS_NEVER && !made->live;
  made->shard = shard;
  made->shards = shards;
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

/* A line that grows by whole parts until one does not fit. */
struct line {
  char *text; /* of PROGRESS_LINE_MAX */
  size_t len, room;
  bool full;
};

static void line_add(struct line *line, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void line_add(struct line *line, const char *format, ...) {
  va_list args;
  if (line->full) return;
  va_start(args, format);
  int n = vsnprintf(line->text + line->len, PROGRESS_LINE_MAX - line->len, format, args);
  va_end(args);
  line->full = n < 0 || line->len + (size_t)n > line->room;
  if (line->full)
    line->text[line->len] = 0;
  else
    line->len += (size_t)n;
}

/* How many domains of this shard the lists hold, judged by the octets read of them; 0: not known.
 */
static uint64_t total_of(const struct progress_facts *facts) {
  const struct list_reader_progress *lists = &facts->lists;
  if (lists->total_bytes == 0 || lists->read_bytes == 0) return 0;
  double lines = (double)lists->lines;
  if (lists->read_bytes < lists->total_bytes)
    lines *= (double)lists->total_bytes / (double)lists->read_bytes;
  return (uint64_t)(lines / facts->shards);
}

static void add_done(struct line *line, const struct progress_facts *facts, uint64_t total) {
  char done[NUMBER_SIZE], all[NUMBER_SIZE];
  number_text(facts->sum.domains, done);
  if (total == 0) {
    line_add(line, "%s", done);
  } else {
    double percent = 100.0 * (double)facts->sum.domains / (double)total;
    line_add(line, "%s of about %s (%.0f%%)", done, number_text(total, all),
             percent > 100 ? 100 : percent);
  }
  if (facts->shards > 1) line_add(line, ", shard %u/%u", facts->shard, facts->shards);
}

static void add_left(struct line *line, uint64_t left, double rate) {
  uint64_t seconds = (uint64_t)((double)left / rate);
  if (seconds >= 3600)
    line_add(line, ", %lu:%02lu h left", (unsigned long)(seconds / 3600),
             (unsigned long)(seconds / 60 % 60));
  else
    line_add(line, ", %lu:%02lu left", (unsigned long)(seconds / 60),
             (unsigned long)(seconds % 60));
}

/* When nothing else is left to be done, it says how long the scan waits. */
static void add_waiting(struct line *line, const struct worker_snapshot *sum) {
  char waiting[NUMBER_SIZE];
  if (sum->waiting == 0) return;
  number_text(sum->waiting, waiting);
  if (sum->in_flight > 0)
    line_add(line, ", %s wait for a second look", waiting);
  else
    line_add(line, ", waiting %lu s to look again at %s domain%s",
             (unsigned long)(sum->waiting_ms + 999) / 1000, waiting, sum->waiting == 1 ? "" : "s");
}

static void add_counts(struct line *line, const struct worker_snapshot *sum) {
  char number[NUMBER_SIZE], done[NUMBER_SIZE];
  line_add(line, ", %s in flight", number_text(sum->in_flight, number));
  line_add(line, ", %s broken", number_text(sum->status[STATUS_BROKEN], number));
  line_add(line, "; fetches: %s done, %s in flight", number_text(sum->fetches_done, done),
           number_text(sum->fetches, number));
}

static void add_servers(struct line *line, const struct progress_facts *facts) {
  uint64_t sent = 0, lost = 0;
  unsigned slowest_us = 0;
  size_t working = 0;
  for (size_t i = 0; i < facts->server_count; i++) {
    const struct resolver_server *server = &facts->servers[i];
    sent += server->sent;
    lost += server->lost;
    working += !server->resting;
    if (server->rtt_us > slowest_us) slowest_us = server->rtt_us;
  }
  line_add(line, "; resolvers: %zu of %zu answer", working, facts->server_count);
  line_add(line, ", %.2f%% lost, %.1f ms", sent ? 100.0 * (double)lost / (double)sent : 0.0,
           slowest_us / 1000.0);
}

void progress_line(char text[PROGRESS_LINE_MAX], const struct progress_facts *facts) {
  const struct worker_snapshot *sum = &facts->sum;
  struct line line = {.text = text, .room = PROGRESS_LINE_MAX - 1};
  if (facts->width && facts->width < line.room) line.room = facts->width;
  text[0] = 0;
  uint64_t total = total_of(facts);
  bool waits = sum->waiting > 0 && sum->in_flight == 0;
  add_done(&line, facts, total);
  line_add(&line, ", %.0f/s", facts->rate);
  if (total > sum->domains && facts->rate > 0 && !waits)
    add_left(&line, total - sum->domains, facts->rate);
  add_waiting(&line, sum);
  add_counts(&line, sum);
  add_servers(&line, facts);
}

/* One column stays free: a cursor behind the last one would wrap the line. 0: not a terminal. */
static unsigned progress_width(void) {
  struct winsize size = {0};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2) return 0;
  return size.ws_col - 1;
}

void progress_show(struct progress *progress, struct progress_facts *facts, uint64_t now) {
  char line[PROGRESS_LINE_MAX];
  progress_measure(progress, facts->sum.domains, now);
  if (!notice_is_heard(0)) return;
  facts->rate = progress->rate;
  facts->shard = progress->shard;
  facts->shards = progress->shards;
  facts->width = progress->live ? progress_width() : 0;
  progress_line(line, facts);
  if (progress->live) {
    fprintf(stderr, "\r%s\x1b[K", line);
    progress->shown = true;
  } else if (progress->plain) {
    fprintf(stderr, "stscan: %s\n", line);
  }
  fflush(stderr);
}

void progress_clear(struct progress *progress) {
  if (progress->shown && notice_is_heard(0)) fputs("\r\x1b[K", stderr);
  progress->shown = false;
}
