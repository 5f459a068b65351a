#include "output/results/line_block.h"

#include <stdlib.h>
#include <zlib.h>

enum { GZIP_WINDOW_BITS = 15 + 16 };

struct line_block {
  char *text;
  size_t size, used; /* one byte of size is kept free behind the text */
  size_t next;       /* where the next line begins */
  char *gzip;
  size_t gzip_size;
  z_stream inflate;
  bool inflate_made;
};

enum err line_block_new(struct line_block **block) {
  *block = calloc(1, sizeof **block);
  return *block ? ERR_NONE : ERR_MEMORY;
}

void line_block_free(struct line_block *block) {
  if (!block) return;
  if (block->inflate_made) inflateEnd(&block->inflate);
  free(block->text);
  free(block->gzip);
  free(block);
}

bool line_block_line(struct line_block *block, char **line, size_t *len) {
  if (block->next >= block->used) return false;
  struct span rest = {block->text + block->next, block->used - block->next};
  *line = block->text + block->next;
  *len = span_find(rest, '\n');
  block->next += *len + 1;
  return true;
}

bool line_block_line_open(const struct line_block *block) {
  return block->next > block->used;
}

void line_block_clear(struct line_block *block) {
  block->used = block->next = 0;
}

static bool buffer_grow(char **buffer, size_t *size, size_t wanted) {
  if (wanted <= *size) return true;
  size_t grown_size = *size ? *size : LINE_BLOCK_SIZE_MIN;
  while (grown_size < wanted) grown_size *= 2;
  char *grown = realloc(*buffer, grown_size);
  if (!grown) return false;
  *buffer = grown;
  *size = grown_size;
  return true;
}

char *line_block_room(struct line_block *block, size_t size) {
  if (size > LINE_BLOCK_SIZE_MAX - block->used) return NULL;
  if (!buffer_grow(&block->text, &block->size, block->used + size + 1)) return NULL;
  return block->text + block->used;
}

void line_block_added(struct line_block *block, size_t size) {
  block->used += size;
}

struct span line_block_text(const struct line_block *block) {
  return (struct span){block->text, block->used};
}

size_t line_block_whole(const struct line_block *block) {
  const char *feed = block->used ? memrchr(block->text, '\n', block->used) : NULL;
  return feed ? (size_t)(feed - block->text) + 1 : 0;
}

void line_block_cut(struct line_block *block, size_t len) {
  block->used = len;
}

char *line_block_gzip_room(struct line_block *block, size_t size) {
  return buffer_grow(&block->gzip, &block->gzip_size, size) ? block->gzip : NULL;
}

/* Inflates the rest of one member. ERR_END: it goes on behind the bytes. */
static enum err line_block_member(struct line_block *block) {
  z_stream *z = &block->inflate;
  for (;;) {
    size_t room =
        block->size > block->used + 1 ? block->size - block->used - 1 : LINE_BLOCK_SIZE_MIN;
    char *out = line_block_room(block, room);
    if (!out) return block->used + room > LINE_BLOCK_SIZE_MAX ? ERR_LIMIT : ERR_MEMORY;
    z->next_out = (unsigned char *)out;
    z->avail_out = (unsigned)room;
    int end = inflate(z, Z_NO_FLUSH);
    line_block_added(block, room - z->avail_out);
    if (end == Z_STREAM_END) return ERR_NONE;
    if (end == Z_MEM_ERROR) return ERR_MEMORY;
    if (end != Z_OK && end != Z_BUF_ERROR) return ERR_SYNTAX;
    if (z->avail_out) return ERR_END;
  }
}

enum err line_block_inflate(struct line_block *block, size_t size, size_t *whole) {
  z_stream *z = &block->inflate;
  *whole = 0;
  if (!block->inflate_made && inflateInit2(z, GZIP_WINDOW_BITS) != Z_OK) return ERR_MEMORY;
  block->inflate_made = true;
  z->next_in = (unsigned char *)block->gzip;
  z->avail_in = (unsigned)size;
  while (z->avail_in) {
    inflateReset(z);
    enum err err = line_block_member(block);
    if (err != ERR_NONE) return err;
    *whole = size - z->avail_in;
  }
  return ERR_NONE;
}
