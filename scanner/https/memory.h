/* Counts the allocations of OpenSSL and libcurl that fail.
 *
 * What the libraries report after one may be a certificate that is too weak, no cipher in common,
 * or an answer that cannot be read: it would be taken for a fault of the server. So their
 * allocations go through here, and what ended while the count of its thread rose says nothing of
 * the server. OpenSSL, which does not bear all failures, gets nothing more on a thread where one
 * was: its scan is about to end.
 */
#ifndef SCANNER_HTTPS_MEMORY_H
#define SCANNER_HTTPS_MEMORY_H

#include "output/base/err.h"
#include <stdbool.h>
#include <stdint.h>

/* Starts libcurl as curl_global_init() does; before anything else of the two is called, and on the
 * only thread. Without it nothing is counted. ERR_LIBRARY: libcurl could not be started. */
enum err memory_watch(void);

/* So many have failed on this thread. */
uint64_t memory_failures(void);
bool memory_has_failed(void); /* on any thread, at any time */

#endif
