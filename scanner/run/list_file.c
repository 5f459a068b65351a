#include "scanner/run/list_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

struct list_file {
  int fd;
  int wake_fd;
  bool started; /* the magic was looked at */
  bool gzip;
  bool inside; /* a gzip member has begun and not ended */
  bool behind; /* a gzip member has ended, and no other has begun */
  bool end;    /* of the file */
  bool torn;   /* it ended inside a gzip member */
  const struct list_file_packing *packing;
  size_t line_max;
  bool sized; /* a regular file, from its beginning */
  uint64_t size;
  uint64_t read_bytes;
  z_stream inflate;
  unsigned char raw[LIST_FILE_BUFFER_SIZE]; /* as read, when it is gzip */
  char *text;                               /* lines, and an octet of room behind them */
  size_t text_size;                         /* without that octet */
  size_t from, to;                          /* of text, not given yet */
  char kept[LIST_FILE_LINE_MAX + 1];        /* the start of a line that was too long */
};

static void list_file_measure(struct list_file *list, int fd) {
  struct stat st;
  off_t from = lseek(fd, 0, SEEK_CUR);
  list->sized = from >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= from;
  if (list->sized) list->size = (uint64_t)(st.st_size - from);
}

enum err list_file_open(struct list_file **list, const char *path, int wake_fd) {
  int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ERR_IO;
  struct list_file *made = calloc(1, sizeof *made);
  if (made) made->text = malloc(LIST_FILE_BUFFER_SIZE + 1);
  if (!made || !made->text) {
    free(made);
    close(fd);
    return ERR_MEMORY;
  }
  made->text_size = LIST_FILE_BUFFER_SIZE;
  made->line_max = LIST_FILE_LINE_MAX;
  list_file_measure(made, fd);
  made->fd = fd;
  made->wake_fd = wake_fd;
  *list = made;
  return ERR_NONE;
}

void list_file_close(struct list_file *list) {
  if (!list) return;
  if (list->gzip) inflateEnd(&list->inflate);
  close(list->fd);
  free(list->text);
  free(list);
}

void list_file_limit(struct list_file *list, size_t line_max) {
  list->line_max = line_max;
}

const struct list_file_packing *list_file_packing(const struct list_file *list) {
  return list->packing;
}

bool list_file_is_torn(const struct list_file *list) {
  return list->torn;
}

static enum err list_file_wait(struct list_file *list) {
  struct pollfd fds[2] = {{.fd = list->fd, .events = POLLIN},
                          {.fd = list->wake_fd, .events = POLLIN}};
  while (poll(fds, 2, -1) < 0)
    if (errno != EINTR) return ERR_IO;
  return fds[1].revents ? ERR_REFUSED : ERR_NONE;
}

static enum err list_file_read(struct list_file *list, void *out, size_t size, size_t *got) {
  for (;;) {
    enum err err = list_file_wait(list);
    if (err != ERR_NONE) return err;
    ssize_t n = read(list->fd, out, size);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n < 0) return ERR_IO;
    list->end = n == 0;
    list->read_bytes += (uint64_t)n;
    *got = (size_t)n;
    return ERR_NONE;
  }
}

/* Zero octets behind a member: tapes and other blocks are filled up with them, as gzip(1) knows. */
static void list_file_skip_padding(struct list_file *list) {
  z_stream *z = &list->inflate;
  for (; list->behind && z->avail_in && *z->next_in == 0; z->avail_in--) z->next_in++;
  if (z->avail_in) list->behind = false;
}

static enum err list_file_inflate(struct list_file *list, size_t *got) {
  z_stream *z = &list->inflate;
  z->next_out = (unsigned char *)list->text + list->to;
  z->avail_out = (unsigned)(list->text_size - list->to);
  while (z->avail_out == list->text_size - list->to) {
    if (z->avail_in == 0) {
      size_t n = 0;
      enum err err = list_file_read(list, list->raw, sizeof list->raw, &n);
      if (err != ERR_NONE) return err;
      list->torn = n == 0 && list->inside;
      if (n == 0) return list->torn ? ERR_SYNTAX : ERR_NONE;
      z->next_in = list->raw;
      z->avail_in = (unsigned)n;
    }
    list_file_skip_padding(list);
    if (z->avail_in == 0) continue;
    list->inside = true;
    int end = inflate(z, Z_NO_FLUSH);
    if (end == Z_STREAM_END) {
      list->inside = false;
      list->behind = true;
      inflateReset(z);
    } else if (end != Z_OK && end != Z_BUF_ERROR) {
      return end == Z_MEM_ERROR ? ERR_MEMORY : ERR_SYNTAX;
    }
  }
  *got = list->text_size - list->to - z->avail_out;
  return ERR_NONE;
}

