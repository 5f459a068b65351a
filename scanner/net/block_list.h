/* The block list: names (with their subdomains) and IP prefixes never to contact. Read once, then
 * only looked at, by all threads.
 *
 * One entry a line: a name as domain_parse() takes it, an address, or a CIDR. A '#' begins a
 * comment; blank lines, blanks around an entry, CR LF line ends and a byte order mark are passed
 * over.
 */
#ifndef SCANNER_NET_BLOCK_LIST_H
#define SCANNER_NET_BLOCK_LIST_H

#include "scanner/net/address.h"

enum {
  BLOCK_LIST_LINE_MAX = 4096, /* octets of a line without its end: ERR_SYNTAX beyond */
  BLOCK_LIST_NAMES_MAX = 1024 * 1024,
};

struct block_list;

/* On ERR_SYNTAX *line is the number of the bad one, from 1; ERR_LIMIT over BLOCK_LIST_NAMES_MAX or
 * CIDR_SET_MAX; ERR_IO with errno; ERR_MEMORY. */
enum err block_list_load(struct block_list **block, const char *path, unsigned *line);
void block_list_free(struct block_list *block);

/* block NULL: nothing is blocked. name: lower-case A-labels. */
bool block_list_has_name(const struct block_list *block, struct span name);
/* Whether the address, or the IPv4 address that it leads to (address_destination()), is blocked. */
bool block_list_has_address(const struct block_list *block, const union address *address);

#endif
