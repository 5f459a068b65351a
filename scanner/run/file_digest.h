/* A digest of a file that tells it from others without its name and without reading all of it, so
 * that a scan is resumed with the same list only. Samples: a change between them is not seen,
 * unless it changes the size. */
#ifndef SCANNER_RUN_FILE_DIGEST_H
#define SCANNER_RUN_FILE_DIGEST_H

#include "output/base/err.h"
#include <stddef.h>
#include <stdint.h>

enum {
  FILE_DIGEST_SAMPLES = 64, /* spread evenly, the first octets and the last among them */
  FILE_DIGEST_SAMPLE_SIZE = 16 * 1024,
  FILE_DIGEST_TEXT_MAX = 128,
};

/* "1234 octets, sha256 HEX" of a regular file's size and samples (of all of it, when it is no
 * longer than they are); "a stream" for what cannot be read twice. path "-": standard input, from
 * where it stands, which stays so. ERR_IO with errno; ERR_LIBRARY. */
enum err file_digest(const char *path, char text[FILE_DIGEST_TEXT_MAX]);

/* One for many: "1200 files, 1234 octets, sha256 HEX", of the digests of each in their order.
 * On an error *bad is the one that could not be read. */
enum err file_digest_all(char *const *paths, size_t count, char text[FILE_DIGEST_TEXT_MAX],
                         const char **bad);

enum { FILE_DIGEST_HEX = 64 };

/* All of a regular file, as sha256sum(1) has it, and its size; path "-": standard input, from its
 * beginning. ERR_NOT_FOUND: it is not a regular file; ERR_IO with errno; ERR_LIBRARY; ERR_MEMORY.
 */
enum err file_digest_whole(const char *path, uint64_t *size, char hex[FILE_DIGEST_HEX + 1]);

#endif
