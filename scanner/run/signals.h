/* The signals that ask a scan to end: SIGINT, SIGTERM, SIGHUP.
 *
 * One that is ignored when the program starts stays ignored: nohup(1) and shells without job
 * control mean it. Before the scan proper a signal ends the process at once, since nothing is in
 * flight. While the scan runs the first one asks for the end, and one that comes more than
 * SIGNALS_APART_MS later for an end at once; what comes sooner is the same wish told twice (a
 * terminal that closes sends SIGHUP, and what supervises the process SIGTERM). Once the scan is
 * over, what is left is a matter of moments: only a second wish ends it.
 *
 * Signals are of the process, and so is this: it is used by one scan.
 */
#ifndef SCANNER_RUN_SIGNALS_H
#define SCANNER_RUN_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum { SIGNALS_APART_MS = 1000 };

/* How often the end was asked for, when signals came at these times. Pure, but for *first and
 * *asked, which begin as 0; now_ms is not 0. */
unsigned signals_count(int64_t *first_ms, unsigned asked, int64_t now_ms);

/* status: of the exit, when a signal ends the process. */
void signals_begin(int status);

/* From now on async, which must be ready to be sent to, is woken. */
void signals_watch(uv_async_t *async);

/* async is not sent to any more. */
void signals_unwatch(void);

/* How often the end was asked for, and by which signal first (0: by none). */
unsigned signals_asked(int *number);

#endif
