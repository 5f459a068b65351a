/* An mx pattern of a policy (RFC 8461 section 4.1): a name, or "*." before one, which stands for
 * exactly one label. A name of a certificate (RFC 6125) is matched in the same way. Pure. */
#ifndef OUTPUT_BASE_MX_PATTERN_H
#define OUTPUT_BASE_MX_PATTERN_H

#include "output/base/span.h"

/* Letters of either case; one dot at the end of host is ignored. */
bool mx_pattern_covers(struct span pattern, struct span host);

#endif
