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

enum err line_block_new(struct line_block **page) {
  *page = calloc(1, sizeof **page);
  return *page ? ERR_NONE : ERR_MEMORY;
}

void line_block_free(struct line_block *page) {
  if (!page) return;
  if (page->inflate_made) inflateEnd(&page->inflate);
  free(page->text);
  free(page->gzip);
  free(page);
}

bool line_block_line(struct line_block *page, char **line, size_t *len) {
  if (page->next >= page->used) return false;
  struct span rest = {page->text + page->next, page->used - page->next};
  *line = page->text + page->next;
  *len = span_find(rest, '\n');
  page->next += *len + 1;
  return true;
}

bool line_block_line_open(const struct line_block *page) {
  return page->next > page->used;
}

void line_block_clear(struct line_block *page) {
  page->used = page->next = 0;
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

char *line_block_room(struct line_block *page, size_t size) {
  if (size > LINE_BLOCK_SIZE_MAX - page->used) return NULL;
  if (!buffer_grow(&page->text, &page->size, page->used + size + 1)) return NULL;
  return page->text + page->used;
}

void line_block_added(struct line_block *page, size_t size) {
  page->used += size;
}

struct span line_block_text(const struct line_block *page) {
  return (struct span){page->text, page->used};
}

size_t line_block_whole(const struct line_block *page) {
  const char *feed = page->used ? memrchr(page->text, '\n', page->used) : NULL;
  return feed ? (size_t)(feed - page->text) + 1 : 0;
}

void line_block_cut(struct line_block *page, size_t len) {
  page->used = len;
}

char *line_block_gzip_room(struct line_block *page, size_t size) {
  return buffer_grow(&page->gzip, &page->gzip_size, size) ? page->gzip : NULL;
}

/* Inflates the rest of one member. ERR_END: it goes on behind the bytes. */
static enum err line_block_member(struct line_block *page) {
  z_stream *z = &page->inflate;
  for (;;) {
    size_t room = page->size > page->used + 1 ? page->size - page->used - 1 : LINE_BLOCK_SIZE_MIN;
    char *out = line_block_room(page, room);
    if (!out) return page->used + room > LINE_BLOCK_SIZE_MAX ? ERR_LIMIT : ERR_MEMORY;
    z->next_out = (unsigned char *)out;
    z->avail_out = (unsigned)room;
    int end = inflate(z, Z_NO_FLUSH);
    line_block_added(page, room - z->avail_out);
    if (end == Z_STREAM_END) return ERR_NONE;
    if (end == Z_MEM_ERROR) return ERR_MEMORY;
    if (end != Z_OK && end != Z_BUF_ERROR) return ERR_SYNTAX;
    if (z->avail_out) return ERR_END;
  }
}

enum err line_block_inflate(struct line_block *page, size_t size, size_t *whole) {
  z_stream *z = &page->inflate;
  *whole = 0;
  if (!page->inflate_made && inflateInit2(z, GZIP_WINDOW_BITS) != Z_OK) return ERR_MEMORY;
  page->inflate_made = true;
  z->next_in = (unsigned char *)page->gzip;
  z->avail_in = (unsigned)size;
  while (z->avail_in) {
    inflateReset(z);
    enum err err = line_block_member(page);
    if (err != ERR_NONE) return err;
    *whole = size - z->avail_in;
  }
  return ERR_NONE;
}
