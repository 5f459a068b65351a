#include "scanner/run/file_digest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FINGERPRINT_DIGEST_SHOWN = 16 };

static enum err fingerprint_sample(EVP_MD_CTX *digest, int fd, off_t at) {
  char bytes[FINGERPRINT_SAMPLE_SIZE];
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

static enum err fingerprint_samples(EVP_MD_CTX *digest, int fd, off_t from, off_t size) {
  const off_t last = size - FINGERPRINT_SAMPLE_SIZE;
  enum err err = ERR_NONE;
  for (int i = 0; i < FINGERPRINT_SAMPLES && err == ERR_NONE; i++) {
    off_t at = last / (FINGERPRINT_SAMPLES - 1) * i;
    if (last <= (off_t)FINGERPRINT_SAMPLE_SIZE * (FINGERPRINT_SAMPLES - 1))
      at = (off_t)FINGERPRINT_SAMPLE_SIZE * i;
    else if (i == FINGERPRINT_SAMPLES - 1)
      at = last;
    if (at < size) err = fingerprint_sample(digest, fd, from + at);
  }
  return err;
}

static enum err fingerprint_digest(int fd, off_t from, off_t size, unsigned char *md) {
  EVP_MD_CTX *digest = EVP_MD_CTX_new();
  if (!digest) return ERR_MEMORY;
  enum err err = EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1 ? ERR_NONE : ERR_LIBRARY;
  if (err == ERR_NONE) err = fingerprint_samples(digest, fd, from, size);
  if (err == ERR_NONE && EVP_DigestFinal_ex(digest, md, NULL) != 1) err = ERR_LIBRARY;
  EVP_MD_CTX_free(digest);
  return err;
}

static enum err fingerprint_fd(int fd, char text[FINGERPRINT_TEXT_MAX]) {
  struct stat st;
  unsigned char md[EVP_MAX_MD_SIZE];
  if (fstat(fd, &st) != 0) return ERR_IO;
  off_t from = lseek(fd, 0, SEEK_CUR);
  if (from < 0) return ERR_IO;
  off_t size = st.st_size > from ? st.st_size - from : 0;
  enum err err = fingerprint_digest(fd, from, size, md);
  if (err != ERR_NONE) return err;
  int used = snprintf(text, FINGERPRINT_TEXT_MAX, "%" PRId64 " octets, sha256 ", (int64_t)size);
  for (int i = 0; i < FINGERPRINT_DIGEST_SHOWN; i++)
    used += snprintf(text + used, FINGERPRINT_TEXT_MAX - (size_t)used, "%02x", md[i]);
  return ERR_NONE;
}

enum err fingerprint(const char *path, char text[FINGERPRINT_TEXT_MAX]) {
  struct stat st;
  bool standard = strcmp(path, "-") == 0;
  if ((standard ? fstat(STDIN_FILENO, &st) : stat(path, &st)) != 0) return ERR_IO;
  if (!S_ISREG(st.st_mode)) { /* to open a FIFO would be to take it from its reader */
    snprintf(text, FINGERPRINT_TEXT_MAX, "a stream");
    return ERR_NONE;
  }
  if (standard) return fingerprint_fd(STDIN_FILENO, text);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ERR_IO;
  enum err err = fingerprint_fd(fd, text);
  int saved = errno;
  close(fd);
  errno = saved;
  return err;
}
