/* The identity of a scan: its lists, and the options that its records depend on
 * (output/results/scan_id.h).
 *
 * What may differ from one part of a scan to the next stands not in it: the resolvers (a dead one
 * must be replaceable), threads, concurrency, rates, and the lists' names. The lines "version",
 * "libraries" and "began" tell of the scan's begin, and make no difference.
 */
#ifndef SCANNER_RUN_SCAN_IDENTITY_H
#define SCANNER_RUN_SCAN_IDENTITY_H

#include "output/base/span.h"
#include "scanner/run/scan_config.h"

enum { SCAN_IDENTITY_LISTS_MAX = 512 }; /* with a line for each; of more, one line for all */

/* *identity is to be freed. ERR_IO with errno: *bad could not be read; ERR_LIMIT: longer than it
 * can be kept; ERR_MEMORY. */
enum err scan_identity_make(const struct scan_config *config, char **identity, const char **bad);

struct scan_identity_difference {
  struct span key, was, is; /* "--https-port" or "list-2"; was or is not there: no such line */
};

/* Whether the two are the same; if not, the first difference, in spans of the two. */
bool scan_identity_same(const char *was, const char *is,
                        struct scan_identity_difference *difference);

#endif
