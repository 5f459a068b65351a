#include "scanner/run/notice.h"

#include "output/base/terminal_text.h"
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

/* Of a pipe, POLLOUT says that PIPE_BUF octets have room. */
bool notice_is_heard(int patience_ms) {
  struct pollfd error = {.fd = STDERR_FILENO, .events = POLLOUT};
  return poll(&error, 1, patience_ms) != 0;
}

void notice_of(const char *subject, const char *format, va_list args) {
  char line[NOTICE_LINE_MAX], shown[NOTICE_LINE_MAX];
  int n = subject ? snprintf(line, sizeof line, "stscan %s: ", subject)
                  : snprintf(line, sizeof line, "stscan: ");
  size_t used = n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
  vsnprintf(line + used, sizeof line - used, format, args);
  size_t len = terminal_text_escape(span_of(line), shown, sizeof shown - 1);
  shown[len++] = '\n';
  if (!notice_is_heard(NOTICE_PATIENCE_MS)) return;
  fwrite(shown, 1, len, stderr); /* one write: lines of several threads do not mix */
}

void notice(const char *format, ...) {
  va_list args;
  va_start(args, format);
  notice_of(NULL, format, args);
  va_end(args);
}
