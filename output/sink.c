#include "output/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct sink {
  pthread_mutex_t lock;
  int fd;
  bool regular; /* a file that can be synced and cut */
  off_t whole;  /* the file's size after the last whole append */
  uint64_t appended;
  int64_t synced_ms; /* monotonic */
  bool dirty;
  enum err err; /* sticky */
  int err_errno;
};

static int64_t sink_clock_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int sink_open_file(const char *path, enum sink_mode mode) {
  static const int flags[] = {
      [SINK_CREATE] = O_CREAT | O_EXCL,
      [SINK_APPEND] = O_CREAT | O_APPEND,
      [SINK_TRUNCATE] = O_CREAT | O_TRUNC,
  };
  if (strcmp(path, "-") == 0) return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
  return open(path, O_WRONLY | O_CLOEXEC | flags[mode], 0666);
}

enum err sink_open(struct sink **sink, const char *path, enum sink_mode mode) {
  struct stat st;
  struct sink *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->fd = sink_open_file(path, mode);
  if (made->fd < 0 || fstat(made->fd, &st) != 0) {
    int saved = errno;
    if (made->fd >= 0) close(made->fd);
    free(made);
    errno = saved;
    return saved == EEXIST ? ERR_REFUSED : ERR_IO;
  }
  made->regular = S_ISREG(st.st_mode) && strcmp(path, "-") != 0;
  made->whole = st.st_size;
  made->synced_ms = sink_clock_ms();
  pthread_mutex_init(&made->lock, NULL);
  *sink = made;
  return ERR_NONE;
}

static enum err sink_fail(struct sink *sink) {
  sink->err_errno = errno;
  sink->err = errno == EPIPE ? ERR_END : ERR_IO;
  if (sink->regular && ftruncate(sink->fd, sink->whole) != 0)
    return sink->err; /* the tail stays torn: readers drop it */
  return sink->err;
}

static enum err sink_write(struct sink *sink, struct span bytes) {
  struct span rest = bytes;
  while (rest.len) {
    ssize_t n = write(sink->fd, rest.ptr, rest.len);
    if (n >= 0)
      rest = span_skip(rest, (size_t)n);
    else if (errno != EINTR)
      return sink_fail(sink);
  }
  sink->whole += (off_t)bytes.len;
  sink->appended += bytes.len;
  sink->dirty = true;
  return ERR_NONE;
}

static enum err sink_sync(struct sink *sink) {
  sink->synced_ms = sink_clock_ms();
  if (!sink->regular || !sink->dirty) return ERR_NONE;
  sink->dirty = false;
  return fdatasync(sink->fd) == 0 ? ERR_NONE : sink_fail(sink);
}

enum err sink_append(struct sink *sink, struct span bytes) {
  pthread_mutex_lock(&sink->lock);
  if (sink->err == ERR_NONE) sink_write(sink, bytes);
  if (sink->err == ERR_NONE && sink_clock_ms() - sink->synced_ms >= SINK_SYNC_MS) sink_sync(sink);
  enum err err = sink->err;
  errno = sink->err_errno;
  pthread_mutex_unlock(&sink->lock);
  return err;
}

uint64_t sink_size(struct sink *sink) {
  pthread_mutex_lock(&sink->lock);
  uint64_t appended = sink->appended;
  pthread_mutex_unlock(&sink->lock);
  return appended;
}

enum err sink_close(struct sink *sink) {
  if (!sink) return ERR_NONE;
  if (sink->err == ERR_NONE) sink_sync(sink);
  if (close(sink->fd) != 0 && sink->err == ERR_NONE && errno != EINTR) sink_fail(sink);
  enum err err = sink->err;
  int saved = sink->err_errno;
  pthread_mutex_destroy(&sink->lock);
  free(sink);
  errno = saved;
  return err;
}
