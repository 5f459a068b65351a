/* Scans as points in time: the figures of each, in the order of time, and its domains followed.
 *
 * A point is read by itself (aggregate.h) with series_keep and series_take, then put to the others
 * by series_add(), which takes its figures and nothing of its tally. Memory: the counters of each
 * point, and follow.h.
 */
#ifndef OUTPUT_STATS_SERIES_H
#define OUTPUT_STATS_SERIES_H

#include "output/stats/aggregate.h"
#include "output/stats/follow.h"
#include "output/stats/statistics.h"

enum { SERIES_POINTS_MAX = FOLLOW_SCANS_MAX, SERIES_NAME_MAX = 255 };

/* What stands beside MTA-STS, and mail servers; 0: the scan did not ask for it, or (MX) not of all
 * domains. */
struct series_asked {
  uint64_t probed; /* domains whose mail servers were */
  uint64_t mx;     /* domains whose MX are known */
  uint64_t with_mx, with_mx_deployed;
  uint64_t dmarc, spf; /* domains of which the answer is known */
  uint64_t dmarc_deployed[ASKED_DMARC_COUNT], spf_deployed[ASKED_SPF_COUNT];
  uint64_t spf_faulty, spf_faulty_deployed; /* no-all, syntax, version, multiple */
};

struct series_point {
  char name[SERIES_NAME_MAX + 1];
  unsigned number;  /* in which it was read, from 0 */
  int64_t from, to; /* of its records: Unix time in ms */
  uint64_t records; /* read */
  uint64_t deployed;
  struct counts counts;
  struct series_asked asked;
  struct follow_changes changes; /* once in order */
};

struct series {
  struct series_point *points;
  unsigned count, room;
  unsigned reading; /* the number of the point that is read now */
  struct follow *follow;
  struct follow_broken *broken; /* once in order: domains broken in the last point */
  size_t broken_count;
};

/* To be followed by series_free(), whatever it returns. points: 1 to SERIES_POINTS_MAX. */
enum err series_make(struct series *series, unsigned points);
void series_free(struct series *series);

/* For aggregate_config: keep, and what kept does. */
bool series_keep(const struct result *result, struct result *kept);
enum err series_take(struct series *series, const struct result *kept, bool counts);

/* The next point. ERR_END: no record of it has a time, so that it is none. */
enum err series_add(struct series *series, const char *name, const struct aggregate *aggregate,
                    const struct statistics *statistics);

/* Puts the points into the order of time and follows the domains through them. ERR_REFUSED: two of
 * them, *one and the next, are the same scan. */
enum err series_order(struct series *series, unsigned *one);

/* What a RESULT is called: the last part of its path without .gz, .ndjson, .jsonl and .json; whole:
 * all of the path, without these. */
void series_name(const char *path, bool whole, char name[SERIES_NAME_MAX + 1]);

#endif
