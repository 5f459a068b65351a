/* A block of whole lines that becomes one gzip member (RFC 1952), or stays plain.
 *
 * One thread fills a member; sealing gives bytes that stand for themselves: a reader that finds
 * them whole finds only whole records. The deflate state is made once and reset between members.
 */
#ifndef OUTPUT_RESULTS_GZIP_BLOCK_H
#define OUTPUT_RESULTS_GZIP_BLOCK_H

#include "output/base/err.h"
#include "output/base/span.h"
#include <stdint.h>

enum {
  MEMBER_SIZE_MAX = 256 * 1024, /* plain bytes after which a member is sealed */
  MEMBER_LEVEL = 1,             /* of deflate: output must not cost the scan its speed */
  MEMBER_MEM_LEVEL = 8,         /* 9 is slower: its hash table leaves the cache */
  MEMBER_GROWN_MAX = 1 << 30,   /* plain bytes that one member can hold; zlib counts in 32 bits */
};

struct member;

/* gzip false: plain text. */
enum err member_new(struct member **member, bool gzip);
void member_free(struct member *member);

/* Room for at least size more bytes, or NULL when there is no memory or MEMBER_GROWN_MAX would be
 * passed. Lines longer than MEMBER_SIZE_MAX are welcome; such a member just grows. member_added()
 * tells how many were used.
 */
char *member_room(struct member *member, size_t size);
void member_added(struct member *member, size_t size);

/* Plain bytes since the last seal. */
size_t member_pending(const struct member *member);
bool member_full(const struct member *member);

/* Makes *bytes of what is pending and starts anew; empty when nothing was pending. *bytes is valid
 * until the next call on this member. */
enum err member_seal(struct member *member, struct span *bytes);

#endif
