#include "scanner/run/say.h"

#include <stdio.h>
#include <string.h>

void say_of(const char *subject, const char *format, va_list args) {
  char line[SAY_LINE_MAX];
  int n = subject ? snprintf(line, sizeof line, "stscan %s: ", subject)
                  : snprintf(line, sizeof line, "stscan: ");
  size_t used = n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
  vsnprintf(line + used, sizeof line - used, format, args);
  for (char *at = line; *at; at++)
    if ((unsigned char)*at < 0x20 || *at == 0x7f) *at = '?';
  fprintf(stderr, "%s\n", line);
}

void say(const char *format, ...) {
  va_list args;
  va_start(args, format);
  say_of(NULL, format, args);
  va_end(args);
}
