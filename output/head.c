#include "output/head.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ID1 ID2 CM FLG (FEXTRA) MTIME XFL OS (255: unknown); then the extra field's length, and it. */
static const char head_begin[] = {0x1f, (char)0x8b, 8, 4, 0, 0, 0, 0, 0, (char)0xff};
static const char head_subfield[] = {'S', 't'};
/* A last, empty block of deflate with fixed codes (RFC 1951), CRC-32 and length of nothing. */
static const char head_end[] = {3, 0, 0, 0, 0, 0, 0, 0, 0, 0};

static char *put_length(char *at, size_t length) {
  *at++ = (char)(length & 0xff);
  *at++ = (char)(length >> 8);
  return at;
}

enum err head_member(struct span identity, char **bytes, size_t *size) {
  if (identity.len > HEAD_IDENTITY_MAX) return ERR_LIMIT;
  char *at = *bytes = malloc(identity.len + HEAD_MEMBER_EXTRA);
  if (!at) return ERR_MEMORY;
  *size = identity.len + HEAD_MEMBER_EXTRA;
  at = mempcpy(at, head_begin, sizeof head_begin);
  at = put_length(at, identity.len + HEAD_SUBFIELD_HEAD);
  at = mempcpy(at, head_subfield, sizeof head_subfield);
  at = put_length(at, identity.len);
  at = mempcpy(at, identity.ptr, identity.len);
  memcpy(at, head_end, sizeof head_end);
  return ERR_NONE;
}

struct span head_identity(struct span extra) {
  struct span identity = span_skip(extra, HEAD_SUBFIELD_HEAD);
  bool ours = span_starts(extra, (struct span){head_subfield, sizeof head_subfield}) &&
              span_starts(identity, SPAN(HEAD_MAGIC));
  return ours ? identity : (struct span){0};
}

bool head_is_torn(struct span bytes) {
  struct span begin = {head_begin, sizeof head_begin};
  struct span subfield = {head_subfield, sizeof head_subfield};
  struct span extra = span_skip(bytes, begin.len + 2);
  struct span identity = span_skip(extra, HEAD_SUBFIELD_HEAD);
  if (bytes.len >= HEAD_IDENTITY_MAX + HEAD_MEMBER_EXTRA) return false;
  return span_starts(begin, span_first(bytes, begin.len)) &&
         span_starts(subfield, span_first(extra, subfield.len)) &&
         span_starts(SPAN(HEAD_MAGIC), span_first(identity, sizeof HEAD_MAGIC - 1));
}

static bool head_path(const char *path, const char *suffix, char out[HEAD_PATH_MAX]) {
  int n = snprintf(out, HEAD_PATH_MAX, "%s" HEAD_FILE_SUFFIX "%s", path, suffix);
  if (n > 0 && n < HEAD_PATH_MAX) return true;
  errno = ENAMETOOLONG;
  return false;
}

static bool head_write(FILE *file, struct span identity, uint64_t from) {
  bool good = fprintf(file, "from %" PRIu64 "\n", from) > 0 &&
              fwrite(identity.ptr, 1, identity.len, file) == identity.len && fflush(file) == 0 &&
              fsync(fileno(file)) == 0;
  int saved = errno;
  if (fclose(file) == 0) errno = saved;
  return good;
}

enum err head_save(const char *path, struct span identity, uint64_t from) {
  char name[HEAD_PATH_MAX], draft[HEAD_PATH_MAX];
  if (identity.len > HEAD_IDENTITY_MAX) return ERR_LIMIT;
  if (!head_path(path, "", name) || !head_path(path, ".new", draft)) return ERR_IO;
  FILE *file = fopen(draft, "we");
  if (!file) return ERR_IO;
  if (head_write(file, identity, from) && rename(draft, name) == 0) return ERR_NONE;
  int saved = errno;
  unlink(draft);
  errno = saved;
  return ERR_IO;
}

/* All of a file that is no longer than it may be, terminated. */
static enum err head_read(FILE *file, char **text) {
  enum { SIZE = HEAD_IDENTITY_MAX + 64 };
  *text = malloc(SIZE + 1);
  if (!*text) return ERR_MEMORY;
  size_t len = fread(*text, 1, SIZE, file);
  (*text)[len] = 0;
  enum err err = ferror(file) ? ERR_IO : ERR_NONE;
  if (err == ERR_NONE && (len == SIZE || strlen(*text) != len)) err = ERR_SYNTAX;
  if (err == ERR_NONE) return ERR_NONE;
  free(*text);
  *text = NULL;
  return err;
}

enum err head_load(const char *path, char **identity, uint64_t *from) {
  char name[HEAD_PATH_MAX];
  char *text = NULL;
  if (!head_path(path, "", name)) return ERR_IO;
  FILE *file = fopen(name, "re");
  if (!file) return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
  enum err err = head_read(file, &text);
  int saved = errno;
  fclose(file);
  errno = saved;
  if (err != ERR_NONE) return err;
  int used = 0;
  if (sscanf(text, "from %" SCNu64 "%n", from, &used) != 1 || text[used] != '\n' ||
      !span_starts(span_of(text + used + 1), SPAN(HEAD_MAGIC))) {
    free(text);
    return ERR_SYNTAX;
  }
  memmove(text, text + used + 1, strlen(text + used + 1) + 1);
  *identity = text;
  return ERR_NONE;
}
