#include "output/results/results_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What was given at a time. */
struct given {
  STAILQ_ENTRY(given) link;
  uint64_t records;
  size_t len;
  char bytes[];
};

STAILQ_HEAD(given_list, given);

struct results_file {
  pthread_mutex_t lock;
  pthread_cond_t changed; /* any of what stands below */
  struct given_list queue;
  size_t queued; /* bytes, with those that are being written */
  bool finishing;
  bool over;
  bool left; /* to its writer, which frees it */
  uint64_t appended, records;
  off_t whole;  /* the file's size after the last whole append */
  enum err err; /* sticky */
  int err_errno;
  bool dirty; /* appended to since the last sync began */
  struct timespec sync_at;
  void (*told)(void *data); /* when it is over */
  void *told_data;
  /* set once */
  pthread_t writer;
  int fd;
  bool regular; /* a named file, which can be synced and cut */
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

/* Called without the lock: the file is the writer's. Who is told of the error finds it cut. */
static void results_file_fail(struct results_file *sink, int number) {
  pthread_mutex_lock(&sink->lock);
  bool first = sink->err == ERR_NONE;
  off_t whole = sink->whole;
  pthread_mutex_unlock(&sink->lock);
  if (!first) return;
  bool torn = sink->regular && ftruncate(sink->fd, whole) != 0; /* readers drop the tail */
  (void)torn;
  pthread_mutex_lock(&sink->lock);
  sink->err_errno = number;
  sink->err = number == EPIPE ? ERR_END : ERR_IO;
  pthread_mutex_unlock(&sink->lock);
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

/* Called with the lock, which is free while the disk works. */
static void results_file_sync(struct results_file *sink) {
  if (!sink->dirty || !sink->regular) return;
  sink->dirty = false;
  pthread_mutex_unlock(&sink->lock);
  if (fdatasync(sink->fd) != 0) results_file_fail(sink, errno);
  pthread_mutex_lock(&sink->lock);
}

/* A pipe or terminal that somebody set non-blocking is waited for all the same. */
static void results_file_wait_writable(int fd) {
  struct pollfd writable = {.fd = fd, .events = POLLOUT};
  poll(&writable, 1, -1);
}

/* Gives an errno. */
static int results_file_write_out(int fd, struct span rest) {
  while (rest.len) {
    ssize_t n = write(fd, rest.ptr, rest.len);
    if (n >= 0)
      rest = span_skip(rest, (size_t)n);
    else if (errno == EAGAIN)
      results_file_wait_writable(fd);
    else if (errno != EINTR)
      return errno;
  }
  return 0;
}

/* Called with the lock, which is free meanwhile. */
static void results_file_write(struct results_file *sink, const struct given *given) {
  if (sink->err != ERR_NONE) return;
  pthread_mutex_unlock(&sink->lock);
  int number = results_file_write_out(sink->fd, (struct span){given->bytes, given->len});
  if (number) results_file_fail(sink, number);
  pthread_mutex_lock(&sink->lock);
  if (number) return;
  if (!sink->dirty) sink->sync_at = results_file_next_sync();
  sink->dirty = true;
  sink->whole += (off_t)given->len;
  sink->appended += given->len;
  sink->records += given->records;
}

/* Called with the lock. False: nothing will come any more. */
static bool results_file_await(struct results_file *sink, bool *sync) {
  *sync = false;
  while (STAILQ_EMPTY(&sink->queue) && !sink->finishing && !*sync) {
    if (!sink->dirty || !sink->regular)
      pthread_cond_wait(&sink->changed, &sink->lock);
    else
      *sync = pthread_cond_timedwait(&sink->changed, &sink->lock, &sink->sync_at) == ETIMEDOUT;
  }
  return !STAILQ_EMPTY(&sink->queue) || !sink->finishing;
}

/* However much comes, a sync is not put off. */
static bool results_file_is_time_to_sync(const struct results_file *sink) {
  struct timespec now;
  if (!sink->dirty || !sink->regular) return false;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec > sink->sync_at.tv_sec ||
         (now.tv_sec == sink->sync_at.tv_sec && now.tv_nsec >= sink->sync_at.tv_nsec);
}

/* Called with the lock. */
static void results_file_write_next(struct results_file *sink) {
  struct given *given = STAILQ_FIRST(&sink->queue);
  if (!given) return;
  STAILQ_REMOVE_HEAD(&sink->queue, link);
  results_file_write(sink, given);
  sink->queued -= given->len;
  pthread_cond_broadcast(&sink->changed);
  free(given);
}

static void results_file_free(struct results_file *sink) {
  pthread_cond_destroy(&sink->changed);
  pthread_mutex_destroy(&sink->lock);
  if (sink->fd >= 0) close(sink->fd);
  free(sink);
}

static void *results_file_writer(void *data) {
  struct results_file *sink = data;
  bool sync;
  pthread_mutex_lock(&sink->lock);
  while (results_file_await(sink, &sync)) {
    results_file_write_next(sink);
    if (sync || results_file_is_time_to_sync(sink)) results_file_sync(sink);
  }
  results_file_sync(sink);
  sink->over = true;
  if (sink->told) sink->told(sink->told_data);
  bool left = sink->left;
  pthread_mutex_unlock(&sink->lock);
  if (left) results_file_free(sink);
  return NULL;
}

/* Signals are for the other threads. Gives an errno. */
static int results_file_start_writer(struct results_file *sink) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int rc = pthread_create(&sink->writer, NULL, results_file_writer, sink);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return rc;
}

static void results_file_init_locks(struct results_file *sink) {
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&sink->changed, &monotonic);
  pthread_condattr_destroy(&monotonic);
  pthread_mutex_init(&sink->lock, NULL);
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
  return 0;
}

