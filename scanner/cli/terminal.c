#include "scanner/cli/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool terminal_is(FILE *out) {
  return isatty(fileno(out));
}

bool terminal_colour(FILE *out) {
  const char *forbidden = getenv("NO_COLOR");
  const char *term = getenv("TERM");
  return terminal_is(out) && !(forbidden && *forbidden) && term && strcmp(term, "dumb") != 0;
}

unsigned terminal_width(FILE *out) {
  struct winsize size = {0};
  if (!terminal_is(out) || ioctl(fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return TERMINAL_WIDTH_DEFAULT;
  if (size.ws_col < TERMINAL_WIDTH_MIN) return TERMINAL_WIDTH_MIN;
  return size.ws_col > TERMINAL_WIDTH_MAX ? TERMINAL_WIDTH_MAX : size.ws_col;
}