static const struct list_file_magic {
  struct span magic;
  struct list_file_packing packing;
} list_file_magics[] = {
    {{"PK\3\4", 4}, {"a zip archive", "unzip -p"}},
    {{"\xfd"
      "7zXZ\0",
      6},
     {"packed with xz", "xz -dc"}},
    {{"\x28\xb5\x2f\xfd", 4}, {"packed with zstd", "zstd -dc"}},
    {{"BZh", 3}, {"packed with bzip2", "bzip2 -dc"}},
    {{"\xff\xfe", 2}, {"in UTF-16", "iconv -f UTF-16 -t UTF-8"}},
    {{"\xfe\xff", 2}, {"in UTF-16", "iconv -f UTF-16 -t UTF-8"}},
};

enum { LIST_FILE_MAGICS = sizeof list_file_magics / sizeof *list_file_magics };

#define LIST_FILE_GZIP SPAN("\x1f\x8b") /* RFC 1952 section 2.3.1 */

/* Whether what is there could become a magic, and is not one yet. */
static bool list_file_begins_magic(struct span head) {
  for (size_t i = 0; i < LIST_FILE_MAGICS; i++) {
    struct span magic = list_file_magics[i].magic;
    if (head.len < magic.len && span_starts(magic, head)) return true;
  }
  return head.len < LIST_FILE_GZIP.len && span_starts(LIST_FILE_GZIP, head);
}

/* Letters with NULs between them, in UTF-16 without a mark, are no text of ours either. */
static bool list_file_is_wide(struct span head) {
  if (head.len < 4) return false;
  bool little = head.ptr[0] && !head.ptr[1] && head.ptr[2] && !head.ptr[3];
  bool big = !head.ptr[0] && head.ptr[1] && !head.ptr[2] && head.ptr[3];
  return little || big;
}

static const struct list_file_packing *list_file_packed(struct span head) {
  static const struct list_file_packing little = {"in UTF-16", "iconv -f UTF-16LE -t UTF-8"};
  static const struct list_file_packing big = {"in UTF-16", "iconv -f UTF-16BE -t UTF-8"};
  for (size_t i = 0; i < LIST_FILE_MAGICS; i++)
    if (span_starts(head, list_file_magics[i].magic)) return &list_file_magics[i].packing;
  if (!list_file_is_wide(head)) return NULL;
  return head.ptr[0] ? &little : &big;
}

/* The first bytes tell what it is. */
static enum err list_file_start(struct list_file *list) {
  size_t n = 0, got;
  struct span head = {(char *)list->raw, 0};
  while (!list->end && (n == 0 || list_file_begins_magic(head))) {
    enum err err = list_file_read(list, list->raw + n, sizeof list->raw - n, &got);
    if (err != ERR_NONE) return err;
    n += got;
    head.len = n;
  }
  list->started = true;
  list->packing = list_file_packed(head);
  if (list->packing) return ERR_SYNTAX;
  if (span_starts(head, LIST_FILE_GZIP)) {
    if (inflateInit2(&list->inflate, 15 + 16) != Z_OK) return ERR_MEMORY;
    list->gzip = true;
    list->inflate.next_in = list->raw;
    list->inflate.avail_in = (unsigned)n;
    return ERR_NONE;
  }
  memcpy(list->text, list->raw, n);
  list->to = n;
  return ERR_NONE;
}

/* Room for what a long line still lacks. */
static enum err list_file_grow(struct list_file *list) {
  if (list->to < list->text_size || list->text_size >= list->line_max) return ERR_NONE;
  char *grown = realloc(list->text, 2 * list->text_size + 1);
  if (!grown) return ERR_MEMORY;
  list->text = grown;
  list->text_size *= 2;
  return ERR_NONE;
}

