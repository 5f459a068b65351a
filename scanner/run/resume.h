/* Makes the results of a scan such that it can be resumed, and resumes it: finds what is done, and
 * refuses the results of another scan, naming the difference. A scan is appended only to results
 * that are whole: behind a torn end its records could not be read.
 *
 * Says what is wrong, in one line, on standard error.
 */
#ifndef SCANNER_RUN_RESUME_H
#define SCANNER_RUN_RESUME_H

#include "output/results/results_file.h"
#include "output/results/resume_index.h"
#include "scanner/run/scan_config.h"

/* Before anything is opened: whether what lies beside the results can be written. */
enum err resume_check(const struct scan_config *config);

/* The sink is open, and locked, and nothing was appended yet. journal is to be freed in every case;
 * with config->resume it then tells what is done, and the torn tail is cut off; else it is empty.
 * On any error the results are as they were. */
enum err resume_prepare(const struct scan_config *config, struct results_file *sink,
                        struct resume_index *journal);

/* The scan has ended: says so in the results, unless they say it already. They are open nowhere
 * else; what holds them now, or a failure, is passed over: the records are all there. */
void resume_finish(const struct scan_config *config, const struct resume_index *journal,
                   const struct scan_id_end *end);

/* The statistics of the scan's records, read back from the octet where it begins: each domain once,
 * as stats counts it. *tally is to be freed. */
enum err resume_count(const struct scan_config *config, uint64_t from, struct tally **tally);

#endif
