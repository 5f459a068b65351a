#include "scanner/cli/report_file.h"

#include "output/base/whole_file.h"
#include "scanner/cli/exit_status.h"
#include "scanner/cli/help.h"
#include <errno.h>

static bool is_standard(const struct report_file *file) {
  return strcmp(file->path, "-") == 0;
}

static int complain(const struct report_file *file, enum err err) {
  const char *why = err == ERR_IO ? strerror(errno) : err_text(err);
  if (err == ERR_NONE) return EXIT_DONE;
  if (err == ERR_REFUSED)
    why = "the file exists and is not a report: not overwritten (--force does)";
  help_complain(file->command, "%s %s: %s", file->option, file->path, why);
  return EXIT_WRONG;
}

int report_file_check(const struct report_file *file) {
  if (!file->path || is_standard(file)) return EXIT_DONE;
  return complain(file, whole_file_check(file->path, file->mark, file->force));
}

int report_file_write(const struct report_file *file, report_file_print *print,
                      const void *context) {
  struct whole_file *whole;
  if (!file->path) return EXIT_DONE;
  if (is_standard(file)) {
    print(stdout, context);
    return EXIT_DONE;
  }
  enum err err = whole_file_open(&whole, file->path, file->mark, file->force);
  if (err != ERR_NONE) return complain(file, err);
  print(whole_file_stream(whole), context);
  return complain(file, whole_file_close(whole, true));
}
