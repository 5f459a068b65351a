/* What the program says of wrong usage, and of what failed. */
#ifndef SCANNER_CLI_HELP_H
#define SCANNER_CLI_HELP_H

/* "stscan COMMAND: ..." as one line on standard error (scanner/run/notice.h). */
__attribute__((format(printf, 2, 3))) void help_complain(const char *command, const char *format,
                                                         ...);

#endif
