#include "output/results/scan_id.h"

#include "output/base/whole_file.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ID1 ID2 CM FLG (FEXTRA) MTIME XFL OS (255: unknown); then the extra field's length, and it. */
static const char scan_id_begin[] = {0x1f, (char)0x8b, 8, 4, 0, 0, 0, 0, 0, (char)0xff};
static const char scan_id_subfield[] = {'S', 't'};
/* A last, empty block of deflate with fixed codes (RFC 1951), CRC-32 and length of nothing. */
static const char scan_id_end[] = {3, 0, 0, 0, 0, 0, 0, 0, 0, 0};

static char *put_length(char *at, size_t length) {
  *at++ = (char)(length & 0xff);
  *at++ = (char)(length >> 8);
  return at;
}

enum err scan_id_member(struct span identity, char **bytes, size_t *size) {
  if (identity.len > SCAN_ID_IDENTITY_MAX) return ERR_LIMIT;
  char *at = *bytes = malloc(identity.len + SCAN_ID_MEMBER_EXTRA);
  if (!at) return ERR_MEMORY;
  *size = identity.len + SCAN_ID_MEMBER_EXTRA;
  at = mempcpy(at, scan_id_begin, sizeof scan_id_begin);
  at = put_length(at, identity.len + SCAN_ID_SUBFIELD_HEAD);
  at = mempcpy(at, scan_id_subfield, sizeof scan_id_subfield);
  at = put_length(at, identity.len);
  at = mempcpy(at, identity.ptr, identity.len);
  memcpy(at, scan_id_end, sizeof scan_id_end);
  return ERR_NONE;
}

struct span scan_id_identity(struct span extra) {
  struct span identity = span_skip(extra, SCAN_ID_SUBFIELD_HEAD);
  bool ours = span_starts(extra, (struct span){scan_id_subfield, sizeof scan_id_subfield}) &&
              span_starts(identity, SPAN(SCAN_ID_MAGIC));
  return ours ? identity : (struct span){0};
}

bool scan_id_is_torn(struct span bytes) {
  struct span begin = {scan_id_begin, sizeof scan_id_begin};
  struct span subfield = {scan_id_subfield, sizeof scan_id_subfield};
  struct span extra = span_skip(bytes, begin.len + 2);
  struct span identity = span_skip(extra, SCAN_ID_SUBFIELD_HEAD);
  if (bytes.len >= SCAN_ID_IDENTITY_MAX + SCAN_ID_MEMBER_EXTRA) return false;
  return span_starts(begin, span_first(bytes, begin.len)) &&
         span_starts(subfield, span_first(extra, subfield.len)) &&
         span_starts(SPAN(SCAN_ID_MAGIC), span_first(identity, sizeof SCAN_ID_MAGIC - 1));
}

static bool scan_id_path(const char *path, char out[SCAN_ID_PATH_MAX]) {
  int n = snprintf(out, SCAN_ID_PATH_MAX, "%s" SCAN_ID_FILE_SUFFIX, path);
  if (n > 0 && n < SCAN_ID_PATH_MAX) return true;
  errno = ENAMETOOLONG;
  return false;
}

enum err scan_id_check(const char *path, bool force) {
  char name[SCAN_ID_PATH_MAX];
  return scan_id_path(path, name) ? whole_file_check(name, SPAN(SCAN_ID_MAGIC), force) : ERR_IO;
}

enum err scan_id_save(const char *path, struct span identity, uint64_t from, bool force) {
  char name[SCAN_ID_PATH_MAX];
  struct whole_file *file;
  if (identity.len > SCAN_ID_IDENTITY_MAX) return ERR_LIMIT;
  if (!scan_id_path(path, name)) return ERR_IO;
  enum err err = whole_file_open(&file, name, SPAN(SCAN_ID_MAGIC), force);
  if (err != ERR_NONE) return err;
  fprintf(whole_file_stream(file), "from %" PRIu64 "\n", from);
  fwrite(identity.ptr, 1, identity.len, whole_file_stream(file));
  return whole_file_close(file, true);
}

/* All of a file that is no longer than it may be, terminated. */
static enum err scan_id_read(FILE *file, char **text) {
  enum { SIZE = SCAN_ID_IDENTITY_MAX + 64 };
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

enum err scan_id_load(const char *path, char **identity, uint64_t *from) {
  char name[SCAN_ID_PATH_MAX];
  char *text = NULL;
  if (!scan_id_path(path, name)) return ERR_IO;
  int fd =
      open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a FIFO is no head, and not waited for */
  if (fd < 0) return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
  FILE *file = fdopen(fd, "r");
  if (!file) {
    close(fd);
    return ERR_MEMORY;
  }
  enum err err = scan_id_read(file, &text);
  int saved = errno;
  fclose(file);
  errno = saved;
  if (err != ERR_NONE) return err;
  int used = 0;
  if (sscanf(text, "from %" SCNu64 "%n", from, &used) != 1 || text[used] != '\n' ||
      !span_starts(span_of(text + used + 1), SPAN(SCAN_ID_MAGIC))) {
    free(text);
    return ERR_SYNTAX;
  }
  memmove(text, text + used + 1, strlen(text + used + 1) + 1);
  *identity = text;
  return ERR_NONE;
}
