/* A file in memory that the fuzz targets of what reads files are given, by its path. */
#ifndef TESTS_FUZZ_FILE_H
#define TESTS_FUZZ_FILE_H

#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

struct fuzz_file {
  int fd;
  char path[32];
};

/* The same file each time, empty; opened once. */
static inline struct fuzz_file *fuzz_file_new(void) {
  static struct fuzz_file file = {.fd = -1};
  if (file.fd < 0) {
    file.fd = memfd_create("fuzz", MFD_CLOEXEC);
    FUZZ_REQUIRE(file.fd >= 0);
    snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.fd);
  }
  FUZZ_REQUIRE(ftruncate(file.fd, 0) == 0);
  FUZZ_REQUIRE(lseek(file.fd, 0, SEEK_SET) == 0);
  return &file;
}

static inline void fuzz_file_put(struct fuzz_file *file, struct span bytes) {
  FUZZ_REQUIRE(write(file->fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len);
}

/* The text as one gzip member. */
static inline void fuzz_file_put_gzip(struct fuzz_file *file, struct span text) {
  static z_stream z;
  static bool made;
  static unsigned char out[4096];
  if (!made) FUZZ_REQUIRE(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  made = true;
  FUZZ_REQUIRE(deflateReset(&z) == Z_OK);
  z.next_in = (unsigned char *)(size_t)text.ptr;
  z.avail_in = (unsigned)text.len;
  do {
    z.next_out = out;
    z.avail_out = sizeof out;
    int end = deflate(&z, Z_FINISH);
    FUZZ_REQUIRE(end == Z_OK || end == Z_STREAM_END || end == Z_BUF_ERROR);
    fuzz_file_put(file, (struct span){(char *)out, sizeof out - z.avail_out});
  } while (z.avail_out == 0);
}

#endif
