/* The end of a scan, once its loop has run: the workers are joined, what they counted goes into the
 * account, the results are closed, and enum scan_end says how it came out.
 */
#ifndef SCANNER_RUN_SCAN_END_H
#define SCANNER_RUN_SCAN_END_H

#include "scanner/run/scan_state.h"

/* started: what came of scan_loop_start(). What went wrong is said, once. */
enum scan_end scan_end_settle(struct scan *scan, enum err started);

/* Of a complete scan: writes so at the end of the results. */
void scan_end_say(struct scan *scan);

/* The whole scan, each domain once: what this run counted may be less, or more. */
void scan_end_count_results(struct scan *scan);

#endif
