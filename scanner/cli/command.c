#include "scanner/cli/command.h"

#include "scanner/cli/check.h"
#include "scanner/cli/diff.h"
#include "scanner/cli/explain.h"
#include "scanner/cli/lint.h"
#include "scanner/cli/options.h"
#include "scanner/cli/scan.h"
#include "scanner/cli/stats.h"
#include <string.h>

const struct command command_table[] = {
#define COMMAND(name, options, usage, title, text)                                                 \
  {#name, options, usage, title, text, name##_main},
#include "scanner/cli/command.def"
#undef COMMAND
    {0},
};

const struct command *command_find(const char *name) {
  const struct command *command = command_table;
  while (command->name && strcmp(command->name, name) != 0) command++;
  return command->name ? command : NULL;
}

void command_help(FILE *out) {
  fputs("Usage: stscan COMMAND [options] ...\n\n"
        "Bulk scanner for MTA-STS (RFC 8461).\n\nCommands:\n",
        out);
  for (const struct command *command = command_table; command->name; command++)
    fprintf(out, "  %-8s %s\n", command->name, command->title);
  fputs("\nstscan COMMAND --help tells more; stscan --version names the libraries' versions too.\n",
        out);
}
