#include "output/results/resume_index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define RECORD_BEGIN "{\"v\":1,\"n\":"

enum {
  RECORD_HEAD_SIZE = 32, /* RECORD_BEGIN, 20 digits, a comma */
  FIRST_SIZE = 64,       /* tells a torn head or record */
  HOLE_MIN = 64,         /* NULs in a row */
  HOLE_AT_END_MIN = 8,   /* a member's length ends with a few */
  GZIP_WINDOW = 15 + 16, /* zlib: the largest window, gzip alone */
};

/* The line that is being read. */
struct line {
  char head[RECORD_HEAD_SIZE];
  size_t head_len;
  char last; /* octet so far */
  bool odd;  /* it holds a NUL, which no record does */
};

struct reader {
  struct resume_index *index;
  int fd;
  struct line line;
  unsigned char in[RESUME_INDEX_BUFFER_SIZE];
};

/* Line numbers of a member that may turn out to be torn. */
struct pending {
  uint64_t *at;
  size_t count, size;
};

struct inflater {
  struct reader reader;
  z_stream z;
  gz_header header;
  struct pending pending;
  bool odd;       /* the member holds what is no record of ours */
  uint64_t taken; /* octets of the file that are in whole members, or in the one being read */
  unsigned char out[RESUME_INDEX_BUFFER_SIZE];
  unsigned char extra[SCAN_ID_EXTRA_MAX];
};

static enum err reader_fill(struct reader *reader, size_t *got) {
  ssize_t n;
  do n = read(reader->fd, reader->in, sizeof reader->in);
  while (n < 0 && errno == EINTR);
  *got = n > 0 ? (size_t)n : 0;
  return n < 0 ? ERR_IO : ERR_NONE;
}

static void line_add(struct line *line, struct span bytes) {
  if (bytes.len == 0) return;
  size_t room = sizeof line->head - line->head_len;
  size_t len = bytes.len < room ? bytes.len : room;
  memcpy(line->head + line->head_len, bytes.ptr, len);
  line->head_len += len;
  line->last = bytes.ptr[bytes.len - 1];
  line->odd |= span_find(bytes, 0) < bytes.len;
}

/* The number of a line that is a record of ours; else 0. */
static uint64_t line_number(const struct line *line) {
  struct span rest = {line->head, line->head_len};
  uint64_t n = 0;
  if (line->odd || line->last != '}' || !span_starts(rest, SPAN(RECORD_BEGIN))) return 0;
  rest = span_skip(rest, sizeof RECORD_BEGIN - 1);
  if (rest.len && rest.ptr[0] == '0') return 0;
  while (rest.len && rest.ptr[0] >= '0' && rest.ptr[0] <= '9') {
    n = 10 * n + (uint64_t)(rest.ptr[0] - '0');
    if (n > LINE_SET_LINE_MAX) return 0;
    rest = span_skip(rest, 1);
  }
  return rest.len && rest.ptr[0] == ',' ? n : 0;
}

static enum err resume_index_mark(struct resume_index *index, uint64_t n) {
  if (!index->done) return ERR_NONE;
  index->records++;
  return line_set_set(index->done, n);
}

/* Takes whole lines off *bytes; an unfinished one stays in the reader. ERR_SYNTAX: one is no
 * record. */
static enum err reader_line(struct reader *reader, struct span *bytes, uint64_t *n, bool *odd) {
  size_t at = span_find(*bytes, '\n');
  bool ended = at < bytes->len;
  line_add(&reader->line, span_first(*bytes, at));
  *bytes = span_skip(*bytes, at + ended);
  *n = 0;
  if (!ended) return ERR_NONE;
  *n = line_number(&reader->line);
  *odd = reader->line.odd;
  reader->line = (struct line){0};
  return *n ? ERR_NONE : ERR_SYNTAX;
}

