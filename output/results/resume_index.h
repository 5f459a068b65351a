/* The results of a scan, read back to resume it: which lines of its lists are done, and how far the
 * file is whole.
 *
 * Records are recognised by the bytes that record_write() begins them with, {"v":1,"n":N, and not
 * parsed any further. A gzip member counts as a whole or not at all. What follows the last whole
 * member or line, and every octet behind the first hole, is the tail, which may be cut off; a whole
 * line or member that is no record of ours never is. Of a file that holds several scans (appended
 * one behind the other) only the last one counts.
 */
#ifndef OUTPUT_RESULTS_RESUME_INDEX_H
#define OUTPUT_RESULTS_RESUME_INDEX_H

#include "output/results/line_set.h"
#include "output/results/scan_id.h"

enum {
  /* What a crash can tear is what was written since the last sync. A longer tail is damage of
   * another kind, and not ours to cut off. */
  RESUME_INDEX_TAIL_MAX = 64 * 1024 * 1024,
  RESUME_INDEX_BUFFER_SIZE = 256 * 1024,
};

struct resume_index {
  struct line_set *done; /* NULL: the results are only checked */
  char *identity;        /* lines, see scan_id.h; NULL: the results are empty */
  bool ended;            /* a closing member says so, and nothing follows it */
  uint64_t records;      /* of this scan */
  uint64_t begin;        /* octets of the file in front of this scan: other scans */
  uint64_t size;         /* of the file */
  uint64_t whole;        /* octets of it that stay when the tail is dropped */
  bool damaged;          /* the tail holds what no member can, and does not only end early */
};

/* To be followed by resume_index_free(), whatever it returns. ERR_NOT_FOUND: there is something,
 * but not the results of a scan that can be resumed; ERR_SYNTAX: something that is whole is no
 * record of ours; ERR_LIMIT: the tail is more than a crash can tear: longer than
 * RESUME_INDEX_TAIL_MAX, or damaged where no hole is (size and whole are set); ERR_REFUSED: where
 * the scan should begin (begin), no line does; ERR_IO with errno; ERR_MEMORY. */
enum err resume_index_read(struct resume_index *index, const char *path, bool gzip);
void resume_index_free(struct resume_index *index);

/* Whether another scan may be appended: reads all that the file holds, whatever scans it is of, and
 * sets size and whole, which differ when there is a tail, and nothing that is to be freed.
 * ERR_NOT_FOUND: there is something, but no whole record or member, nor the beginning of results;
 * ERR_SYNTAX: something that is whole is no record; ERR_IO with errno; ERR_MEMORY. */
enum err resume_index_check(struct resume_index *index, const char *path, bool gzip);

#endif
