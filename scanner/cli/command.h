/* The commands, by the table command.def. */
#ifndef SCANNER_CLI_COMMAND_H
#define SCANNER_CLI_COMMAND_H

#include <stdio.h>

struct command {
  const char *name;
  unsigned options; /* its bit in options.def */
  const char *usage;
  const char *title;
  const char *text;                   /* of --help, below the usage */
  int (*main)(int argc, char **argv); /* argv[0] is the command's name */
};

/* Ended by a row without a name. */
extern const struct command command_table[];

/* NULL: there is none of that name. */
const struct command *command_find(const char *name);

/* All commands, a line each: `stscan --help`. */
void command_help(FILE *out);

/* Says that it is not a command, and the nearest one. */
void command_complain(const char *name);

#endif
