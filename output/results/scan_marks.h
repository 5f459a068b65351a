/* Which scans a file holds, and whether they ended: the heads and closing members (scan_id.h) among
 * its octets, found as they pass by, whoever reads them and from wherever.
 *
 * Fed with all octets of a gzip file in their order, in pieces of any size. Of plain results the
 * file beside them is read. Memory grows with the scans, up to SCAN_MARKS_MAX.
 */
#ifndef OUTPUT_RESULTS_SCAN_MARKS_H
#define OUTPUT_RESULTS_SCAN_MARKS_H

#include "output/base/err.h"
#include "output/base/span.h"
#include <stdint.h>

enum { SCAN_MARKS_MAX = 100000, SCAN_MARKS_LIST_MAX = 160 };

/* One scan, or one shard of it. */
struct scan_mark {
  unsigned shard, shards;
  char *identity;                     /* its head: lines of "key value" behind the magic */
  char list[SCAN_MARKS_LIST_MAX + 1]; /* its lists by their digests; the first of many */
  uint64_t lists;                     /* a hash over all of them */
  bool ended;
  uint64_t lines, records; /* of one that ended */
};

/* Initialise with zeroes. */
struct scan_marks {
  struct scan_mark *at;
  size_t count, room;
  char *held; /* octets that may be the beginning of a mark */
  size_t held_len, held_room;
  enum err err; /* sticky: ERR_MEMORY, ERR_LIMIT */
};

void scan_marks_feed(struct scan_marks *marks, struct span bytes);

/* What NAME.resume beside plain results says; nothing when there is none of ours. */
void scan_marks_beside(struct scan_marks *marks, const char *path);

void scan_marks_free(struct scan_marks *marks);

#endif
