#include "output/base/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct whole_file {
  FILE *stream;
  char place[WHOLE_FILE_PATH_MAX];
  char draft[WHOLE_FILE_PATH_MAX]; /* empty: straight into its place */
};

static enum err whole_file_error(int number) {
  errno = number;
  return ERR_IO;
}

/* What a link at place says, as seen from where the link is. */
static enum err whole_file_step(char place[WHOLE_FILE_PATH_MAX], const char *target) {
  char base[WHOLE_FILE_PATH_MAX];
  const char *slash = strrchr(place, '/');
  size_t len = target[0] == '/' || !slash ? 0 : (size_t)(slash - place) + 1;
  memcpy(base, place, len);
  int used = snprintf(place, WHOLE_FILE_PATH_MAX, "%.*s%s", (int)len, base, target);
  return used < WHOLE_FILE_PATH_MAX ? ERR_NONE : whole_file_error(ENAMETOOLONG);
}

enum err whole_file_follow(const char *path, char place[WHOLE_FILE_PATH_MAX]) {
  char target[PATH_MAX];
  if ((size_t)snprintf(place, WHOLE_FILE_PATH_MAX, "%s", path) >= WHOLE_FILE_PATH_MAX)
    return whole_file_error(ENAMETOOLONG);
  for (int i = 0; i < WHOLE_FILE_LINKS_MAX; i++) {
    ssize_t len = readlink(place, target, sizeof target - 1);
    if (len < 0) return ERR_NONE; /* no link, or nothing there: opening it will tell */
    target[len] = 0;
    enum err err = whole_file_step(place, target);
    if (err != ERR_NONE) return err;
  }
  return whole_file_error(ELOOP);
}

/* Whether a regular file begins as ours do. Gives an errno, or 0; EEXIST: it does not. */
static int whole_file_is_ours(const char *place, struct span mark) {
  char first[WHOLE_FILE_MARK_WITHIN];
  int fd = open(place, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return errno;
  ssize_t len = read(fd, first, sizeof first);
  int number = len < 0 ? errno : 0;
  close(fd);
  if (number) return number;
  return len == 0 || memmem(first, (size_t)len, mark.ptr, mark.len) ? 0 : EEXIST;
}

/* The folder of a file that is to be made or replaced. */
static enum err whole_file_check_folder(const char *place) {
  char folder[WHOLE_FILE_PATH_MAX];
  const char *slash = strrchr(place, '/');
  int len = slash ? (int)(slash - place) + 1 : 1;
  snprintf(folder, sizeof folder, "%.*s", len, slash ? place : ".");
  return access(folder, W_OK | X_OK) == 0 ? ERR_NONE : ERR_IO;
}

static enum err whole_file_look(const char *place, struct span mark, bool force, bool *straight,
                                mode_t *mode) {
  struct stat st;
  *straight = false;
  *mode = 0;
  if (stat(place, &st) != 0) return errno == ENOENT ? whole_file_check_folder(place) : ERR_IO;
  if (S_ISDIR(st.st_mode)) return whole_file_error(EISDIR);
  *mode = st.st_mode & 0777;
  *straight = !S_ISREG(st.st_mode);
  if (*straight) return access(place, W_OK) == 0 ? ERR_NONE : ERR_IO;
  int number = force ? 0 : whole_file_is_ours(place, mark);
  if (number) {
    errno = number;
    return number == EEXIST ? ERR_REFUSED : ERR_IO;
  }
  return access(place, W_OK) == 0 ? whole_file_check_folder(place) : ERR_IO;
}

enum err whole_file_check(const char *path, struct span mark, bool force) {
  char place[WHOLE_FILE_PATH_MAX];
  bool straight;
  mode_t mode;
  enum err err = whole_file_follow(path, place);
  return err == ERR_NONE ? whole_file_look(place, mark, force, &straight, &mode) : err;
}

/* A FIFO is opened without waiting for a reader, and then written as fast as it reads. */
static int whole_file_open_straight(const char *place) {
  int fd = open(place, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd >= 0) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  return fd;
}

/* Named by the process; what a crash left of another of that number is left alone. */
static int whole_file_open_draft(struct whole_file *file) {
  int fd = -1;
  errno = EEXIST;
  for (int i = 0; i < WHOLE_FILE_DRAFTS_MAX && fd < 0 && errno == EEXIST; i++) {
    int len =
        snprintf(file->draft, sizeof file->draft, "%s.%ld.%d.new", file->place, (long)getpid(), i);
    if (len >= (int)sizeof file->draft) {
      errno = ENAMETOOLONG;
      return -1;
    }
    fd = open(file->draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  }
  return fd;
}

static enum err whole_file_start(struct whole_file *file, bool straight, mode_t mode) {
  int fd = straight ? whole_file_open_straight(file->place) : whole_file_open_draft(file);
  if (fd < 0) {
    file->draft[0] = 0; /* what stands there is not ours to remove */
    return ERR_IO;
  }
  if (!straight && mode) fchmod(fd, mode); /* as what it replaces; not every file system can */
  file->stream = fdopen(fd, "w");
  if (file->stream) return ERR_NONE;
  close(fd);
  return ERR_MEMORY;
}

enum err whole_file_open(struct whole_file **file, const char *path, struct span mark, bool force) {
  struct whole_file *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  bool straight;
  mode_t mode;
  enum err err = whole_file_follow(path, made->place);
  if (err == ERR_NONE) err = whole_file_look(made->place, mark, force, &straight, &mode);
  if (err == ERR_NONE) err = whole_file_start(made, straight, mode);
  if (err == ERR_NONE) {
    *file = made;
    return ERR_NONE;
  }
  int saved = errno;
  if (made->draft[0]) unlink(made->draft);
  free(made);
  errno = saved;
  return err;
}

FILE *whole_file_stream(struct whole_file *file) {
  return file->stream;
}

/* Gives an errno, or 0. */
static int whole_file_finish(struct whole_file *file) {
  int number = 0;
  errno = EIO; /* of a write that failed earlier and told nobody */
  if (fflush(file->stream) != 0 || ferror(file->stream)) number = errno;
  if (number == 0 && file->draft[0] && fsync(fileno(file->stream)) != 0) number = errno;
  return number;
}

enum err whole_file_close(struct whole_file *file, bool good) {
  int number = good ? whole_file_finish(file) : 0;
  if (fclose(file->stream) != 0 && number == 0) number = errno;
  if (good && number == 0 && file->draft[0] && rename(file->draft, file->place) != 0)
    number = errno;
  if (file->draft[0] && (!good || number)) unlink(file->draft);
  free(file);
  errno = number;
  return number ? ERR_IO : ERR_NONE;
}
