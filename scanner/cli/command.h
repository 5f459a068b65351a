/* The commands, by the table command.def. */
#ifndef SCANNER_CLI_COMMAND_H
#define SCANNER_CLI_COMMAND_H

enum exit_status {
  EXIT_DONE = 0,
  EXIT_WRONG = 1, /* something is wrong or changed; or it could not be done */
  EXIT_USAGE = 2,
  EXIT_STOPPED = 3, /* can be resumed */
};

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

#endif