/* Gives an errno. */
static int results_file_start(struct results_file *sink, const char *path,
                              enum results_file_mode mode) {
  struct stat st;
  sink->fd = results_file_open_file(path, mode);
  if (sink->fd < 0) return errno;
  int rc = fstat(sink->fd, &st) == 0 ? 0 : errno;
  sink->regular = rc == 0 && S_ISREG(st.st_mode) && strcmp(path, "-") != 0;
  bool ours = false; /* the file */
  if (sink->regular) {
    rc = results_file_start_file(sink, path, mode);
    ours = rc == 0 && mode == RESULTS_FILE_CREATE;
  }
  if (rc == 0) rc = results_file_start_writer(sink);
  if (rc != 0 && ours) unlink(path);
  return rc;
}

enum err results_file_open(struct results_file **sink, const char *path,
                           enum results_file_mode mode) {
  struct results_file *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  results_file_init_locks(made);
  STAILQ_INIT(&made->queue);
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

bool results_file_has_room(struct results_file *sink) {
  pthread_mutex_lock(&sink->lock);
  bool room = sink->queued < RESULTS_FILE_QUEUE_SIZE || sink->err != ERR_NONE;
  pthread_mutex_unlock(&sink->lock);
  return room;
}

/* Called with the lock. */
static enum err results_file_tell(const struct results_file *sink) {
  errno = sink->err_errno;
  return sink->err;
}

enum err results_file_give(struct results_file *sink, struct span bytes, uint64_t records) {
  struct given *given = malloc(sizeof *given + bytes.len);
  if (!given) return ERR_MEMORY;
  given->records = records;
  given->len = bytes.len;
  if (bytes.len) memcpy(given->bytes, bytes.ptr, bytes.len);
  pthread_mutex_lock(&sink->lock);
  enum err err = results_file_tell(sink);
  if (err == ERR_NONE) {
    STAILQ_INSERT_TAIL(&sink->queue, given, link);
    sink->queued += given->len;
    pthread_cond_broadcast(&sink->changed);
    given = NULL;
  }
  int number = errno;
  pthread_mutex_unlock(&sink->lock);
  free(given);
  errno = number;
  return err;
}

enum err results_file_append(struct results_file *sink, struct span bytes) {
  enum err err = results_file_give(sink, bytes, 0);
  if (err != ERR_NONE) return err;
  pthread_mutex_lock(&sink->lock);
  while (sink->queued && sink->err == ERR_NONE) pthread_cond_wait(&sink->changed, &sink->lock);
  err = results_file_tell(sink);
  pthread_mutex_unlock(&sink->lock);
  return err;
}

uint64_t results_file_size(struct results_file *sink) {
  pthread_mutex_lock(&sink->lock);
  uint64_t appended = sink->appended;
  pthread_mutex_unlock(&sink->lock);
  return appended;
}

uint64_t results_file_records(struct results_file *sink) {
  pthread_mutex_lock(&sink->lock);
  uint64_t records = sink->records;
  pthread_mutex_unlock(&sink->lock);
  return records;
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

void results_file_finish(struct results_file *sink, void (*over)(void *data), void *data) {
  pthread_mutex_lock(&sink->lock);
  sink->told = over;
  sink->told_data = data;
  sink->finishing = true;
  pthread_cond_broadcast(&sink->changed);
  pthread_mutex_unlock(&sink->lock);
}

bool results_file_is_over(struct results_file *sink) {
  pthread_mutex_lock(&sink->lock);
  bool over = sink->over;
  pthread_mutex_unlock(&sink->lock);
  return over;
}

/* Of one that is finishing and not over: leaves it. */
static bool results_file_leave(struct results_file *sink) {
  pthread_mutex_lock(&sink->lock);
  sink->left = sink->finishing && !sink->over;
  sink->told = NULL;
  if (sink->left) pthread_detach(sink->writer);
  bool left = sink->left;
  sink->finishing = true;
  pthread_cond_broadcast(&sink->changed);
  pthread_mutex_unlock(&sink->lock);
  return left;
}

enum err results_file_close(struct results_file *sink) {
  if (!sink) return ERR_NONE;
  if (results_file_leave(sink)) return ERR_TIMEOUT;
  pthread_join(sink->writer, NULL);
  sink->regular = false; /* nothing to cut once it is closed */
  if (close(sink->fd) != 0 && errno != EINTR) results_file_fail(sink, errno);
  sink->fd = -1;
  enum err err = sink->err;
  int saved = sink->err_errno;
  results_file_free(sink);
  errno = saved;
  return err;
}
