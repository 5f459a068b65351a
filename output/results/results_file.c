#include "output/results/results_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct results_file {
  pthread_mutex_t lock;
  pthread_cond_t closing_set;
  pthread_t syncer; /* only for a regular file */
  int fd;
  bool regular; /* a named file, which can be synced and cut */
  bool closing;
  bool dirty;  /* appended to since the last sync began */
  off_t whole; /* the file's size after the last whole append */
  uint64_t appended;
  enum err err; /* sticky */
  int err_errno;
};

/* What exists is not overwritten by writing into a pipe or to a terminal. */
static int results_file_open_stream(const char *path) {
  struct stat st;
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  if (fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))) return fd;
  close(fd);
  errno = EEXIST;
  return -1;
}

/* What was closed when the program started stands open for the other way (cli/descriptors.h). */
static int results_file_open_standard(void) {
  int flags = fcntl(STDOUT_FILENO, F_GETFL);
  if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY)
    return fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
  errno = EBADF;
  return -1;
}

static int results_file_open_file(const char *path, enum results_file_mode mode) {
  static const int flags[] = {
      [RESULTS_FILE_CREATE] = O_EXCL,
      [RESULTS_FILE_APPEND] = 0,
      [RESULTS_FILE_TRUNCATE] = 0, /* cut when it is locked */
  };
  if (strcmp(path, "-") == 0) return results_file_open_standard();
  int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | flags[mode], 0666);
  return fd < 0 && errno == EEXIST ? results_file_open_stream(path) : fd;
}

/* Makes the file's name last as its bytes do. Not all file systems can: best effort. */
static void results_file_sync_directory(const char *path) {
  const char *slash = strrchr(path, '/');
  char *directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
  if (!directory) return;
  int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    fsync(fd);
    close(fd);
  }
  free(directory);
}

static enum err results_file_fail(struct results_file *sink) {
  if (sink->err != ERR_NONE) return sink->err;
  sink->err_errno = errno;
  sink->err = errno == EPIPE ? ERR_END : ERR_IO;
  if (sink->regular && ftruncate(sink->fd, sink->whole) != 0)
    return sink->err; /* the tail stays torn: readers drop it */
  return sink->err;
}

/* Called with the lock, which is free while the disk works. */
static void results_file_sync(struct results_file *sink) {
  if (!sink->dirty) return;
  sink->dirty = false;
  pthread_mutex_unlock(&sink->lock);
  int rc = fdatasync(sink->fd);
  pthread_mutex_lock(&sink->lock);
  if (rc != 0) results_file_fail(sink);
}

static struct timespec results_file_next_sync(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  at.tv_sec += RESULTS_FILE_SYNC_MS / 1000;
  at.tv_nsec += RESULTS_FILE_SYNC_MS % 1000 * 1000000L;
  at.tv_sec += at.tv_nsec / 1000000000;
  at.tv_nsec %= 1000000000;
  return at;
}

static void *results_file_syncer(void *data) {
  struct results_file *sink = data;
  pthread_mutex_lock(&sink->lock);
  while (!sink->closing) {
    struct timespec next = results_file_next_sync();
    while (!sink->closing &&
           pthread_cond_timedwait(&sink->closing_set, &sink->lock, &next) != ETIMEDOUT)
      continue;
    results_file_sync(sink);
  }
  results_file_sync(sink); /* what came while the last sync went on */
  pthread_mutex_unlock(&sink->lock);
  return NULL;
}

/* Signals are for the other threads. Gives an errno. */
static int results_file_start_syncer(struct results_file *sink) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int rc = pthread_create(&sink->syncer, NULL, results_file_syncer, sink);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return rc;
}

static void results_file_init_locks(struct results_file *sink) {
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&sink->closing_set, &monotonic);
  pthread_condattr_destroy(&monotonic);
  pthread_mutex_init(&sink->lock, NULL);
}

static void results_file_free(struct results_file *sink) {
  pthread_cond_destroy(&sink->closing_set);
  pthread_mutex_destroy(&sink->lock);
  free(sink);
}

/* Not every file system can lock; where it cannot, the scan goes on without. Gives an errno. */
static int results_file_lock_file(int fd) {
  return flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK ? errno : 0;
}

