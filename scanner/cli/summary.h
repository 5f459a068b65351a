/* The end of a scan, told: a few lines for people, and JSON for the summary file. */
#ifndef SCANNER_CLI_SUMMARY_H
#define SCANNER_CLI_SUMMARY_H

#include "scanner/cli/options.h"
#include "scanner/run/scan.h"
#include <stdio.h>

enum {
  SUMMARY_FAULTS_SHOWN = 5,
  SUMMARY_SERVERS_SHOWN = 32,
};

void summary_print(FILE *out, const struct scan_account *account, enum scan_end end,
                   const char *output);

/* Whether the summary could be written there (path "-": standard output). ERR_REFUSED: there is
 * something else, and force does not allow to replace it; ERR_IO with errno. Leaves nothing behind.
 */
enum err summary_check(const char *path, bool force);

/* Writes the summary, whole or not at all: what a paper's section on methods needs. The runs before
 * are those that the summary at its place tells of, when a scan is resumed. Fails likewise, or with
 * ERR_MEMORY. */
enum err summary_write(const struct options *options, const struct scan_config *config,
                       const struct scan_account *account, enum scan_end end, int argc,
                       char *const *argv);

#endif
