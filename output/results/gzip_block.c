#include "output/results/gzip_block.h"

#include <stdlib.h>
#include <zlib.h>

struct member {
  bool gzip;
  z_stream deflate;
  char *plain;
  size_t plain_size, plain_used;
  unsigned char *sealed;
  size_t sealed_size;
};

enum err member_new(struct member **member, bool gzip) {
  struct member *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  if (gzip && deflateInit2(&made->deflate, MEMBER_LEVEL, Z_DEFLATED, 15 + 16, MEMBER_MEM_LEVEL,
                           Z_DEFAULT_STRATEGY) != Z_OK) {
    free(made);
    return ERR_MEMORY;
  }
  made->gzip = gzip;
  *member = made;
  return ERR_NONE;
}

void member_free(struct member *member) {
  if (!member) return;
  if (member->gzip) deflateEnd(&member->deflate);
  free(member->plain);
  free(member->sealed);
  free(member);
}

char *member_room(struct member *member, size_t size) {
  if (size <= member->plain_size - member->plain_used) return member->plain + member->plain_used;
  if (size > MEMBER_GROWN_MAX - member->plain_used) return NULL;
  size_t wanted = member->plain_used + size;
  if (wanted < MEMBER_SIZE_MAX + MEMBER_SIZE_MAX / 4)
    wanted = MEMBER_SIZE_MAX + MEMBER_SIZE_MAX / 4;
  char *grown = realloc(member->plain, wanted);
  if (!grown) return NULL;
  member->plain = grown;
  member->plain_size = wanted;
  return member->plain + member->plain_used;
}

void member_added(struct member *member, size_t size) {
  member->plain_used += size;
}

size_t member_pending(const struct member *member) {
  return member->plain_used;
}

bool member_full(const struct member *member) {
  return member->plain_used >= MEMBER_SIZE_MAX;
}

static enum err member_deflate(struct member *member, struct span *bytes) {
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

enum err member_seal(struct member *member, struct span *bytes) {
  *bytes = (struct span){member->plain, member->plain_used};
  if (member->plain_used == 0) return ERR_NONE;
  enum err err = ERR_NONE;
  if (member->gzip) err = member_deflate(member, bytes);
  member->plain_used = 0;
  return err;
}
