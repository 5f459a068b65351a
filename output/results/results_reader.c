#include "output/results/results_reader.h"

#include "output/record/record_read.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

enum {
  RESULTS_READER_WINDOW = 1024 * 1024,
  /* Bytes of gzip without a member's beginning among them; beyond, it is read as one stream. */
  RESULTS_READER_MEMBER_MAX = 16 * 1024 * 1024,
  RESULTS_READER_PAGE = 256 * 1024, /* bytes of text read at once, and inflated in a stream */
};

/* How output/results/gzip_block.c's members begin: deflate, no flags, no time, fastest level, Unix.
 */
#define GZIP_BLOCK_MAGIC SPAN("\x1f\x8b\x08\0\0\0\0\0\x04\x03")

enum results_reader_mode { RESULTS_READER_PLAIN, RESULTS_READER_STREAM, RESULTS_READER_MEMBERS };

static_assert((int)RECORD_READ_LINE_MAX < (int)RESULTS_READER_MEMBER_MAX,
              "a record's member can be read");

struct results_reader {
  pthread_mutex_t lock;
  int fd;
  enum results_reader_mode mode;
  struct results_reader_account account;
  struct scan_marks marks;
  bool read_all; /* the file's end was met */
  bool in_hole;  /* the last octet of text was a NUL */
  char *window;  /* bytes of the file that were not taken yet */
  size_t size, begin, end;
  size_t searched; /* up to there no member begins but at `begin` */
  z_stream stream;
  bool stream_made, stream_open; /* open: inside a member */
  uint64_t stream_begin;         /* bytes taken before that member */
  char *carry;                   /* text behind the last line feed, for the next block */
  size_t carry_size, carry_len;
};

static size_t results_reader_held(const struct results_reader *reader) {
  return reader->end - reader->begin;
}

static uint64_t results_reader_taken(const struct results_reader *reader) {
  return reader->account.bytes - results_reader_held(reader);
}

/* Room for `more` bytes behind the window's. */
static enum err results_reader_room(struct results_reader *reader, size_t more) {
  if (reader->begin) {
    memmove(reader->window, reader->window + reader->begin, results_reader_held(reader));
    reader->end -= reader->begin;
    reader->searched -= reader->searched < reader->begin ? reader->searched : reader->begin;
    reader->begin = 0;
  }
  if (reader->end + more <= reader->size) return ERR_NONE;
  char *grown = realloc(reader->window, reader->end + more);
  if (!grown) return ERR_MEMORY;
  reader->window = grown;
  reader->size = reader->end + more;
  return ERR_NONE;
}

/* Reads until size bytes came, or the file's end. */
static enum err results_reader_read(struct results_reader *reader, char *at, size_t size,
                                    size_t *got) {
  *got = 0;
  while (*got < size) {
    ssize_t n = read(reader->fd, at + *got, size - *got);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ERR_IO;
    if (n == 0) {
      reader->read_all = true;
      break;
    }
    *got += (size_t)n;
  }
  reader->account.bytes += *got;
  return ERR_NONE;
}

/* More bytes into the window; none: read_all is set. */
static enum err results_reader_more(struct results_reader *reader) {
  size_t got = 0;
  enum err err = results_reader_room(reader, RESULTS_READER_WINDOW);
  if (err == ERR_NONE)
    err = results_reader_read(reader, reader->window + reader->end, RESULTS_READER_WINDOW, &got);
  if (reader->account.gzip)
    scan_marks_feed(&reader->marks, (struct span){reader->window + reader->end, got});
  reader->end += got;
  return err;
}

/* NULs in front of everything hide what kind of file it is. */
static enum err results_reader_skip_hole(struct results_reader *reader) {
  enum err err = results_reader_more(reader);
  bool hole = results_reader_held(reader) && reader->window[0] == 0;
  reader->account.damaged += hole;
  while (err == ERR_NONE && hole) {
    while (results_reader_held(reader) && reader->window[reader->begin] == 0) reader->begin++;
    if (results_reader_held(reader) || reader->read_all) break;
    err = results_reader_more(reader);
  }
  if (err == ERR_NONE && hole && results_reader_held(reader) < RESULTS_READER_WINDOW)
    err = results_reader_more(reader);
  return err;
}

static enum err results_reader_begin(struct results_reader *reader) {
  enum err err = results_reader_skip_hole(reader);
  struct span bytes = {reader->window + reader->begin, results_reader_held(reader)};
  if (err != ERR_NONE || !span_starts(bytes, SPAN("\x1f\x8b"))) return err;
  reader->account.gzip = true;
  scan_marks_feed(&reader->marks, bytes);
  bool ours = memmem(bytes.ptr, bytes.len, GZIP_BLOCK_MAGIC.ptr, GZIP_BLOCK_MAGIC.len);
  reader->mode = ours ? RESULTS_READER_MEMBERS : RESULTS_READER_STREAM;
  return ERR_NONE;
}

enum err results_reader_open(struct results_reader **reader, const char *path) {
  return results_reader_open_at(reader, path, 0);
}