/* What stands behind the last line feed: the beginning of a record, or what a hole left of one. */
static bool line_is_torn(const struct line *line) {
  struct span head = {line->head, line->head_len};
  size_t len = head.len < sizeof RECORD_BEGIN - 1 ? head.len : sizeof RECORD_BEGIN - 1;
  return line->odd || span_starts(SPAN(RECORD_BEGIN), span_first(head, len));
}

/* Plain: every line counts by itself. The tail begins with a line that holds NULs, the hole that
 * a crash left, or that lacks its line feed. Any other line that is no record was written so, and
 * is not ours to cut off. When the results are only checked, a tail is a line without its line
 * feed, and nothing else. */
static enum err plain_read(struct reader *reader) {
  struct resume_index *index = reader->index;
  uint64_t offset = index->whole;
  bool tail = false;
  size_t got;
  enum err err;
  if (lseek(reader->fd, (off_t)offset, SEEK_SET) < 0) return ERR_IO;
  while ((err = reader_fill(reader, &got)) == ERR_NONE && got) {
    struct span rest = {(char *)reader->in, got};
    while (rest.len) {
      uint64_t n;
      size_t before = rest.len;
      bool odd = false;
      if (reader_line(reader, &rest, &n, &odd) != ERR_NONE) {
        if (!odd || !index->done) return ERR_SYNTAX;
        tail = true;
      }
      offset += before - rest.len;
      if (n == 0 || tail) continue;
      index->whole = offset;
      err = resume_index_mark(index, n);
      if (err != ERR_NONE) return err;
    }
  }
  if (err != ERR_NONE || !index->done) return err;
  return line_is_torn(&reader->line) ? ERR_NONE : ERR_SYNTAX;
}

static enum err pending_add(struct pending *pending, uint64_t n) {
  if (pending->count == pending->size) {
    size_t size = pending->size ? 2 * pending->size : 4096;
    uint64_t *grown = realloc(pending->at, size * sizeof *grown);
    if (!grown) return ERR_MEMORY;
    pending->at = grown;
    pending->size = size;
  }
  pending->at[pending->count++] = n;
  return ERR_NONE;
}

/* What looks wrong may be damage: the member's CRC will tell. */
static enum err inflater_lines(struct inflater *inflater, struct span bytes) {
  enum err err = ERR_NONE;
  while (bytes.len && err == ERR_NONE) {
    uint64_t n;
    bool odd;
    if (reader_line(&inflater->reader, &bytes, &n, &odd) != ERR_NONE) inflater->odd = true;
    if (n && inflater->reader.index->done) err = pending_add(&inflater->pending, n);
  }
  return err;
}

/* The header's extra field is filled in by zlib; inflateReset() forgets it. */
static void inflater_await_header(struct inflater *inflater) {
  inflater->header = (gz_header){.extra = inflater->extra, .extra_max = SCAN_ID_EXTRA_MAX};
  inflateGetHeader(&inflater->z, &inflater->header);
}

/* A scan begins here: what stands before it is another's. */
static enum err inflater_take_head(struct inflater *inflater, struct span head) {
  struct resume_index *index = inflater->reader.index;
  char *identity = strndup(head.ptr, head.len);
  if (!identity) return ERR_MEMORY;
  free(index->identity);
  index->identity = identity;
  index->begin = index->whole; /* the member before ends there */
  index->records = 0;
  line_set_clear(index->done);
  return ERR_NONE;
}

/* The identity in the member's header; empty: it has none. */
static struct span inflater_head(const struct inflater *inflater) {
  const gz_header *header = &inflater->header;
  if (header->done != 1 || !header->extra) return (struct span){0};
  return scan_id_identity((struct span){(const char *)inflater->extra, header->extra_len});
}

static bool inflater_says_end(const struct inflater *inflater) {
  const gz_header *header = &inflater->header;
  struct scan_id_end end;
  return header->done == 1 && header->extra &&
         scan_id_end((struct span){(const char *)inflater->extra, header->extra_len}, &end);
}

