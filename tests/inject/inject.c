/* Preloaded into a program, makes a chosen call of it fail: so a scan can be tried with every
 * allocation and every system call failing, one after the other.
 *
 * INJECT_CALL is a kind of calls (see KINDS), INJECT_NTH the number of the first that fails,
 * INJECT_TIMES how many do from there on (1; 0: all), INJECT_ERRNO with what errno; with 0 a write
 * or a send is short and does not fail. A look at the wall clock never fails: it is an hour early.
 * INJECT_COUNTS is a file that gets a line "KIND CALLS" for each kind at the end.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* read, write: of regular files; send, recv: of sockets, whatever the function. */
#define KINDS(X)                                                                                   \
  X(malloc)                                                                                        \
  X(open)                                                                                          \
  X(read)                                                                                          \
  X(write)                                                                                         \
  X(fsync)                                                                                         \
  X(ftruncate)                                                                                     \
  X(rename)                                                                                        \
  X(flock)                                                                                         \
  X(stat)                                                                                          \
  X(dup)                                                                                           \
  X(socket)                                                                                        \
  X(connect)                                                                                       \
  X(send)                                                                                          \
  X(recv)                                                                                          \
  X(poll)                                                                                          \
  X(epoll_create)                                                                                  \
  X(epoll_ctl)                                                                                     \
  X(eventfd)                                                                                       \
  X(pipe)                                                                                          \
  X(thread)                                                                                        \
  X(random)                                                                                        \
  X(clock)

enum kind {
#define KIND(name) KIND_##name,
  KINDS(KIND)
#undef KIND
      KIND_COUNT
};

static const char *const kind_names[] = {
#define KIND(name) #name,
    KINDS(KIND)
#undef KIND
};

enum { EARLY_SIZE = 64 * 1024, SET_BACK_SECONDS = 3600 };

static atomic_uint_fast64_t calls[KIND_COUNT];
static enum kind chosen = KIND_COUNT;
static uint_fast64_t nth, times;
static int number;
static char early[EARLY_SIZE]; /* what dlsym() allocates while malloc() is being looked up */
static size_t early_used;

static uint_fast64_t inject_number(const char *name, uint_fast64_t otherwise) {
  const char *text = getenv(name);
  return text ? strtoull(text, NULL, 10) : otherwise;
}

__attribute__((constructor)) static void inject_begin(void) {
  const char *call = getenv("INJECT_CALL");
  nth = inject_number("INJECT_NTH", 0);
  times = inject_number("INJECT_TIMES", 1);
  number = (int)inject_number("INJECT_ERRNO", ENOMEM);
  for (int i = 0; call && i < KIND_COUNT; i++)
    if (strcmp(call, kind_names[i]) == 0) chosen = (enum kind)i;
}

__attribute__((destructor)) static void inject_end(void) {
  const char *path = getenv("INJECT_COUNTS");
  chosen = KIND_COUNT;
  FILE *out = path ? fopen(path, "w") : NULL;
  for (int i = 0; out && i < KIND_COUNT; i++)
    fprintf(out, "%s %llu\n", kind_names[i], (unsigned long long)atomic_load(&calls[i]));
  if (out) fclose(out);
}

/* Counts a call, and says whether it is to fail. */
static bool inject_fails(enum kind kind) {
  uint_fast64_t n = atomic_fetch_add(&calls[kind], 1) + 1;
  if (kind != chosen || nth == 0 || n < nth || (times && n >= nth + times)) return false;
  errno = number;
  return true;
}

static bool inject_is(int fd, mode_t type) {
  struct stat st;
  int saved = errno;
  static int (*real)(int, struct stat *);
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "fstat");
  bool is = real(fd, &st) == 0 && (st.st_mode & S_IFMT) == type;
  errno = saved;
  return is;
}

/* The real function of that name and type. */
#define REAL(result, name, ...)                                                                    \
  static result (*real)(__VA_ARGS__);                                                              \
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name)

static void *early_take(size_t size) {
  size_t at = (early_used + 15) & ~(size_t)15;
  if (at + size > sizeof early) abort();
  early_used = at + size;
  return early + at;
}

static bool early_has(const void *at) {
  return (const char *)at >= early && (const char *)at < early + sizeof early;
}

static void *(*real_malloc)(size_t), *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void (*real_free)(void *);

