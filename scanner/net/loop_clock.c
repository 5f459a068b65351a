#include "scanner/net/loop_clock.h"

#include <stdlib.h>

enum {
  LOOP_CLOCK_MS_NS = 1000000,
  LOOP_CLOCK_TICK_MS = 100, /* no poll waits longer, or a stop within it would not show */
};

struct loop_clock {
  struct stopwatch watch;
  loop_clock_source *source;
  uv_prepare_t prepare; /* before each poll */
  uv_check_t check;     /* and behind it */
  uv_timer_t tick;
  unsigned open; /* handles */
};

static void loop_clock_on_prepare(uv_prepare_t *prepare) {
  struct loop_clock *clock = prepare->data;
  int ms = uv_backend_timeout(prepare->loop);
  uint64_t ns = ms < 0 ? UINT64_MAX : (uint64_t)ms * LOOP_CLOCK_MS_NS;
  stopwatch_wait(&clock->watch, clock->source(), ns);
}

static void loop_clock_on_check(uv_check_t *check) {
  struct loop_clock *clock = check->data;
  stopwatch_turn(&clock->watch, clock->source());
}

static void loop_clock_on_tick(uv_timer_t *tick) {
  (void)tick;
}

enum err loop_clock_new(struct loop_clock **clock, uv_loop_t *loop, loop_clock_source *source) {
  struct loop_clock *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->source = source;
  stopwatch_init(&made->watch, source());
  uv_prepare_init(loop, &made->prepare);
  uv_check_init(loop, &made->check);
  uv_timer_init(loop, &made->tick);
  made->prepare.data = made->check.data = made->tick.data = made;
  uv_prepare_start(&made->prepare, loop_clock_on_prepare);
  uv_check_start(&made->check, loop_clock_on_check);
  uv_timer_start(&made->tick, loop_clock_on_tick, LOOP_CLOCK_TICK_MS, LOOP_CLOCK_TICK_MS);
  uv_unref((uv_handle_t *)&made->prepare);
  uv_unref((uv_handle_t *)&made->check);
  uv_unref((uv_handle_t *)&made->tick);
  made->open = 3;
  *clock = made;
  return ERR_NONE;
}

static void loop_clock_on_closed(uv_handle_t *handle) {
  struct loop_clock *clock = handle->data;
  if (--clock->open == 0) free(clock);
}

void loop_clock_close(struct loop_clock *clock) {
  if (!clock) return;
  uv_close((uv_handle_t *)&clock->prepare, loop_clock_on_closed);
  uv_close((uv_handle_t *)&clock->check, loop_clock_on_closed);
  uv_close((uv_handle_t *)&clock->tick, loop_clock_on_closed);
}

uint64_t loop_clock_now(struct loop_clock *clock) {
  return stopwatch_now(&clock->watch, clock->source());
}

bool loop_clock_stood_still(const struct loop_clock *clock) {
  return stopwatch_stood_still(&clock->watch);
}

uint64_t loop_clock_lost(const struct loop_clock *clock) {
  return stopwatch_lost(&clock->watch);
}
