/* One list as a stream of lines: plain or gzip (told by its magic), file or standard input.
 *
 * Used by one thread. Memory is bounded by the buffers below and the limit of a line, whatever the
 * list holds. What is packed otherwise, and UTF-16, is refused by its magic.
 */
#ifndef SCANNER_RUN_LIST_FILE_H
#define SCANNER_RUN_LIST_FILE_H

#include "output/base/err.h"
#include "output/base/span.h"
#include <stdint.h>

enum {
  LIST_FILE_LINE_MAX = 4096, /* what a longer line holds beyond is passed over: it is no domain */
  LIST_FILE_ROW_MAX = 32 * 1024, /* of a form whose rows may be longer: CSV, zone files */
  LIST_FILE_BUFFER_SIZE = 64 * 1024,
};

struct list_file;

/* What a file is that holds something else, by its magic. */
struct list_file_packing {
  const char *what;    /* "a zip archive" */
  const char *command; /* that unpacks it to standard output: "unzip -p" */
};

/* path "-": standard input. wake_fd: when it becomes readable, a read that waits ends with
 * ERR_REFUSED. ERR_IO with errno; ERR_MEMORY. */
enum err list_file_open(struct list_file **list, const char *path, int wake_fd);
void list_file_close(struct list_file *list);

/* The next line with its LF, if it has one; valid until the next call. ERR_END; ERR_IO with errno;
 * ERR_SYNTAX: the gzip data is damaged or ends early, or it is packed otherwise; ERR_REFUSED:
 * woken. A line over the limit comes with its first LIST_FILE_LINE_MAX octets. */
enum err list_file_line(struct list_file *list, struct span *line);

/* Lines may be that long, at least LIST_FILE_LINE_MAX; the buffer grows with those that are. */
void list_file_limit(struct list_file *list, size_t line_max);

/* The line given last, which was not cut, with the next one joined to it. On any error it is as it
 * was: ERR_END: there is no next one; ERR_LIMIT: together they are over the limit. */
enum err list_file_join(struct list_file *list, struct span *line);

/* Gives back what was joined behind the first len octets of the line given last. */
void list_file_part(struct list_file *list, struct span *line, size_t len);

/* What comes next, without taking it; more: try to read on. *ended: nothing more can be looked at,
 * since the file ends there or the buffer is full. Errors as list_file_line(). */
enum err list_file_peek(struct list_file *list, bool more, struct span *text, bool *ended);

/* After ERR_SYNTAX: how it is packed, NULL: it is gzip; and then whether it just ends early. */
const struct list_file_packing *list_file_packing(const struct list_file *list);
bool list_file_is_torn(const struct list_file *list);

/* True when list_file_line() has to wait for its source (a pipe with nothing in it just now). */
bool list_file_would_wait(struct list_file *list);

/* At the end: whether a regular file was longer or shorter than when it was opened. */
bool list_file_changed(const struct list_file *list);

/* Bytes of the file that were read, compressed as they are. */
uint64_t list_file_read_bytes(const struct list_file *list);

#endif
