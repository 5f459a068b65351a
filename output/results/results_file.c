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
static void results_file_fail(struct results_file *file, int number) {
  pthread_mutex_lock(&file->lock);
  bool first = file->err == ERR_NONE;
  off_t whole = file->whole;
  pthread_mutex_unlock(&file->lock);
  if (!first) return;
  bool torn = file->regular && ftruncate(file->fd, whole) != 0; /* readers drop the tail */
  (void)torn;
  pthread_mutex_lock(&file->lock);
  file->err_errno = number;
  file->err = number == EPIPE ? ERR_END : ERR_IO;
  pthread_mutex_unlock(&file->lock);
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
static void results_file_sync(struct results_file *file) {
  if (!file->dirty || !file->regular) return;
  file->dirty = false;
  pthread_mutex_unlock(&file->lock);
  if (fdatasync(file->fd) != 0) results_file_fail(file, errno);
  pthread_mutex_lock(&file->lock);
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
static void results_file_write(struct results_file *file, const struct given *given) {
  if (file->err != ERR_NONE) return;
  pthread_mutex_unlock(&file->lock);
  int number = results_file_write_out(file->fd, (struct span){given->bytes, given->len});
  if (number) results_file_fail(file, number);
  pthread_mutex_lock(&file->lock);
  if (number) return;
  if (!file->dirty) file->sync_at = results_file_next_sync();
  file->dirty = true;
  file->whole += (off_t)given->len;
  file->appended += given->len;
  file->records += given->records;
}

/* Called with the lock. False: nothing will come any more. */
static bool results_file_await(struct results_file *file, bool *sync) {
  *sync = false;
  while (STAILQ_EMPTY(&file->queue) && !file->finishing && !*sync) {
    if (!file->dirty || !file->regular)
      pthread_cond_wait(&file->changed, &file->lock);
    else
      *sync = pthread_cond_timedwait(&file->changed, &file->lock, &file->sync_at) == ETIMEDOUT;
  }
  return !STAILQ_EMPTY(&file->queue) || !file->finishing;
}

/* However much comes, a sync is not put off. */
static bool results_file_is_time_to_sync(const struct results_file *file) {
  struct timespec now;
  if (!file->dirty || !file->regular) return false;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec > file->sync_at.tv_sec ||
         (now.tv_sec == file->sync_at.tv_sec && now.tv_nsec >= file->sync_at.tv_nsec);
}

/* Called with the lock. */
static void results_file_write_next(struct results_file *file) {
  struct given *given = STAILQ_FIRST(&file->queue);
  if (!given) return;
  STAILQ_REMOVE_HEAD(&file->queue, link);
  results_file_write(file, given);
  file->queued -= given->len;
  pthread_cond_broadcast(&file->changed);
  free(given);
}

static void results_file_free(struct results_file *file) {
  pthread_cond_destroy(&file->changed);
  pthread_mutex_destroy(&file->lock);
  if (file->fd >= 0) close(file->fd);
  free(file);
}

static void *results_file_writer(void *data) {
  struct results_file *file = data;
  bool sync;
  pthread_mutex_lock(&file->lock);
  while (results_file_await(file, &sync)) {
    results_file_write_next(file);
    if (sync || results_file_is_time_to_sync(file)) results_file_sync(file);
  }
  results_file_sync(file);
  file->over = true;
  if (file->told) file->told(file->told_data);
  bool left = file->left;
  pthread_mutex_unlock(&file->lock);
  if (left) results_file_free(file);
  return NULL;
}

/* Signals are for the other threads. Gives an errno. */
static int results_file_start_writer(struct results_file *file) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int rc = pthread_create(&file->writer, NULL, results_file_writer, file);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return rc;
}

static void results_file_init_locks(struct results_file *file) {
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&file->changed, &monotonic);
  pthread_condattr_destroy(&monotonic);
  pthread_mutex_init(&file->lock, NULL);
}

/* Not every file system can lock; where it cannot, the scan goes on without. Gives an errno. */
static int results_file_lock_file(int fd) {
  return flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK ? errno : 0;
}

/* Nothing of the file is touched before it is locked. Gives an errno. */
static int results_file_start_file(struct results_file *file, const char *path,
                                   enum results_file_mode mode) {
  struct stat st;
  int rc = results_file_lock_file(file->fd);
  if (rc != 0) return rc;
  if (mode == RESULTS_FILE_TRUNCATE && ftruncate(file->fd, 0) != 0) return errno;
  if (fstat(file->fd, &st) != 0) return errno;
  file->whole = st.st_size;
  results_file_sync_directory(path);
  return 0;
}

/* Gives an errno. */
static int results_file_start(struct results_file *file, const char *path,
                              enum results_file_mode mode) {
  struct stat st;
  file->fd = results_file_open_file(path, mode);
  if (file->fd < 0) return errno;
  int rc = fstat(file->fd, &st) == 0 ? 0 : errno;
  file->regular = rc == 0 && S_ISREG(st.st_mode) && strcmp(path, "-") != 0;
  bool ours = false; /* the file */
  if (file->regular) {
    rc = results_file_start_file(file, path, mode);
    ours = rc == 0 && mode == RESULTS_FILE_CREATE;
  }
  if (rc == 0) rc = results_file_start_writer(file);
  if (rc != 0 && ours) unlink(path);
  return rc;
}

