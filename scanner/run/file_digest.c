#include "scanner/run/file_digest.h"

#include "output/base/hex.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_DIGEST_DIGEST_SHOWN = 16 };

static enum err file_digest_sample(EVP_MD_CTX *digest, int fd, off_t at) {
  char bytes[FILE_DIGEST_SAMPLE_SIZE];
  size_t used = 0;
  while (used < sizeof bytes) {
    ssize_t n = pread(fd, bytes + used, sizeof bytes - used, at + (off_t)used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ERR_IO;
    if (n == 0) break;
    used += (size_t)n;
  }
  return EVP_DigestUpdate(digest, bytes, used) == 1 ? ERR_NONE : ERR_LIBRARY;
}

static enum err file_digest_samples(EVP_MD_CTX *digest, int fd, off_t from, off_t size) {
  const off_t last = size - FILE_DIGEST_SAMPLE_SIZE;
  enum err err = ERR_NONE;
  for (int i = 0; i < FILE_DIGEST_SAMPLES && err == ERR_NONE; i++) {
    off_t at = last / (FILE_DIGEST_SAMPLES - 1) * i;
    if (last <= (off_t)FILE_DIGEST_SAMPLE_SIZE * (FILE_DIGEST_SAMPLES - 1))
      at = (off_t)FILE_DIGEST_SAMPLE_SIZE * i;
    else if (i == FILE_DIGEST_SAMPLES - 1)
      at = last;
    if (at < size) err = file_digest_sample(digest, fd, from + at);
  }
  return err;
}

static enum err file_digest_of(int fd, off_t from, off_t size, unsigned char *md) {
  EVP_MD_CTX *digest = EVP_MD_CTX_new();
  if (!digest) return ERR_MEMORY;
  enum err err = EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1 ? ERR_NONE : ERR_LIBRARY;
  if (err == ERR_NONE) err = file_digest_samples(digest, fd, from, size);
  if (err == ERR_NONE && EVP_DigestFinal_ex(digest, md, NULL) != 1) err = ERR_LIBRARY;
  EVP_MD_CTX_free(digest);
  return err;
}

static void file_digest_add_digest(char text[FILE_DIGEST_TEXT_MAX], size_t used,
                                   const unsigned char *md) {
  hex_put(text + used, md, FILE_DIGEST_DIGEST_SHOWN);
  text[used + 2 * (size_t)FILE_DIGEST_DIGEST_SHOWN] = '\0';
}

static enum err file_digest_fd(int fd, char text[FILE_DIGEST_TEXT_MAX]) {
  struct stat st;
  unsigned char md[EVP_MAX_MD_SIZE];
  if (fstat(fd, &st) != 0) return ERR_IO;
  off_t from = lseek(fd, 0, SEEK_CUR);
  if (from < 0) return ERR_IO;
  off_t size = st.st_size > from ? st.st_size - from : 0;
  enum err err = file_digest_of(fd, from, size, md);
  if (err != ERR_NONE) return err;
  int used = snprintf(text, FILE_DIGEST_TEXT_MAX, "%" PRId64 " octets, sha256 ", (int64_t)size);
  file_digest_add_digest(text, (size_t)used, md);
  return ERR_NONE;
}

enum err file_digest(const char *path, char text[FILE_DIGEST_TEXT_MAX]) {
  struct stat st;
  bool standard = strcmp(path, "-") == 0;
  if ((standard ? fstat(STDIN_FILENO, &st) : stat(path, &st)) != 0) return ERR_IO;
  if (!S_ISREG(st.st_mode)) { /* to open a FIFO would be to take it from its reader */
    snprintf(text, FILE_DIGEST_TEXT_MAX, "a stream");
    return ERR_NONE;
  }
  if (standard) return file_digest_fd(STDIN_FILENO, text);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ERR_IO;
  enum err err = file_digest_fd(fd, text);
  int saved = errno;
  close(fd);
  errno = saved;
  return err;
}

static enum err file_digest_each(EVP_MD_CTX *digest, char *const *paths, size_t count,
                                 const char **bad) {
  char one[FILE_DIGEST_TEXT_MAX];
  if (EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1) return ERR_LIBRARY;
  for (size_t i = 0; i < count; i++) {
    *bad = paths[i];
    enum err err = file_digest(paths[i], one);
    if (err != ERR_NONE) return err;
    if (EVP_DigestUpdate(digest, one, strlen(one) + 1) != 1) return ERR_LIBRARY; /* with its NUL */
  }
  return ERR_NONE;
}

enum err file_digest_all(char *const *paths, size_t count, char text[FILE_DIGEST_TEXT_MAX],
                         const char **bad) {
  unsigned char md[EVP_MAX_MD_SIZE];
  EVP_MD_CTX *digest = EVP_MD_CTX_new();
  if (!digest) return ERR_MEMORY;
  enum err err = file_digest_each(digest, paths, count, bad);
  if (err == ERR_NONE && EVP_DigestFinal_ex(digest, md, NULL) != 1) err = ERR_LIBRARY;
  int saved = errno;
  EVP_MD_CTX_free(digest);
  errno = saved;
  if (err != ERR_NONE) return err;
  int used = snprintf(text, FILE_DIGEST_TEXT_MAX, "%zu files, sha256 ", count);
  file_digest_add_digest(text, (size_t)used, md);
  return ERR_NONE;
}

static enum err file_digest_stream(EVP_MD_CTX *digest, int fd, uint64_t *size) {
  char bytes[FILE_DIGEST_SAMPLE_SIZE];
  for (;;) {
    ssize_t n = pread(fd, bytes, sizeof bytes, (off_t)*size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ERR_IO;
    if (n == 0) return ERR_NONE;
    if (EVP_DigestUpdate(digest, bytes, (size_t)n) != 1) return ERR_LIBRARY;
    *size += (uint64_t)n;
  }
}

static enum err file_digest_whole_fd(int fd, uint64_t *size, char hex[FILE_DIGEST_HEX + 1]) {
  unsigned char md[EVP_MAX_MD_SIZE];
  struct stat st;
  if (fstat(fd, &st) != 0) return ERR_IO;
  if (!S_ISREG(st.st_mode)) return ERR_NOT_FOUND;
  EVP_MD_CTX *digest = EVP_MD_CTX_new();
  if (!digest) return ERR_MEMORY;
  enum err err = EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1 ? ERR_NONE : ERR_LIBRARY;
  if (err == ERR_NONE) err = file_digest_stream(digest, fd, size);
  if (err == ERR_NONE && EVP_DigestFinal_ex(digest, md, NULL) != 1) err = ERR_LIBRARY;
  EVP_MD_CTX_free(digest);
  if (err != ERR_NONE) return err;
  hex_put(hex, md, FILE_DIGEST_HEX / 2);
  hex[FILE_DIGEST_HEX] = '\0';
  return ERR_NONE;
}

enum err file_digest_whole(const char *path, uint64_t *size, char hex[FILE_DIGEST_HEX + 1]) {
  bool standard = strcmp(path, "-") == 0;
  *size = 0;
  /* Not to wait for who writes a FIFO. */
  int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return ERR_IO;
  enum err err = file_digest_whole_fd(fd, size, hex);
  int saved = errno;
  if (!standard) close(fd);
  errno = saved;
  return err;
}
