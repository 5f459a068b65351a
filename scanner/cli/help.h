/* What the program says of itself, and of wrong usage. */
#ifndef SCANNER_CLI_HELP_H
#define SCANNER_CLI_HELP_H

#include <stdio.h>

void help_program(FILE *out);
void help_command(FILE *out, const char *command);

/* "stscan COMMAND: ..." as one line on standard error (scanner/run/notice.h). */
__attribute__((format(printf, 2, 3))) void help_complain(const char *command, const char *format,
                                                         ...);

#endif
