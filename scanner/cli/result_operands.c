#include "scanner/cli/result_operands.h"

#include "scanner/cli/help.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static bool operand_take(struct result_paths *paths, const char *command, const char *operand) {
  switch (result_paths_add(paths, operand)) {
  case ERR_NONE: return true;
  case ERR_NOT_FOUND:
    help_complain(command, "%s: no result file is in this folder", operand);
    break;
  case ERR_LIMIT: help_complain(command, "at most %d files", RESULT_PATHS_MAX); break;
  case ERR_IO: help_complain(command, "%s: %s", operand, strerror(errno)); break;
  default: help_complain(command, "%s: %s", operand, err_text(ERR_MEMORY));
  }
  return false;
}

bool result_operands_take(struct result_paths *paths, const char *command, char *const *operands,
                          int count) {
  int inputs = 0;
  if (count == 0) help_complain(command, "give at least one RESULT; - is standard input");
  for (int i = 0; i < count; i++) {
    inputs += strcmp(operands[i], "-") == 0;
    if (!operand_take(paths, command, operands[i])) return false;
  }
  if (inputs > 1) help_complain(command, "standard input can be read only once");
  return count && inputs <= 1;
}

bool result_operands_are_files(const struct result_paths *paths, const char *command,
                               const char *what) {
  for (size_t i = 0; i < paths->count; i++) {
    struct stat st;
    bool is_standard = strcmp(paths->at[i], "-") == 0;
    if (!is_standard && (stat(paths->at[i], &st) != 0 || S_ISREG(st.st_mode))) continue;
    help_complain(command, "%s needs the results twice: give files, and not %s", what,
                  is_standard ? "standard input" : paths->at[i]);
    return false;
  }
  return true;
}
