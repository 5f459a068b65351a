/* Whether results are whole: which shards are there, which are missing or did not end, and whether
 * they are all of one list. By what the heads of the scans say (results/scan_marks.h); results
 * without a head cannot be told.
 */
#ifndef OUTPUT_STATS_COMPLETENESS_H
#define OUTPUT_STATS_COMPLETENESS_H

#include "output/base/json_writer.h"
#include "output/results/scan_marks.h"
#include "output/stats/input.h"

enum { COMPLETENESS_SETS_MAX = 1024, COMPLETENESS_TOLD_MAX = 20 };

/* The shards of one list. */
struct completeness_set {
  uint64_t lists;
  unsigned shards;
  unsigned char *seen; /* by shard: a completeness_state */
  unsigned there, unfinished;
};

enum completeness_state { COMPLETENESS_MISSING, COMPLETENESS_UNFINISHED, COMPLETENESS_ENDED };

struct completeness {
  struct completeness_set *sets;
  size_t set_count;
  unsigned lists;   /* how many different ones */
  unsigned unknown; /* files without a head */
};

/* To be followed by completeness_free(), whatever it returns. ERR_LIMIT: over COMPLETENESS_SETS_MAX
 * lists. */
enum err completeness_make(struct completeness *made, const struct aggregate *aggregate);
void completeness_free(struct completeness *made);

/* Every shard of every list ended, and no file is without a head. */
bool completeness_is_whole(const struct completeness *made);

/* A call for each thing that is missing, with a NULL path. */
void completeness_notes(const struct completeness *made, input_tell *tell, void *context);

/* "shards":[{"of":4,"there":[0,1],"missing":[2,3],"unfinished":[1]}]: one for each list;
 * empty: no file has a head. */
void completeness_write(struct json_writer *json, const struct completeness *made);

#endif
