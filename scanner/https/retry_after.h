/* How long a server asks to be left alone: the value of a Retry-After field, which is a number of
 * seconds or a date (RFC 9110 section 10.2.3). Pure.
 */
#ifndef SCANNER_HTTPS_RETRY_AFTER_H
#define SCANNER_HTTPS_RETRY_AFTER_H

#include "output/base/span.h"
#include <stdint.h>

enum { RETRY_AFTER_MAX = 24 * 60 * 60 }; /* seconds; more counts as this */

/* now: milliseconds since 1970. Part of a second counts as a whole one, a date that has passed as
 * none. False: neither a number nor a date; *seconds is 0 then. */
bool retry_after_parse(struct span value, int64_t now, unsigned *seconds);

#endif
