/* The loop of the thread that called scan_run(), while the workers run: it starts them, shows
 * progress, passes signals on, says what the workers and lists have to say, and ends when all
 * workers have ended and the results are written.
 */
#ifndef SCANNER_RUN_SCAN_LOOP_H
#define SCANNER_RUN_SCAN_LOOP_H

#include "scanner/run/scan_state.h"

enum { SCAN_LOOP_WRITE_MS = 500 }; /* for what is queued, when the end is wanted at once */

/* ERR_MEMORY. */
enum err scan_loop_make(struct scan *scan);

/* Starts the workers, then the lists; an error is said, and the loop still has to run. */
enum err scan_loop_start(struct scan *scan);

/* What the list reader has to say, on standard error. */
void scan_loop_tell_lists(struct scan *scan);

void scan_loop_free(struct scan *scan);

#endif