/* A member has ended, checked by its CRC. */
static enum err inflater_commit(struct inflater *inflater) {
  struct resume_index *index = inflater->reader.index;
  enum err err = ERR_NONE;
  if (inflater->odd || inflater->reader.line.head_len) return ERR_SYNTAX;
  struct span head = inflater_head(inflater);
  if (head.len && index->done) err = inflater_take_head(inflater, head);
  for (size_t i = 0; i < inflater->pending.count && err == ERR_NONE; i++)
    err = resume_index_mark(index, inflater->pending.at[i]);
  inflater->pending.count = 0;
  index->ended = inflater_says_end(inflater); /* any member behind it takes that back */
  index->whole = inflater->taken;
  inflateReset(&inflater->z);
  inflater_await_header(inflater);
  return err;
}

/* One step. ERR_END: damage. */
static enum err inflater_step(struct inflater *inflater, bool *committed) {
  z_stream *z = &inflater->z;
  unsigned before = z->avail_in;
  z->next_out = inflater->out;
  z->avail_out = sizeof inflater->out;
  int end = inflate(z, Z_NO_FLUSH);
  inflater->taken += before - z->avail_in;
  *committed = end == Z_STREAM_END;
  if (end == Z_MEM_ERROR) return ERR_MEMORY;
  if (end != Z_OK && end != Z_STREAM_END && end != Z_BUF_ERROR) return ERR_END;
  struct span bytes = {(char *)inflater->out, sizeof inflater->out - z->avail_out};
  enum err err = inflater_lines(inflater, bytes);
  return err == ERR_NONE && end == Z_STREAM_END ? inflater_commit(inflater) : err;
}

static enum err inflater_run(struct inflater *inflater) {
  z_stream *z = &inflater->z;
  bool committed = false;
  for (;;) {
    size_t got;
    enum err err = reader_fill(&inflater->reader, &got);
    if (err != ERR_NONE || got == 0) return err;
    z->next_in = inflater->reader.in;
    z->avail_in = (unsigned)got;
    do {
      err = inflater_step(inflater, &committed);
      if (err == ERR_END) inflater->reader.index->damaged = true;
      if (err != ERR_NONE) return err == ERR_END ? ERR_NONE : err;
    } while (z->avail_in || z->avail_out == 0);
  }
}

static enum err gzip_read(struct resume_index *index, int fd) {
  struct inflater *inflater = calloc(1, sizeof *inflater);
  if (!inflater) return ERR_MEMORY;
  inflater->reader.index = index;
  inflater->reader.fd = fd;
  enum err err = ERR_MEMORY;
  if (inflateInit2(&inflater->z, GZIP_WINDOW) == Z_OK) {
    inflater_await_header(inflater);
    err = inflater_run(inflater);
    inflateEnd(&inflater->z);
  }
  free(inflater->pending.at);
  free(inflater);
  return err;
}

static enum err plain_read_rest(struct resume_index *index, int fd) {
  struct reader *reader = calloc(1, sizeof *reader);
  if (!reader) return ERR_MEMORY;
  reader->index = index;
  reader->fd = fd;
  enum err err = plain_read(reader);
  free(reader);
  return err;
}

/* What stands before the scan must end with a line: else the offset is not of these results. */
static bool plain_may_begin(const struct resume_index *index, int fd) {
  char before = '\n';
  if (index->begin > index->size) return false;
  if (index->begin == 0) return true;
  return pread(fd, &before, 1, (off_t)index->begin - 1) == 1 && before == '\n';
}

static enum err plain_read_scan(struct resume_index *index, const char *path, int fd) {
  struct scan_id_end end = {0};
  enum err err = scan_id_load(path, &index->identity, &index->begin, &end);
  index->ended = end.here;
  index->whole = index->begin;
  if (err == ERR_SYNTAX || err == ERR_NOT_FOUND) return ERR_NOT_FOUND;
  if (err != ERR_NONE) return err;
  return plain_may_begin(index, fd) ? plain_read_rest(index, fd) : ERR_REFUSED;
}

