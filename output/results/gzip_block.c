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

enum err gzip_block_new(struct gzip_block **block, bool gzip) {
  struct gzip_block *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  if (gzip && deflateInit2(&made->deflate, GZIP_BLOCK_LEVEL, Z_DEFLATED, 15 + 16,
                           GZIP_BLOCK_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
    free(made);
    return ERR_MEMORY;
  }
  made->gzip = gzip;
  *block = made;
  return ERR_NONE;
}

void gzip_block_free(struct gzip_block *block) {
  if (!block) return;
  if (block->gzip) deflateEnd(&block->deflate);
  free(block->plain);
  free(block->sealed);
  free(block);
}

char *gzip_block_room(struct gzip_block *block, size_t size) {
  if (size <= block->plain_size - block->plain_used) return block->plain + block->plain_used;
  if (size > GZIP_BLOCK_GROWN_MAX - block->plain_used) return NULL;
  size_t wanted = block->plain_used + size;
  if (wanted < GZIP_BLOCK_SIZE_MAX + GZIP_BLOCK_SIZE_MAX / 4)
    wanted = GZIP_BLOCK_SIZE_MAX + GZIP_BLOCK_SIZE_MAX / 4;
  char *grown = realloc(block->plain, wanted);
  if (!grown) return NULL;
  block->plain = grown;
  block->plain_size = wanted;
  return block->plain + block->plain_used;
}

void gzip_block_added(struct gzip_block *block, size_t size) {
  block->plain_used += size;
}

size_t gzip_block_pending(const struct gzip_block *block) {
  return block->plain_used;
}

bool gzip_block_full(const struct gzip_block *block) {
  return block->plain_used >= GZIP_BLOCK_SIZE_MAX;
}

static enum err gzip_block_deflate(struct gzip_block *block, struct span *bytes) {
  z_stream *z = &block->deflate;
  size_t bound = deflateBound(z, block->plain_used);
  if (bound > block->sealed_size) {
    unsigned char *grown = realloc(block->sealed, bound);
    if (!grown) return ERR_MEMORY;
    block->sealed = grown;
    block->sealed_size = bound;
  }
  z->next_in = (unsigned char *)block->plain;
  z->avail_in = (unsigned)block->plain_used;
  z->next_out = block->sealed;
  z->avail_out = (unsigned)block->sealed_size;
  int end = deflate(z, Z_FINISH);
  *bytes = (struct span){(char *)block->sealed, block->sealed_size - z->avail_out};
  return end == Z_STREAM_END && deflateReset(z) == Z_OK ? ERR_NONE : ERR_LIBRARY;
}

enum err gzip_block_seal(struct gzip_block *block, struct span *bytes) {
  *bytes = (struct span){block->plain, block->plain_used};
  if (block->plain_used == 0) return ERR_NONE;
  enum err err = ERR_NONE;
  if (block->gzip) err = gzip_block_deflate(block, bytes);
  block->plain_used = 0;
  return err;
}
