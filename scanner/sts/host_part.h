/* The host of a URL (RFC 3986 section 3.2.2) or of an e-mail address (RFC 5321 section 4.1.2).
 * Pure.
 */
#ifndef SCANNER_STS_HOST_PART_H
#define SCANNER_STS_HOST_PART_H

#include "output/base/span.h"

/* A part of text: what stands behind "scheme://" and "user@", before a port, a path, a query or a
 * fragment. Text that is neither URL nor address comes back as it is. */
struct span host_part(struct span text);

#endif
