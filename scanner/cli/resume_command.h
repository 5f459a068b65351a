/* The line to resume a scan with. */
#ifndef SCANNER_CLI_RESUME_COMMAND_H
#define SCANNER_CLI_RESUME_COMMAND_H

#include <stdio.h>

/* The command line (argv[0] is the command) as a shell reads it, in one line, with --resume in
 * place of --force or --append. */
void resume_command_print(FILE *out, int argc, char *const *argv);

/* What must come again for it: lists that are streams (none: standard input). In one line each;
 * nothing when all are files. */
void resume_command_print_streams(FILE *out, int count, char *const *lists);

#endif
