/* The block list: names (with their subdomains) and CIDRs never to contact. Read once, then only
 * looked at, by all threads. One entry a line; blank lines and '#' comments are passed over. */
#ifndef SCANNER_NET_BLOCK_H
#define SCANNER_NET_BLOCK_H

#include "scanner/net/address.h"

enum { BLOCK_NAMES_MAX = 256 * 1024 * 1024 }; /* bytes of all names: ERR_LIMIT beyond */

struct block;

/* On ERR_SYNTAX *line is the number of the bad one; ERR_IO with errno; ERR_MEMORY. */
enum err block_load(struct block **block, const char *path, unsigned *line);
void block_free(struct block *block);

/* block NULL: nothing is blocked. name: lower-case A-labels. */
bool block_has_name(const struct block *block, struct span name);
bool block_has_address(const struct block *block, const union address *address);

#endif
