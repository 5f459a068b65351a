/* One line for people on standard error. Whatever the arguments hold, only what is printable
 * reaches the terminal (output/base/terminal_text.h). */
#ifndef SCANNER_RUN_NOTICE_H
#define SCANNER_RUN_NOTICE_H

#include <stdarg.h>
#include <stdbool.h>

enum {
  NOTICE_LINE_MAX = 1024,
  NOTICE_PATIENCE_MS = 200, /* with who reads standard error; then the line is dropped */
};

/* Whether some lines can be written to standard error now, or within that time: who reads it must
 * not hold up the program. */
bool notice_is_heard(int patience_ms);

/* "stscan: ..." */
__attribute__((format(printf, 1, 2))) void notice(const char *format, ...);

/* "stscan SUBJECT: ...", or as notice() when subject is NULL. */
__attribute__((format(printf, 2, 0))) void notice_of(const char *subject, const char *format,
                                                     va_list args);

#endif
