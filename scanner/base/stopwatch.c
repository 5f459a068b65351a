#include "scanner/base/stopwatch.h"

static const uint64_t stopwatch_turn_ns = STOPWATCH_TURN_MS * UINT64_C(1000000);

void stopwatch_init(struct stopwatch *watch, uint64_t real) {
  *watch = (struct stopwatch){
      .real = real,
      .shown = real,
      .turn_real = real,
      .turn_shown = real,
      .allowed = stopwatch_turn_ns,
  };
}

uint64_t stopwatch_now(struct stopwatch *watch, uint64_t real) {
  uint64_t taken = real - watch->turn_real;
  watch->real = real;
  if (taken > watch->allowed)
    watch->stands = true;
  else
    watch->shown = watch->turn_shown + taken;
  return watch->shown;
}

void stopwatch_wait(struct stopwatch *watch, uint64_t real, uint64_t ns) {
  stopwatch_now(watch, real);
  watch->allowed = ns < UINT64_MAX - watch->allowed ? watch->allowed + ns : UINT64_MAX;
}

void stopwatch_turn(struct stopwatch *watch, uint64_t real) {
  stopwatch_now(watch, real);
  if (watch->behind) watch->shown += stopwatch_turn_ns;
  watch->behind = watch->stands;
  watch->stands = false;
  watch->turn_real = real;
  watch->turn_shown = watch->shown;
  watch->allowed = stopwatch_turn_ns;
}

bool stopwatch_stood_still(const struct stopwatch *watch) {
  return watch->stands || watch->behind;
}

uint64_t stopwatch_lost(const struct stopwatch *watch) {
  return watch->real - watch->shown;
}
