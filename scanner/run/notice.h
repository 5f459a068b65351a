/* One line for people on standard error. Whatever the arguments hold, only what is printable
 * reaches the terminal (output/base/terminal_text.h). */
#ifndef SCANNER_RUN_NOTICE_H
#define SCANNER_RUN_NOTICE_H

#include <stdarg.h>

enum { NOTICE_LINE_MAX = 1024 };

/* "stscan: ..." */
__attribute__((format(printf, 1, 2))) void notice(const char *format, ...);

/* "stscan SUBJECT: ...", or as say() when subject is NULL. */
__attribute__((format(printf, 2, 0))) void notice_of(const char *subject, const char *format,
                                                     va_list args);

#endif
