/* A report that a command writes: whole or not at all, and never over what is not ours. What is
 * wrong is said as a complaint of the command. */
#ifndef SCANNER_CLI_REPORT_FILE_H
#define SCANNER_CLI_REPORT_FILE_H

#include "output/base/err.h"
#include "output/base/span.h"
#include <stdio.h>

struct report_file {
  const char *command, *option; /* "stats", "--html" */
  const char *path;             /* "-": standard output; NULL: not asked for */
  struct span mark;             /* what tells a file of ours (output/base/whole_file.h) */
  bool force;
};

typedef void report_file_print(FILE *out, const void *context);

/* An exit status: whether it can be written, before anything is read. */
int report_file_check(const struct report_file *file);
int report_file_write(const struct report_file *file, report_file_print *print,
                      const void *context);

#endif