enum err results_file_open(struct results_file **file, const char *path,
                           enum results_file_mode mode) {
  struct results_file *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  results_file_init_locks(made);
  STAILQ_INIT(&made->queue);
  int rc = results_file_start(made, path, mode);
  if (rc == 0) {
    *file = made;
    return ERR_NONE;
  }
  results_file_free(made);
  errno = rc;
  if (rc == EWOULDBLOCK) return ERR_BUSY;
  return rc == EEXIST ? ERR_REFUSED : ERR_IO;
}

bool results_file_has_room(struct results_file *file) {
  pthread_mutex_lock(&file->lock);
  bool room = file->queued < RESULTS_FILE_QUEUE_SIZE || file->err != ERR_NONE;
  pthread_mutex_unlock(&file->lock);
  return room;
}

/* Called with the lock. */
static enum err results_file_tell(const struct results_file *file) {
  errno = file->err_errno;
  return file->err;
}

enum err results_file_give(struct results_file *file, struct span bytes, uint64_t records) {
  struct given *given = malloc(sizeof *given + bytes.len);
  if (!given) return ERR_MEMORY;
  given->records = records;
  given->len = bytes.len;
  if (bytes.len) memcpy(given->bytes, bytes.ptr, bytes.len);
  pthread_mutex_lock(&file->lock);
  enum err err = results_file_tell(file);
  if (err == ERR_NONE) {
    STAILQ_INSERT_TAIL(&file->queue, given, link);
    file->queued += given->len;
    pthread_cond_broadcast(&file->changed);
    given = NULL;
  }
  int number = errno;
  pthread_mutex_unlock(&file->lock);
  free(given);
  errno = number;
  return err;
}

enum err results_file_append(struct results_file *file, struct span bytes) {
  enum err err = results_file_give(file, bytes, 0);
  if (err != ERR_NONE) return err;
  pthread_mutex_lock(&file->lock);
  while (file->queued && file->err == ERR_NONE) pthread_cond_wait(&file->changed, &file->lock);
  err = results_file_tell(file);
  pthread_mutex_unlock(&file->lock);
  return err;
}

uint64_t results_file_size(struct results_file *file) {
  pthread_mutex_lock(&file->lock);
  uint64_t appended = file->appended;
  pthread_mutex_unlock(&file->lock);
  return appended;
}

uint64_t results_file_records(struct results_file *file) {
  pthread_mutex_lock(&file->lock);
  uint64_t records = file->records;
  pthread_mutex_unlock(&file->lock);
  return records;
}

enum err results_file_cut(struct results_file *file, uint64_t size) {
  pthread_mutex_lock(&file->lock);
  enum err err = ERR_NONE;
  if (ftruncate(file->fd, (off_t)size) == 0) {
    file->whole = (off_t)size;
    file->dirty = true;
  } else {
    err = ERR_IO;
  }
  pthread_mutex_unlock(&file->lock);
  return err;
}

uint64_t results_file_file_size(struct results_file *file) {
  pthread_mutex_lock(&file->lock);
  uint64_t whole = (uint64_t)file->whole;
  pthread_mutex_unlock(&file->lock);
  return whole;
}

bool results_file_is_named(const struct results_file *file) {
  return file->regular;
}

void results_file_finish(struct results_file *file, void (*over)(void *data), void *data) {
  pthread_mutex_lock(&file->lock);
  file->told = over;
  file->told_data = data;
  file->finishing = true;
  pthread_cond_broadcast(&file->changed);
  pthread_mutex_unlock(&file->lock);
}

bool results_file_is_over(struct results_file *file) {
  pthread_mutex_lock(&file->lock);
  bool over = file->over;
  pthread_mutex_unlock(&file->lock);
  return over;
}

/* Of one that is finishing and not over: leaves it. */
static bool results_file_leave(struct results_file *file) {
  pthread_mutex_lock(&file->lock);
  file->left = file->finishing && !file->over;
  file->told = NULL;
  if (file->left) pthread_detach(file->writer);
  bool left = file->left;
  file->finishing = true;
  pthread_cond_broadcast(&file->changed);
  pthread_mutex_unlock(&file->lock);
  return left;
}

enum err results_file_close(struct results_file *file) {
  if (!file) return ERR_NONE;
  if (results_file_leave(file)) return ERR_TIMEOUT;
  pthread_join(file->writer, NULL);
  file->regular = false; /* nothing to cut once it is closed */
  if (close(file->fd) != 0 && errno != EINTR) results_file_fail(file, errno);
  file->fd = -1;
  enum err err = file->err;
  int saved = file->err_errno;
  results_file_free(file);
  errno = saved;
  return err;
}