/* More text behind what is there; *got 0: there is no more. */
static enum err list_file_fill(struct list_file *list, size_t *got) {
  *got = 0;
  memmove(list->text, list->text + list->from, list->to - list->from);
  list->to -= list->from;
  list->from = 0;
  enum err err = list_file_grow(list);
  if (err != ERR_NONE) return err;
  if (!list->started) {
    err = list_file_start(list);
    *got = list->to;
    if (err != ERR_NONE || *got) return err;
  }
  if (list->gzip)
    err = list_file_inflate(list, got);
  else if (!list->end)
    err = list_file_read(list, list->text + list->to, list->text_size - list->to, got);
  list->to += *got;
  return err;
}

/* Passes over the rest of a line that was too long. */
static enum err list_file_skip_line(struct list_file *list) {
  for (;;) {
    struct span rest = {list->text + list->from, list->to - list->from};
    size_t at = span_find(rest, '\n');
    if (at < rest.len) {
      list->from += at + 1;
      return ERR_NONE;
    }
    list->from = list->to;
    size_t got;
    enum err err = list_file_fill(list, &got);
    if (err != ERR_NONE || got == 0) return err;
  }
}

enum err list_file_line(struct list_file *list, struct span *line) {
  for (;;) {
    struct span rest = {list->text + list->from, list->to - list->from};
    size_t at = span_find(rest, '\n');
    if (at < rest.len && at < list->line_max) {
      *line = span_first(rest, at + 1);
      list->from += at + 1;
      return ERR_NONE;
    }
    if (rest.len >= list->line_max) {
      char *kept = list->kept;
      memcpy(kept, rest.ptr, LIST_FILE_LINE_MAX);
      *line = (struct span){kept, LIST_FILE_LINE_MAX};
      list->from += LIST_FILE_LINE_MAX;
      return list_file_skip_line(list);
    }
    size_t got;
    enum err err = list_file_fill(list, &got);
    if (err != ERR_NONE) return err;
    if (got) continue;
    if (rest.len == 0) return ERR_END;
    *line = (struct span){list->text + list->from, list->to - list->from};
    list->from = list->to;
    return ERR_NONE;
  }
}

enum err list_file_join(struct list_file *list, struct span *line) {
  size_t len = line->len;
  enum err err = ERR_NONE;
  list->from -= len;
  while (err == ERR_NONE) {
    struct span rest = {list->text + list->from, list->to - list->from};
    size_t at = len + span_find(span_skip(rest, len), '\n'), got = 0;
    if (at < rest.len && at < list->line_max) {
      len = at + 1;
      break;
    }
    err = rest.len >= list->line_max ? ERR_LIMIT : list_file_fill(list, &got);
    if (err != ERR_NONE || got) continue;
    if (rest.len == len) err = ERR_END;
    len = rest.len;
    break;
  }
  *line = (struct span){list->text + list->from, len};
  list->from += len;
  return err;
}

void list_file_part(struct list_file *list, struct span *line, size_t len) {
  list->from -= line->len - len;
  line->len = len;
}

enum err list_file_peek(struct list_file *list, bool more, struct span *text, bool *ended) {
  enum err err = ERR_NONE;
  size_t got = 0;
  *ended = list->to - list->from == list->text_size;
  if (!*ended && (more || list->to == list->from)) {
    err = list_file_fill(list, &got);
    *ended = got == 0;
    if (err == ERR_SYNTAX && !list->packing) err = ERR_NONE; /* told when it is come to */
  }
  *text = (struct span){list->text + list->from, list->to - list->from};
  return err;
}

bool list_file_would_wait(struct list_file *list) {
  struct span rest = {list->text + list->from, list->to - list->from};
  if (span_find(rest, '\n') < rest.len || list->end || list->inflate.avail_in) return false;
  struct pollfd fd = {.fd = list->fd, .events = POLLIN};
  return poll(&fd, 1, 0) == 0;
}

bool list_file_changed(const struct list_file *list) {
  return list->sized && list->read_bytes != list->size;
}

uint64_t list_file_read_bytes(const struct list_file *list) {
  return list->read_bytes;
}
