#include "scanner/run/signals.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum signals_phase { SIGNALS_EARLY, SIGNALS_WATCHED, SIGNALS_LATE };

static const int signals_numbers[] = {SIGINT, SIGTERM, SIGHUP};

/* What a handler may touch: it runs on any thread. */
static struct {
  atomic_int phase;
  atomic_int status;
  atomic_int busy; /* handlers that may use async */
  _Atomic(uv_async_t *) async;
  atomic_int number;
  atomic_uint asked;
  _Atomic int64_t first_ms;
} signals;

unsigned signals_count(int64_t *first_ms, unsigned asked, int64_t now_ms) {
  if (asked == 0) {
    *first_ms = now_ms;
    return 1;
  }
  return now_ms - *first_ms > SIGNALS_APART_MS ? 2 : asked;
}

static int64_t signals_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1;
}

/* Nothing but what is safe in a handler. */
static void signals_exit(void) {
  static const char text[] = "stscan: stopped by a signal\n";
  struct pollfd error = {.fd = STDERR_FILENO, .events = POLLOUT}; /* a write might never return */
  bool heard = poll(&error, 1, 0) != 0;
  if (heard && write(STDERR_FILENO, text, sizeof text - 1) < 0) _exit(atomic_load(&signals.status));
  _exit(atomic_load(&signals.status));
}

static void signals_take(int number) {
  unsigned before = atomic_load(&signals.asked);
  int64_t first = atomic_load(&signals.first_ms);
  unsigned asked = signals_count(&first, before, signals_now());
  if (before == 0) {
    atomic_store(&signals.first_ms, first);
    atomic_store(&signals.number, number);
  }
  atomic_store(&signals.asked, asked);
  if (asked > 1 && atomic_load(&signals.phase) == SIGNALS_LATE) signals_exit();
}

static void signals_handle(int number) {
  int saved = errno;
  atomic_fetch_add(&signals.busy, 1);
  if (atomic_load(&signals.phase) == SIGNALS_EARLY) signals_exit();
  signals_take(number);
  uv_async_t *async = atomic_load(&signals.async);
  if (async) uv_async_send(async);
  atomic_fetch_sub(&signals.busy, 1);
  errno = saved;
}

void signals_begin(int status) {
  struct sigaction action = {.sa_handler = signals_handle, .sa_flags = SA_RESTART}, was;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < sizeof signals_numbers / sizeof *signals_numbers; i++)
    sigaddset(&action.sa_mask, signals_numbers[i]);
  atomic_store(&signals.status, status);
  atomic_store(&signals.phase, SIGNALS_EARLY);
  for (size_t i = 0; i < sizeof signals_numbers / sizeof *signals_numbers; i++)
    if (sigaction(signals_numbers[i], NULL, &was) == 0 && was.sa_handler != SIG_IGN)
      sigaction(signals_numbers[i], &action, NULL);
}

void signals_watch(uv_async_t *async) {
  atomic_store(&signals.async, async);
  atomic_store(&signals.phase, SIGNALS_WATCHED);
}

void signals_unwatch(void) {
  if (!atomic_load(&signals.async)) return;
  atomic_store(&signals.phase, SIGNALS_LATE);
  atomic_store(&signals.async, NULL);
  while (atomic_load(&signals.busy)) sched_yield(); /* on another thread, for microseconds */
}

unsigned signals_asked(int *number) {
  *number = atomic_load(&signals.number);
  return atomic_load(&signals.asked);
}