/* False while they are looked up, on the one thread that there is then. */
static bool inject_find_malloc(void) {
  static bool looking;
  if (real_free) return true;
  if (looking) return false;
  looking = true;
  *(void **)&real_malloc = dlsym(RTLD_NEXT, "malloc");
  *(void **)&real_calloc = dlsym(RTLD_NEXT, "calloc");
  *(void **)&real_realloc = dlsym(RTLD_NEXT, "realloc");
  *(void **)&real_free = dlsym(RTLD_NEXT, "free");
  looking = false;
  return true;
}

void *malloc(size_t size) {
  if (!inject_find_malloc()) return early_take(size);
  return inject_fails(KIND_malloc) ? NULL : real_malloc(size);
}

void *calloc(size_t count, size_t size) {
  if (!inject_find_malloc()) return early_take(count * size);
  return inject_fails(KIND_malloc) ? NULL : real_calloc(count, size);
}

void *realloc(void *at, size_t size) {
  if (!inject_find_malloc() || early_has(at)) abort();
  return inject_fails(KIND_malloc) ? NULL : real_realloc(at, size);
}

void free(void *at) {
  if (inject_find_malloc() && !early_has(at)) real_free(at);
}

int open(const char *path, int flags, ...) {
  REAL(int, open, const char *, int, ...);
  va_list args;
  va_start(args, flags);
  mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
  va_end(args);
  return inject_fails(KIND_open) ? -1 : real(path, flags, mode);
}

FILE *fopen(const char *path, const char *mode) {
  REAL(FILE *, fopen, const char *, const char *);
  return inject_fails(KIND_open) ? NULL : real(path, mode);
}

FILE *fopen64(const char *path, const char *mode) {
  REAL(FILE *, fopen64, const char *, const char *);
  return inject_fails(KIND_open) ? NULL : real(path, mode);
}

ssize_t read(int fd, void *out, size_t size) {
  REAL(ssize_t, read, int, void *, size_t);
  if (inject_is(fd, S_IFREG) && inject_fails(KIND_read)) return -1;
  if (inject_is(fd, S_IFSOCK) && inject_fails(KIND_recv)) return -1;
  return real(fd, out, size);
}

ssize_t pread(int fd, void *out, size_t size, off_t at) {
  REAL(ssize_t, pread, int, void *, size_t, off_t);
  return inject_fails(KIND_read) ? -1 : real(fd, out, size, at);
}

ssize_t write(int fd, const void *bytes, size_t size) {
  REAL(ssize_t, write, int, const void *, size_t);
  if ((inject_is(fd, S_IFREG) && inject_fails(KIND_write)) ||
      (inject_is(fd, S_IFSOCK) && inject_fails(KIND_send)))
    return number ? -1 : real(fd, bytes, (size + 1) / 2);
  return real(fd, bytes, size);
}

int fsync(int fd) {
  REAL(int, fsync, int);
  return inject_fails(KIND_fsync) ? -1 : real(fd);
}

int fdatasync(int fd) {
  REAL(int, fdatasync, int);
  return inject_fails(KIND_fsync) ? -1 : real(fd);
}

int ftruncate(int fd, off_t size) {
  REAL(int, ftruncate, int, off_t);
  return inject_fails(KIND_ftruncate) ? -1 : real(fd, size);
}

int rename(const char *from, const char *to) {
  REAL(int, rename, const char *, const char *);
  return inject_fails(KIND_rename) ? -1 : real(from, to);
}

int flock(int fd, int what) {
  REAL(int, flock, int, int);
  return inject_fails(KIND_flock) ? -1 : real(fd, what);
}

int stat(const char *path, struct stat *st) {
  REAL(int, stat, const char *, struct stat *);
  return inject_fails(KIND_stat) ? -1 : real(path, st);
}

int fstat(int fd, struct stat *st) {
  REAL(int, fstat, int, struct stat *);
  return inject_fails(KIND_stat) ? -1 : real(fd, st);
}

int dup(int fd) {
  REAL(int, dup, int);
  return inject_fails(KIND_dup) ? -1 : real(fd);
}

int fcntl(int fd, int what, ...) {
  REAL(int, fcntl, int, int, ...);
  va_list args;
  va_start(args, what);
  void *argument = va_arg(args, void *);
  va_end(args);
  return what == F_DUPFD_CLOEXEC && inject_fails(KIND_dup) ? -1 : real(fd, what, argument);
}

