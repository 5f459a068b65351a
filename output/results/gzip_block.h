/* A block of whole lines that becomes one gzip member (RFC 1952), or stays plain text.
 *
 * One thread fills a block; sealing it gives bytes that need no others to be read: whoever finds
 * them whole finds whole records only. The deflate state is made once and reset for each member.
 * Owns its memory, that of the sealed bytes too.
 */
#ifndef OUTPUT_RESULTS_GZIP_BLOCK_H
#define OUTPUT_RESULTS_GZIP_BLOCK_H

#include "output/base/err.h"
#include "output/base/span.h"
#include <stdint.h>

enum {
  GZIP_BLOCK_SIZE_MAX = 256 * 1024, /* plain bytes after which a block is to be sealed */
  GZIP_BLOCK_LEVEL = 1,             /* of deflate: output must not cost the scan its speed */
  GZIP_BLOCK_MEM_LEVEL = 8,         /* 9 is slower: its hash table leaves the cache */
  GZIP_BLOCK_GROWN_MAX = 1 << 30, /* plain bytes that one member can hold; zlib counts in 32 bits */
};

struct gzip_block;

/* gzip false: plain text. */
enum err gzip_block_new(struct gzip_block **block, bool gzip);
void gzip_block_free(struct gzip_block *block);

/* Room for at least size more bytes, or NULL when there is no memory or GZIP_BLOCK_GROWN_MAX would
 * be passed. Lines longer than GZIP_BLOCK_SIZE_MAX are allowed; the block grows.
 * gzip_block_added() tells how many were used.
 */
char *gzip_block_room(struct gzip_block *block, size_t size);
void gzip_block_added(struct gzip_block *block, size_t size);

/* Plain bytes since the last seal. */
size_t gzip_block_pending(const struct gzip_block *block);
bool gzip_block_full(const struct gzip_block *block);

/* Makes *bytes of what is pending and starts anew; empty when nothing was pending. *bytes is valid
 * until the next call on this block. */
enum err gzip_block_seal(struct gzip_block *block, struct span *bytes);

#endif