/* Nothing of the file is touched before it is locked. Gives an errno. */
static int results_file_start_file(struct results_file *sink, const char *path,
                                   enum results_file_mode mode) {
  struct stat st;
  int rc = results_file_lock_file(sink->fd);
  if (rc != 0) return rc;
  if (mode == RESULTS_FILE_TRUNCATE && ftruncate(sink->fd, 0) != 0) return errno;
  if (fstat(sink->fd, &st) != 0) return errno;
  sink->whole = st.st_size;
  results_file_sync_directory(path);
  rc = results_file_start_syncer(sink);
  if (rc != 0 && mode == RESULTS_FILE_CREATE) unlink(path);
  return rc;
}

/* Gives an errno. */
static int results_file_start(struct results_file *sink, const char *path,
                              enum results_file_mode mode) {
  struct stat st;
  sink->fd = results_file_open_file(path, mode);
  if (sink->fd < 0) return errno;
  int rc = fstat(sink->fd, &st) == 0 ? 0 : errno;
  sink->regular = rc == 0 && S_ISREG(st.st_mode) && strcmp(path, "-") != 0;
  if (sink->regular) rc = results_file_start_file(sink, path, mode);
  if (rc != 0) close(sink->fd);
  return rc;
}

enum err results_file_open(struct results_file **sink, const char *path,
                           enum results_file_mode mode) {
  struct results_file *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  results_file_init_locks(made);
  int rc = results_file_start(made, path, mode);
  if (rc == 0) {
    *sink = made;
    return ERR_NONE;
  }
  results_file_free(made);
  errno = rc;
  if (rc == EWOULDBLOCK) return ERR_BUSY;
  return rc == EEXIST ? ERR_REFUSED : ERR_IO;
}

/* A pipe or terminal that somebody set non-blocking is waited for all the same. */
static void results_file_wait_writable(int fd) {
  struct pollfd writable = {.fd = fd, .events = POLLOUT};
  poll(&writable, 1, -1);
}

static enum err results_file_write(struct results_file *sink, struct span bytes) {
  struct span rest = bytes;
  while (rest.len) {
    ssize_t n = write(sink->fd, rest.ptr, rest.len);
    if (n >= 0)
      rest = span_skip(rest, (size_t)n);
    else if (errno == EAGAIN)
      results_file_wait_writable(sink->fd);
    else if (errno != EINTR)
      return results_file_fail(sink);
  }
  sink->whole += (off_t)bytes.len;
  sink->appended += bytes.len;
  sink->dirty = true;
  return ERR_NONE;
}

enum err results_file_append(struct results_file *sink, struct span bytes) {
  pthread_mutex_lock(&sink->lock);
  if (sink->err == ERR_NONE) results_file_write(sink, bytes);
  enum err err = sink->err;
  errno = sink->err_errno;
  pthread_mutex_unlock(&sink->lock);
  return err;
}

uint64_t results_file_size(struct results_file *sink) {
  pthread_mutex_lock(&sink->lock);
  uint64_t appended = sink->appended;
  pthread_mutex_unlock(&sink->lock);
  return appended;
}

enum err results_file_cut(struct results_file *sink, uint64_t size) {
  pthread_mutex_lock(&sink->lock);
  enum err err = ERR_NONE;
  if (ftruncate(sink->fd, (off_t)size) == 0) {
    sink->whole = (off_t)size;
    sink->dirty = true;
  } else {
    err = ERR_IO;
  }
  pthread_mutex_unlock(&sink->lock);
  return err;
}

uint64_t results_file_file_size(struct results_file *sink) {
  pthread_mutex_lock(&sink->lock);
  uint64_t whole = (uint64_t)sink->whole;
  pthread_mutex_unlock(&sink->lock);
  return whole;
}

bool results_file_is_named(const struct results_file *sink) {
  return sink->regular;
}

/* After a failed write, what is whole is synced as well. */
static void results_file_stop_syncer(struct results_file *sink) {
  pthread_mutex_lock(&sink->lock);
  sink->closing = true;
  pthread_cond_signal(&sink->closing_set);
  pthread_mutex_unlock(&sink->lock);
  pthread_join(sink->syncer, NULL);
}

enum err results_file_close(struct results_file *sink) {
  if (!sink) return ERR_NONE;
  if (sink->regular) results_file_stop_syncer(sink);
  sink->regular = false; /* nothing to cut once it is closed */
  if (close(sink->fd) != 0 && errno != EINTR) results_file_fail(sink);
  enum err err = sink->err;
  int saved = sink->err_errno;
  results_file_free(sink);
  errno = saved;
  return err;
}
