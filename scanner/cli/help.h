/* What the program says of itself and of wrong usage. */
#ifndef SCANNER_CLI_HELP_H
#define SCANNER_CLI_HELP_H

#include <stdbool.h>
#include <stdio.h>

enum exit_status {
  EXIT_DONE = 0,
  EXIT_WRONG = 1, /* something is wrong or changed; or it could not be done */
  EXIT_USAGE = 2,
  EXIT_STOPPED = 3, /* can be resumed */
};

struct command {
  const char *name;
  unsigned options; /* its bit in options.def */
  const char *operands;
  const char *title;
  const char *text; /* for --help, below the usage */
  int (*main)(int argc, char **argv);
};

/* The table, ended by a NULL name; in main.c. */
extern const struct command command_table[];

/* "stscan COMMAND: ..." as one line on standard error; control bytes in what the arguments hold are
 * shown as '?'. */
__attribute__((format(printf, 2, 3))) void help_complain(const char *command, const char *format,
                                                         ...);

void help_program(FILE *out);
void help_command(FILE *out, const char *command);

#endif
