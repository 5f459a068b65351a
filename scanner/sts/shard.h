/* Which of N parts a name belongs to. Stable for ever: scans of the parts run on other machines,
 * at other times. FNV-1a with 64 bits, modulo N. */
#ifndef SCANNER_STS_SHARD_H
#define SCANNER_STS_SHARD_H

#include "output/base/span.h"

/* name: lower-case A-labels, or a line that is no domain. shards at least 1. */
unsigned shard_of(struct span name, unsigned shards);

#endif
