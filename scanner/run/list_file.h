/* One list as a stream of lines: plain or gzip (told by its magic), file or standard input.
 *
 * Used by one thread. Memory is bounded by the buffers below, whatever the list holds.
 */
#ifndef SCANNER_RUN_LIST_FILE_H
#define SCANNER_RUN_LIST_FILE_H

#include "output/base/err.h"
#include "output/base/span.h"
#include <stdint.h>

enum {
  LIST_FILE_LINE_MAX = 4096, /* what a longer line holds beyond is passed over: it is no domain */
  LIST_FILE_BUFFER_SIZE = 64 * 1024,
};

struct list_file_file;

/* path "-": standard input. wake_fd: when it becomes readable, a read that waits ends with
 * ERR_REFUSED. ERR_IO with errno; ERR_MEMORY. */
enum err list_file_open(struct list_file_file **list, const char *path, int wake_fd);
void list_file_close(struct list_file_file *list);

/* The next line with its LF, if it has one; valid until the next call. ERR_END; ERR_IO with errno;
 * ERR_SYNTAX: the gzip data is damaged or ends early; ERR_REFUSED: woken. */
enum err list_file_line(struct list_file_file *list, struct span *line);

/* True when list_file_line() has to wait for its source (a pipe with nothing in it just now). */
bool list_file_would_wait(struct list_file_file *list);

/* At the end: whether a regular file was longer or shorter than when it was opened. */
bool list_file_changed(const struct list_file_file *list);

/* Bytes of the file that were read, compressed as they are. */
uint64_t list_file_read_bytes(const struct list_file_file *list);

#endif
