/* A scan from its first line to its last: makes what the workers share (list reader, results file,
 * limits), starts the workers, shows progress, obeys signals, joins the workers and counts.
 *
 * Runs on the caller's thread until the scan has ended. What is wrong is said in one line on
 * standard error; what it came to is the enum scan_end that it returns.
 */
#ifndef SCANNER_RUN_SCAN_H
#define SCANNER_RUN_SCAN_H

#include "scanner/run/scan_account.h"
#include "scanner/run/scan_config.h"

/* account is set in every case; its tallies may be NULL when the scan did not begin. */
enum scan_end scan_run(const struct scan_config *config, struct scan_account *account);

#endif
