/* A file that appears whole or not at all: a report, a summary, what lies beside results.
 *
 * It is written into a draft beside its place (made exclusively, no link followed) and renamed when
 * it is whole and on the disk. What is there is replaced only when it is ours, which its mark
 * tells: octets among its first WHOLE_FILE_MARK_WITHIN; an empty file is nobody's. Links are
 * followed, so that one stays a link. A FIFO or a device is written straight into; a FIFO that
 * nobody reads is an error (ENXIO) and no wait.
 */
#ifndef OUTPUT_BASE_WHOLE_FILE_H
#define OUTPUT_BASE_WHOLE_FILE_H

#include "output/base/err.h"
#include "output/base/span.h"
#include <stdio.h>

enum {
  WHOLE_FILE_MARK_WITHIN = 512,
  WHOLE_FILE_PATH_MAX = 4096,
  WHOLE_FILE_LINKS_MAX = 40, /* one behind the other, as Linux takes them */
  WHOLE_FILE_DRAFTS_MAX = 100,
};

struct whole_file;

/* Where path leads when links are followed, even to what is not there. ERR_IO with errno. */
enum err whole_file_follow(const char *path, char place[WHOLE_FILE_PATH_MAX]);

/* mark: as above. Whether the file could be written, and what is there may be replaced (force:
 * whatever it is). ERR_REFUSED: what is there is not ours; ERR_IO with errno. Leaves nothing
 * behind. */
enum err whole_file_check(const char *path, struct span mark, bool force);

/* The same, and makes the draft. */
enum err whole_file_open(struct whole_file **file, const char *path, struct span mark, bool force);

FILE *whole_file_stream(struct whole_file *file);

/* Ends it: whole at its place, or (good is false, or on an error) not at all. ERR_IO with errno. */
enum err whole_file_close(struct whole_file *file, bool good);

#endif