/* The file's first octets. */
static struct span resume_index_first(int fd, char first[FIRST_SIZE]) {
  ssize_t n = pread(fd, first, FIRST_SIZE, 0);
  return (struct span){first, n > 0 ? (size_t)n : 0};
}

/* Nothing but the beginning of a head: the scan was cut off before its first record. */
static bool resume_index_is_torn_head(const struct resume_index *index, int fd) {
  char first[FIRST_SIZE];
  return index->size < SCAN_ID_IDENTITY_MAX + SCAN_ID_MEMBER_EXTRA &&
         scan_id_is_torn(resume_index_first(fd, first));
}

/* It is known that there is no whole one. */
static bool resume_index_is_torn_record(int fd) {
  char first[FIRST_SIZE];
  return span_starts(SPAN(RECORD_BEGIN),
                     span_first(resume_index_first(fd, first), sizeof RECORD_BEGIN - 1));
}

/* ERR_END: there is nothing to read. */
static enum err resume_index_measure(struct resume_index *index, int fd) {
  struct stat st;
  if (fstat(fd, &st) != 0) return ERR_IO;
  if (!S_ISREG(st.st_mode)) return ERR_NOT_FOUND;
  index->size = (uint64_t)st.st_size;
  return index->size ? ERR_NONE : ERR_END;
}

/* A hole is what a crash leaves where octets were to be written: NULs, in front, at the end, or
 * more in a row than compressed data has. */
static bool resume_index_has_hole(int fd, uint64_t from) {
  char bytes[4096];
  ssize_t got;
  size_t run = 0, most = 0;
  for (uint64_t at = from; (got = pread(fd, bytes, sizeof bytes, (off_t)at)) > 0;
       at += (uint64_t)got) {
    if (at == from && bytes[0] == 0) return true;
    for (ssize_t i = 0; i < got; i++) {
      run = bytes[i] ? 0 : run + 1;
      if (run > most) most = run;
    }
  }
  return most >= HOLE_MIN || run >= HOLE_AT_END_MIN;
}

static enum err resume_index_read_fd(struct resume_index *index, const char *path, int fd,
                                     bool gzip) {
  enum err err = gzip ? gzip_read(index, fd) : plain_read_scan(index, path, fd);
  if (err != ERR_NONE) return err;
  if (!index->identity && !resume_index_is_torn_head(index, fd)) return ERR_NOT_FOUND;
  if (index->size - index->whole > RESUME_INDEX_TAIL_MAX) return ERR_LIMIT;
  return !index->damaged || resume_index_has_hole(fd, index->whole) ? ERR_NONE : ERR_LIMIT;
}

static enum err resume_index_check_fd(struct resume_index *index, int fd, bool gzip) {
  enum err err = gzip ? gzip_read(index, fd) : plain_read_rest(index, fd);
  if (err != ERR_NONE) return err;
  bool torn = gzip ? resume_index_is_torn_head(index, fd) : resume_index_is_torn_record(fd);
  return index->whole || torn ? ERR_NONE : ERR_NOT_FOUND;
}

static enum err resume_index_open(struct resume_index *index, const char *path, bool gzip) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ERR_IO;
  enum err err = resume_index_measure(index, fd);
  if (err == ERR_NONE)
    err = index->done ? resume_index_read_fd(index, path, fd, gzip)
                      : resume_index_check_fd(index, fd, gzip);
  int saved = errno;
  close(fd);
  errno = saved;
  return err == ERR_END ? ERR_NONE : err;
}

enum err resume_index_read(struct resume_index *index, const char *path, bool gzip) {
  *index = (struct resume_index){0};
  enum err err = line_set_new(&index->done);
  return err == ERR_NONE ? resume_index_open(index, path, gzip) : err;
}

enum err resume_index_check(struct resume_index *index, const char *path, bool gzip) {
  *index = (struct resume_index){0};
  return resume_index_open(index, path, gzip);
}

void resume_index_free(struct resume_index *index) {
  free(index->identity);
  line_set_free(index->done);
  *index = (struct resume_index){0};
}