enum err results_reader_open_at(struct results_reader **reader, const char *path, uint64_t from) {
  struct results_reader *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  pthread_mutex_init(&made->lock, NULL);
  if (strcmp(path, "-") == 0)
    made->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
  else
    made->fd = open(path, O_RDONLY | O_CLOEXEC);
  enum err err = made->fd < 0 ? ERR_IO : ERR_NONE;
  if (err == ERR_NONE && from && lseek(made->fd, (off_t)from, SEEK_SET) < 0) err = ERR_IO;
  if (err == ERR_NONE) err = results_reader_begin(made);
  if (err != ERR_NONE) {
    int saved = errno;
    results_reader_close(made);
    errno = saved;
    return err;
  }
  *reader = made;
  return ERR_NONE;
}

void results_reader_close(struct results_reader *reader) {
  if (!reader) return;
  if (reader->fd >= 0) close(reader->fd);
  if (reader->stream_made) inflateEnd(&reader->stream);
  pthread_mutex_destroy(&reader->lock);
  scan_marks_free(&reader->marks);
  free(reader->window);
  free(reader->carry);
  free(reader);
}

/* The text carried over from the block before. */
static enum err results_reader_put_carry(struct results_reader *reader, struct line_block *block) {
  char *at = line_block_room(block, reader->carry_len);
  if (!at) return ERR_MEMORY;
  if (reader->carry_len) memcpy(at, reader->carry, reader->carry_len);
  line_block_added(block, reader->carry_len);
  reader->carry_len = 0;
  return ERR_NONE;
}

/* Leaves whole lines in the block, and keeps the rest for the next. */
static enum err results_reader_take_carry(struct results_reader *reader, struct line_block *block) {
  struct span rest = span_skip(line_block_text(block), line_block_whole(block));
  if (rest.len > reader->carry_size) {
    char *grown = realloc(reader->carry, rest.len);
    if (!grown) return ERR_MEMORY;
    reader->carry = grown;
    reader->carry_size = rest.len;
  }
  if (rest.len) memcpy(reader->carry, rest.ptr, rest.len);
  reader->carry_len = rest.len;
  line_block_cut(block, line_block_whole(block));
  return ERR_NONE;
}

/* A hole that a crash left, or who emptied the file while a scan wrote to it: NULs, which no record
 * holds. Each becomes the end of a line, so that it costs what was in it and not what stands around
 * it. Gives the octets that are left. */
static size_t results_reader_close_holes(struct results_reader *reader, char *bytes, size_t len) {
  char *to = len ? memchr(bytes, 0, len) : NULL;
  if (!to) {
    if (len) reader->in_hole = false;
    return len;
  }
  if (to != bytes) reader->in_hole = false;
  for (const char *from = to; from < bytes + len; from++) {
    char octet = *from;
    if (octet || !reader->in_hole) *to++ = octet ? octet : '\n';
    reader->account.damaged += !octet && !reader->in_hole;
    reader->in_hole = !octet;
  }
  return (size_t)(to - bytes);
}

/* Text from the window, or from the file itself when the window is empty. */
static enum err results_reader_plain(struct results_reader *reader, struct line_block *block) {
  char *at = line_block_room(block, RESULTS_READER_PAGE);
  if (!at) return ERR_LIMIT;
  size_t got = results_reader_held(reader) < RESULTS_READER_PAGE ? results_reader_held(reader)
                                                                 : RESULTS_READER_PAGE;
  enum err err = ERR_NONE;
  if (got) {
    memcpy(at, reader->window + reader->begin, got);
    reader->begin += got;
  } else if (!reader->read_all)
    err = results_reader_read(reader, at, RESULTS_READER_PAGE, &got);
  line_block_added(block, results_reader_close_holes(reader, at, got));
  if (err == ERR_NONE && got == 0) err = ERR_END;
  return err;
}

/* Damage inside a stream: on to where a member of ours begins, if there is one. */
static void results_reader_resync(struct results_reader *reader) {
  reader->account.damaged++;
  reader->stream_open = false;
  reader->mode = RESULTS_READER_MEMBERS;
  reader->searched = reader->begin;
}

/* Ready to inflate the member that begins at the window's front. */
static enum err results_reader_stream_begin(struct results_reader *reader) {
  if (!reader->stream_made && inflateInit2(&reader->stream, 15 + 16) != Z_OK) return ERR_MEMORY;
  reader->stream_made = true;
  inflateReset(&reader->stream);
  reader->stream_open = true;
  reader->stream_begin = results_reader_taken(reader);
  return ERR_NONE;
}

