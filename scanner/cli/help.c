#include "scanner/cli/help.h"

#include "scanner/run/notice.h"

void help_complain(const char *command, const char *format, ...) {
  va_list args;
  va_start(args, format);
  notice_of(command, format, args);
  va_end(args);
}
