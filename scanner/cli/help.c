#include "scanner/cli/help.h"

#include "scanner/cli/command.h"
#include "scanner/cli/options.h"
#include "scanner/run/notice.h"

void help_program(FILE *out) {
  fputs("Usage: stscan COMMAND [options] ...\n\n"
        "Bulk scanner for MTA-STS (RFC 8461).\n\nCommands:\n",
        out);
  for (const struct command *command = command_table; command->name; command++)
    fprintf(out, "  %-8s %s\n", command->name, command->title);
  fputs("\nstscan COMMAND --help tells more; stscan --version names the libraries' versions too.\n",
        out);
}

void help_command(FILE *out, const char *name) {
  const struct command *command = command_find(name);
  if (!command) return;
  fprintf(out, "Usage: stscan %s %s\n\n%s\nOptions:\n", command->name, command->usage,
          command->text);
  options_help(out, (enum options_command)command->options);
}

void help_complain(const char *command, const char *format, ...) {
  va_list args;
  va_start(args, format);
  notice_of(command, format, args);
  va_end(args);
}
