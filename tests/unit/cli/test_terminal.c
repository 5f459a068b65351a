#include "scanner/cli/terminal.h"
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

/* A terminal of our own, so that what the tests run on does not matter. */
struct screen {
  int master;
  FILE *out;
};

static int screen_open(void **state) {
  static struct screen screen;
  int slave;
  if (openpty(&screen.master, &slave, NULL, NULL, NULL) != 0) return -1;
  screen.out = fdopen(slave, "w");
  *state = &screen;
  return screen.out ? 0 : -1;
}

static int screen_close(void **state) {
  struct screen *screen = *state;
  fclose(screen->out);
  return close(screen->master);
}

static void test_width_of_a_terminal_is_bounded(void **state) {
  static const struct {
    unsigned short columns;
    unsigned width;
  } rows[] = {
      {0, TERMINAL_WIDTH_DEFAULT},
      {TERMINAL_WIDTH_MIN - 1, TERMINAL_WIDTH_MIN},
      {TERMINAL_WIDTH_MIN, TERMINAL_WIDTH_MIN},
      {TERMINAL_WIDTH_MIN + 1, TERMINAL_WIDTH_MIN + 1},
      {TERMINAL_WIDTH_MAX - 1, TERMINAL_WIDTH_MAX - 1},
      {TERMINAL_WIDTH_MAX, TERMINAL_WIDTH_MAX},
      {TERMINAL_WIDTH_MAX + 1, TERMINAL_WIDTH_MAX},
  };
  struct screen *screen = *state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct winsize size = {.ws_row = 24, .ws_col = rows[i].columns};
    assert_int_equal(0, ioctl(screen->master, TIOCSWINSZ, &size));
    assert_int_equal(rows[i].width, terminal_width(screen->out));
  }
}

static void test_colour_obeys_the_environment(void **state) {
  static const struct {
    const char *term, *no_color;
    bool colour;
  } rows[] = {
      {"xterm", NULL, true}, {"xterm", "", true}, {"xterm", "1", false},
      {"dumb", NULL, false}, {NULL, NULL, false},
  };
  struct screen *screen = *state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    unsetenv("TERM");
    unsetenv("NO_COLOR");
    if (rows[i].term) setenv("TERM", rows[i].term, 1);
    if (rows[i].no_color) setenv("NO_COLOR", rows[i].no_color, 1);
    assert_int_equal(rows[i].colour, terminal_colour(screen->out));
  }
}

static void test_a_file_is_no_terminal(void **state) {
  FILE *file = tmpfile();
  (void)state;
  assert_non_null(file);
  setenv("TERM", "xterm", 1);
  unsetenv("NO_COLOR");
  assert_false(terminal_is(file));
  assert_false(terminal_colour(file));
  assert_int_equal(TERMINAL_WIDTH_DEFAULT, terminal_width(file));
  fclose(file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_width_of_a_terminal_is_bounded, screen_open,
                                      screen_close),
      cmocka_unit_test_setup_teardown(test_colour_obeys_the_environment, screen_open, screen_close),
      cmocka_unit_test(test_a_file_is_no_terminal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
