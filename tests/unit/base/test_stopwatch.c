#include "scanner/base/stopwatch.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const uint64_t ms = 1000000;

enum { START_MS = 1000000, TURN = STOPWATCH_TURN_MS };

/* What happens, so many milliseconds after what went before. */
enum event { END, LOOK, WAIT, TURNS };

static const struct row {
  const char *name;
  struct step {
    enum event event;
    unsigned after;
    unsigned wait;  /* of WAIT */
    unsigned shown; /* since the start */
    bool still;
  } steps[8];
  unsigned lost;
} rows[] = {
    {"time that is listened in counts",
     {{LOOK, 5, 0, 5, false}, {WAIT, 5, 50, 10, false}, {TURNS, 50, 0, 60, false}},
     0},
    {"a turn just long enough",
     {{WAIT, TURN, 0, TURN, false}, {LOOK, 0, 0, TURN, false}, {TURNS, 0, 0, TURN, false}},
     0},
    {"one that is too long counts as far as it was looked at",
     {{LOOK, 30, 0, 30, false}, {LOOK, TURN - 29, 0, 30, true}, {LOOK, 5000, 0, 30, true}},
     TURN - 29 + 5000},
    {"a wait is allowed for",
     {{WAIT, 10, 300, 10, false}, {LOOK, 300 + TURN - 10, 0, 300 + TURN, false}},
     0},
    {"but no longer than it was meant to be",
     {{WAIT, 10, 300, 10, false}, {LOOK, 300 + TURN - 9, 0, 10, true}},
     300 + TURN - 9},
    {"stopped in the poll: the timers behind it see no time gone, and are behind until the next",
     {{WAIT, 0, 20, 0, false},
      {TURNS, 12000, 0, 0, true},
      {LOOK, 1, 0, 1, true},
      {WAIT, 1, 20, 2, true},
      {TURNS, 3, 0, 5 + TURN, false},
      {LOOK, 7, 0, 12 + TURN, false}},
     12000 - TURN},
    {"a loop that is always late comes on all the same",
     {{TURNS, 1000, 0, 0, true},
      {TURNS, 1000, 0, TURN, true},
      {TURNS, 1000, 0, 2 * TURN, true},
      {TURNS, 10, 0, 3 * TURN + 10, false}},
     3000 - 3 * TURN},
};

static void test_rows(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct stopwatch watch;
    uint64_t real = START_MS * ms;
    stopwatch_init(&watch, real);
    for (const struct step *step = rows[i].steps; step->event != END; step++) {
      real += step->after * ms;
      if (step->event == WAIT) stopwatch_wait(&watch, real, step->wait * ms);
      if (step->event == TURNS) stopwatch_turn(&watch, real);
      uint64_t shown = stopwatch_now(&watch, real) - START_MS * ms;
      if (shown != step->shown * ms || stopwatch_stood_still(&watch) != step->still)
        fail_msg("%s: step %d shows %d ms", rows[i].name, (int)(step - rows[i].steps),
                 (int)(shown / ms));
    }
    if (stopwatch_lost(&watch) != rows[i].lost * ms)
      fail_msg("%s: lost %d ms", rows[i].name, (int)(stopwatch_lost(&watch) / ms));
  }
}

static void test_a_wait_without_a_limit(void **state) {
  (void)state;
  struct stopwatch watch;
  stopwatch_init(&watch, START_MS * ms);
  stopwatch_wait(&watch, START_MS * ms, UINT64_MAX);
  stopwatch_wait(&watch, START_MS * ms, UINT64_MAX);
  assert_int_equal(stopwatch_now(&watch, 99 * START_MS * ms), 99 * START_MS * ms);
  assert_false(stopwatch_stood_still(&watch));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_a_wait_without_a_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