int socket(int domain, int type, int protocol) {
  REAL(int, socket, int, int, int);
  return inject_fails(KIND_socket) ? -1 : real(domain, type, protocol);
}

int connect(int fd, __CONST_SOCKADDR_ARG to, socklen_t size) {
  REAL(int, connect, int, __CONST_SOCKADDR_ARG, socklen_t);
  return inject_fails(KIND_connect) ? -1 : real(fd, to, size);
}

ssize_t send(int fd, const void *bytes, size_t size, int flags) {
  REAL(ssize_t, send, int, const void *, size_t, int);
  if (!inject_fails(KIND_send)) return real(fd, bytes, size, flags);
  return number ? -1 : real(fd, bytes, (size + 1) / 2, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  REAL(ssize_t, sendmsg, int, const struct msghdr *, int);
  return inject_fails(KIND_send) && number ? -1 : real(fd, message, flags);
}

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags) {
  REAL(int, sendmmsg, int, struct mmsghdr *, unsigned, int);
  if (!inject_fails(KIND_send)) return real(fd, messages, count, flags);
  return number ? -1 : real(fd, messages, (count + 1) / 2, flags);
}

ssize_t recv(int fd, void *out, size_t size, int flags) {
  REAL(ssize_t, recv, int, void *, size_t, int);
  return inject_fails(KIND_recv) ? -1 : real(fd, out, size, flags);
}

ssize_t recvfrom(int fd, void *out, size_t size, int flags, __SOCKADDR_ARG from,
                 socklen_t *from_size) {
  REAL(ssize_t, recvfrom, int, void *, size_t, int, __SOCKADDR_ARG, socklen_t *);
  return inject_fails(KIND_recv) ? -1 : real(fd, out, size, flags, from, from_size);
}

int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *wait) {
  REAL(int, recvmmsg, int, struct mmsghdr *, unsigned, int, struct timespec *);
  return inject_fails(KIND_recv) ? -1 : real(fd, messages, count, flags, wait);
}

int poll(struct pollfd *fds, nfds_t count, int wait_ms) {
  REAL(int, poll, struct pollfd *, nfds_t, int);
  return inject_fails(KIND_poll) ? -1 : real(fds, count, wait_ms);
}

int epoll_create1(int flags) {
  REAL(int, epoll_create1, int);
  return inject_fails(KIND_epoll_create) ? -1 : real(flags);
}

int epoll_ctl(int epoll, int what, int fd, struct epoll_event *event) {
  REAL(int, epoll_ctl, int, int, int, struct epoll_event *);
  return inject_fails(KIND_epoll_ctl) ? -1 : real(epoll, what, fd, event);
}

int eventfd(unsigned value, int flags) {
  REAL(int, eventfd, unsigned, int);
  return inject_fails(KIND_eventfd) ? -1 : real(value, flags);
}

int pipe2(int fds[2], int flags) {
  REAL(int, pipe2, int[2], int);
  return inject_fails(KIND_pipe) ? -1 : real(fds, flags);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*begin)(void *),
                   void *data) {
  REAL(int, pthread_create, pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  return inject_fails(KIND_thread) ? number : real(thread, attributes, begin, data);
}

ssize_t getrandom(void *out, size_t size, unsigned flags) {
  REAL(ssize_t, getrandom, void *, size_t, unsigned);
  return inject_fails(KIND_random) ? -1 : real(out, size, flags);
}

/* By how many seconds the clock is wrong now. */
static time_t inject_set_back(void) {
  int saved = errno;
  time_t seconds = inject_fails(KIND_clock) ? SET_BACK_SECONDS : 0;
  errno = saved;
  return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  REAL(int, clock_gettime, clockid_t, struct timespec *);
  int rc = real(clock, now);
  bool wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  if (rc == 0 && wall) now->tv_sec -= inject_set_back();
  return rc;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  REAL(int, gettimeofday, struct timeval *restrict, void *restrict);
  int rc = real(now, zone);
  if (rc == 0) now->tv_sec -= inject_set_back();
  return rc;
}

time_t time(time_t *out) {
  REAL(time_t, time, time_t *);
  time_t now = real(NULL) - inject_set_back();
  if (out) *out = now;
  return now;
}
