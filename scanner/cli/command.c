#include "scanner/cli/command.h"

#include "scanner/cli/check.h"
#include "scanner/cli/diff.h"
#include "scanner/cli/explain.h"
#include "scanner/cli/help.h"
#include "scanner/cli/lint.h"
#include "scanner/cli/nearest.h"
#include "scanner/cli/options.h"
#include "scanner/cli/scan.h"
#include "scanner/cli/show.h"
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
  fprintf(out, "  %-8s %s\n  %-8s %s\n", "help", "this text, or that of a command", "version",
          "versions of the program and its libraries");
  fputs("\nstscan help COMMAND, or COMMAND --help, shows the options.\n", out);
}

/* nearest_word */
static const char *command_word(const void *data, size_t i) {
  static const char *const others[] = {"help", "version", NULL};
  size_t count = sizeof command_table / sizeof *command_table - 1;
  (void)data;
  return i < count ? command_table[i].name : others[i - count];
}

void command_complain(const char *name) {
  const char *nearest = nearest_find(name + strspn(name, "-"), command_word, NULL);
  if (nearest)
    help_complain(NULL, "\"%s\" is not a command; did you mean %s?", name, nearest);
  else
    help_complain(NULL, "\"%s\" is not a command (see stscan help)", name);
}
