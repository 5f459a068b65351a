/* Resuming a scan: the results say which scan they are of (output/results/scan_id.h), which lines
 * are done is read from them, and the results of another scan are refused, naming the difference. A
 * scan is appended only to results that are whole: behind a torn end its records could not be read.
 *
 * What is wrong is said in one line on standard error.
 */
#ifndef SCANNER_RUN_RESUME_H
#define SCANNER_RUN_RESUME_H

#include "output/results/results_file.h"
#include "output/results/resume_index.h"
#include "scanner/run/scan_config.h"

/* Before anything is opened: whether what lies beside the results can be written. */
enum err resume_check(const struct scan_config *config);

/* The results are open, and locked, and nothing was appended yet. index is to be freed in every
 * case; with config->resume it then tells what is done, and the torn tail is cut off; else it is
 * empty. On any error the results are as they were. */
enum err resume_prepare(const struct scan_config *config, struct results_file *results,
                        struct resume_index *index);

/* The scan has ended: says so in the results, unless they say it already. They are open nowhere
 * else; what holds them now, or a failure, is passed over: the records are all there. */
void resume_finish(const struct scan_config *config, const struct resume_index *index,
                   const struct scan_id_end *end);

/* The statistics of the scan's records, read back from the octet where it begins: each domain once,
 * as stats counts it. *tally is to be freed. */
enum err resume_count(const struct scan_config *config, uint64_t from, struct tally **tally);

#endif