/* Some text of the stream. ERR_END: no more. */
static enum err results_reader_stream(struct results_reader *reader, struct line_block *block) {
  enum err err = ERR_NONE;
  if (results_reader_held(reader) == 0 && !reader->read_all) err = results_reader_more(reader);
  if (err != ERR_NONE) return err;
  if (results_reader_held(reader) == 0) {
    if (reader->stream_open)
      reader->account.torn = results_reader_taken(reader) - reader->stream_begin;
    return ERR_END;
  }
  if (!reader->stream_open) err = results_reader_stream_begin(reader);
  char *at = line_block_room(block, RESULTS_READER_PAGE);
  if (err != ERR_NONE || !at) return err != ERR_NONE ? err : ERR_LIMIT;
  z_stream *z = &reader->stream;
  z->next_in = (unsigned char *)reader->window + reader->begin;
  z->avail_in = (unsigned)results_reader_held(reader);
  z->next_out = (unsigned char *)at;
  z->avail_out = RESULTS_READER_PAGE;
  int end = inflate(z, Z_NO_FLUSH);
  line_block_added(block, RESULTS_READER_PAGE - z->avail_out);
  reader->begin = reader->end - z->avail_in;
  if (end == Z_STREAM_END) reader->stream_open = false;
  if (end == Z_MEM_ERROR) return ERR_MEMORY;
  if (end != Z_OK && end != Z_STREAM_END && end != Z_BUF_ERROR) results_reader_resync(reader);
  return ERR_NONE;
}

/* Fills the block with whole lines; what the file's last line lacks is seen by whoever reads it. */
static enum err results_reader_lines(struct results_reader *reader, struct line_block *block) {
  enum results_reader_mode mode = reader->mode;
  enum err err = results_reader_put_carry(reader, block);
  while (err == ERR_NONE && reader->mode == mode && line_block_whole(block) == 0)
    err = mode == RESULTS_READER_PLAIN ? results_reader_plain(reader, block)
                                       : results_reader_stream(reader, block);
  if (reader->mode != mode || reader->account.torn) line_block_cut(block, line_block_whole(block));
  if (err == ERR_END && line_block_text(block).len) return ERR_NONE;
  return err == ERR_NONE ? results_reader_take_carry(reader, block) : err;
}

/* The end of the members at the window's front: where the next one begins, or the file ends. */
static enum err results_reader_member_end(struct results_reader *reader, size_t *end) {
  for (;;) {
    size_t from = reader->searched > reader->begin ? reader->searched : reader->begin + 1;
    if (from < reader->end) {
      const char *found = memmem(reader->window + from, reader->end - from, GZIP_BLOCK_MAGIC.ptr,
                                 GZIP_BLOCK_MAGIC.len);
      if (found) {
        *end = (size_t)(found - reader->window);
        return ERR_NONE;
      }
      if (reader->end - reader->begin > GZIP_BLOCK_MAGIC.len)
        reader->searched = reader->end - GZIP_BLOCK_MAGIC.len;
    }
    *end = reader->end;
    if (reader->read_all) return results_reader_held(reader) ? ERR_NONE : ERR_END;
    if (results_reader_held(reader) > RESULTS_READER_MEMBER_MAX) return ERR_LIMIT;
    enum err err = results_reader_more(reader);
    if (err != ERR_NONE) return err;
  }
}

/* Copies the members at the window's front for the block to inflate. What stands before the first
 * member is what damage left. */
static enum err results_reader_take_members(struct results_reader *reader, struct line_block *block,
                                            size_t *size) {
  size_t end;
  enum err err = results_reader_member_end(reader, &end);
  if (err == ERR_NONE && memcmp(reader->window + reader->begin, "\x1f\x8b", 2) != 0) {
    reader->begin = end;
    err = results_reader_member_end(reader, &end);
  }
  if (err != ERR_NONE) return err;
  *size = end - reader->begin;
  char *at = line_block_gzip_room(block, *size);
  if (!at) return ERR_MEMORY;
  memcpy(at, reader->window + reader->begin, *size);
  reader->begin = end;
  return ERR_NONE;
}

static void results_reader_tell(struct results_reader *reader, enum err err, bool last,
                                size_t lost) {
  pthread_mutex_lock(&reader->lock);
  if (err == ERR_END && last)
    reader->account.torn = lost;
  else
    reader->account.damaged++;
  pthread_mutex_unlock(&reader->lock);
}

enum err results_reader_next(struct results_reader *reader, struct line_block *block) {
  size_t size = 0, whole;
  line_block_clear(block);
  pthread_mutex_lock(&reader->lock);
  enum err err = ERR_LIMIT;
  if (reader->mode == RESULTS_READER_MEMBERS)
    err = results_reader_take_members(reader, block, &size);
  if (err == ERR_LIMIT && reader->mode == RESULTS_READER_MEMBERS)
    reader->mode = RESULTS_READER_STREAM;
  if (err == ERR_LIMIT) err = results_reader_lines(reader, block);
  bool last = reader->read_all && results_reader_held(reader) == 0;
  pthread_mutex_unlock(&reader->lock);
  if (err != ERR_NONE || size == 0) return err;
  err = line_block_inflate(block, size, &whole);
  if (err != ERR_END && err != ERR_SYNTAX) return err;
  line_block_cut(block, line_block_whole(block));
  results_reader_tell(reader, err, last, size - whole);
  return ERR_NONE;
}

struct results_reader_account results_reader_account(struct results_reader *reader) {
  pthread_mutex_lock(&reader->lock);
  struct results_reader_account account = reader->account;
  pthread_mutex_unlock(&reader->lock);
  return account;
}

struct scan_marks results_reader_take_marks(struct results_reader *reader) {
  struct scan_marks marks = reader->marks;
  reader->marks = (struct scan_marks){0};
  return marks;
}
