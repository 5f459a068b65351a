#include "output/results/gzip_block.h"

#include <stdlib.h>
#include <zlib.h>

struct gzip_block {
  bool gzip;
  z_stream deflate;
  char *plain;
  size_t plain_size, plain_used;
  unsigned char *sealed;
  size_t sealed_size;
};

enum err gzip_block_new(struct gzip_block **member, bool gzip) {
  struct gzip_block *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  if (gzip && deflateInit2(&made->deflate, GZIP_BLOCK_LEVEL, Z_DEFLATED, 15 + 16,
                           GZIP_BLOCK_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
    free(made);
    return ERR_MEMORY;
  }
  made->gzip = gzip;
  *member = made;
  return ERR_NONE;
}

void gzip_block_free(struct gzip_block *member) {
  if (!member) return;
  if (member->gzip) deflateEnd(&member->deflate);
  free(member->plain);
  free(member->sealed);
  free(member);
}

char *gzip_block_room(struct gzip_block *member, size_t size) {
  if (size <= member->plain_size - member->plain_used) return member->plain + member->plain_used;
  if (size > GZIP_BLOCK_GROWN_MAX - member->plain_used) return NULL;
  size_t wanted = member->plain_used + size;
  if (wanted < GZIP_BLOCK_SIZE_MAX + GZIP_BLOCK_SIZE_MAX / 4)
    wanted = GZIP_BLOCK_SIZE_MAX + GZIP_BLOCK_SIZE_MAX / 4;
  char *grown = realloc(member->plain, wanted);
  if (!grown) return NULL;
  member->plain = grown;
  member->plain_size = wanted;
  return member->plain + member->plain_used;
}

void gzip_block_added(struct gzip_block *member, size_t size) {
  member->plain_used += size;
}

size_t gzip_block_pending(const struct gzip_block *member) {
  return member->plain_used;
}

bool gzip_block_full(const struct gzip_block *member) {
  return member->plain_used >= GZIP_BLOCK_SIZE_MAX;
}

static enum err gzip_block_deflate(struct gzip_block *member, struct span *bytes) {
  z_stream *z = &member->deflate;
  size_t bound = deflateBound(z, member->plain_used);
  if (bound > member->sealed_size) {
    unsigned char *grown = realloc(member->sealed, bound);
    if (!grown) return ERR_MEMORY;
    member->sealed = grown;
    member->sealed_size = bound;
  }
  z->next_in = (unsigned char *)member->plain;
  z->avail_in = (unsigned)member->plain_used;
  z->next_out = member->sealed;
  z->avail_out = (unsigned)member->sealed_size;
  int end = deflate(z, Z_FINISH);
  *bytes = (struct span){(char *)member->sealed, member->sealed_size - z->avail_out};
  return end == Z_STREAM_END && deflateReset(z) == Z_OK ? ERR_NONE : ERR_LIBRARY;
}

enum err gzip_block_seal(struct gzip_block *member, struct span *bytes) {
  *bytes = (struct span){member->plain, member->plain_used};
  if (member->plain_used == 0) return ERR_NONE;
  enum err err = ERR_NONE;
  if (member->gzip) err = gzip_block_deflate(member, bytes);
  member->plain_used = 0;
  return err;
}
