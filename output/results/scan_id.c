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
static const char scan_id_nothing[] = {3, 0, 0, 0, 0, 0, 0, 0, 0, 0};

#define SCAN_ID_END_MAGIC  "stscan-end 1\n"
#define SCAN_ID_END_BEGIN  "end complete, lines "
#define SCAN_ID_END_FORMAT SCAN_ID_END_BEGIN "%" PRIu64 ", records %" PRIu64 "\n"

enum { SCAN_ID_END_SIZE = 96 };

static char *put_length(char *at, size_t length) {
  *at++ = (char)(length & 0xff);
  *at++ = (char)(length >> 8);
  return at;
}

static enum err member_make(struct span identity, char **bytes, size_t *size) {
  if (identity.len > SCAN_ID_IDENTITY_MAX) return ERR_LIMIT;
  char *at = *bytes = malloc(identity.len + SCAN_ID_MEMBER_EXTRA);
  if (!at) return ERR_MEMORY;
  *size = identity.len + SCAN_ID_MEMBER_EXTRA;
  at = mempcpy(at, scan_id_begin, sizeof scan_id_begin);
  at = put_length(at, identity.len + SCAN_ID_SUBFIELD_HEAD);
  at = mempcpy(at, scan_id_subfield, sizeof scan_id_subfield);
  at = put_length(at, identity.len);
  at = mempcpy(at, identity.ptr, identity.len);
  memcpy(at, scan_id_nothing, sizeof scan_id_nothing);
  return ERR_NONE;
}

enum err scan_id_member(struct span identity, char **bytes, size_t *size) {
  return member_make(identity, bytes, size);
}

enum err scan_id_end_member(const struct scan_id_end *end, char **bytes, size_t *size) {
  char text[SCAN_ID_END_SIZE];
  int len =
      snprintf(text, sizeof text, SCAN_ID_END_MAGIC SCAN_ID_END_FORMAT, end->lines, end->records);
  return member_make((struct span){text, (size_t)len}, bytes, size);
}

/* The text is terminated somewhere. */
static bool end_parse(const char *text, struct scan_id_end *end) {
  *end = (struct scan_id_end){0};
  end->here = sscanf(text, SCAN_ID_END_BEGIN "%" SCNu64 ", records %" SCNu64, &end->lines,
                     &end->records) == 2;
  return end->here;
}

bool scan_id_end(struct span extra, struct scan_id_end *end) {
  char text[SCAN_ID_END_SIZE] = "";
  struct span subfield = {scan_id_subfield, sizeof scan_id_subfield};
  struct span line = span_skip(extra, SCAN_ID_SUBFIELD_HEAD);
  *end = (struct scan_id_end){0};
  if (!span_starts(extra, subfield) || !span_starts(line, SPAN(SCAN_ID_END_MAGIC))) return false;
  line = span_first(span_skip(line, sizeof SCAN_ID_END_MAGIC - 1), sizeof text - 1);
  memcpy(text, line.ptr, line.len);
  return end_parse(text, end);
}

const char *scan_id_find(struct span bytes) {
  return bytes.len ? memmem(bytes.ptr, bytes.len, scan_id_begin, sizeof scan_id_begin) : NULL;
}

bool scan_id_may_begin(struct span bytes) {
  struct span begin = {scan_id_begin, sizeof scan_id_begin};
  return span_starts(begin, span_first(bytes, begin.len));
}

size_t scan_id_extra_end(struct span bytes) {
  const unsigned char *at = (const unsigned char *)bytes.ptr + sizeof scan_id_begin;
  return bytes.len < SCAN_ID_BEGIN ? 0 : SCAN_ID_BEGIN + (size_t)at[0] + ((size_t)at[1] << 8);
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

enum err scan_id_save(const char *path, struct span identity, uint64_t from,
                      const struct scan_id_end *end, bool force) {
  char name[SCAN_ID_PATH_MAX];
  struct whole_file *file;
  if (identity.len > SCAN_ID_IDENTITY_MAX) return ERR_LIMIT;
  if (!scan_id_path(path, name)) return ERR_IO;
  enum err err = whole_file_open(&file, name, SPAN(SCAN_ID_MAGIC), force);
  if (err != ERR_NONE) return err;
  fprintf(whole_file_stream(file), "from %" PRIu64 "\n", from);
  fwrite(identity.ptr, 1, identity.len, whole_file_stream(file));
  if (end) fprintf(whole_file_stream(file), SCAN_ID_END_FORMAT, end->lines, end->records);
  return whole_file_close(file, true);
}

/* All of a file that is no longer than it may be, terminated. */
static enum err scan_id_read(FILE *file, char **text) {
  enum { SIZE = SCAN_ID_IDENTITY_MAX + 160 }; /* and the lines around it */
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

/* Takes the line of the end off the identity. */
static void end_cut(char *identity, struct scan_id_end *end) {
  char *at = strstr(identity, "\n" SCAN_ID_END_BEGIN);
  *end = (struct scan_id_end){0};
  if (at && end_parse(at + 1, end)) at[1] = 0;
}

enum err scan_id_load(const char *path, char **identity, uint64_t *from, struct scan_id_end *end) {
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
  end_cut(text, end);
  *identity = text;
  return ERR_NONE;
}
