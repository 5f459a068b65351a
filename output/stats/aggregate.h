/* Result files counted: any number of them, by several threads, each with a tally of its own.
 *
 * A domain counts once, by its newest record, in the figures, the groups and the list alike; a line
 * that is no domain counts as it stands. Memory: a tally, a block of lines and a struct newest
 * (newest.h) for each thread; never the list. A file that is not ours, or cannot be read, makes all
 * of it fail: half of the figures would pass for all of them. An incomplete end and damaged lines
 * are reported, and the rest counts.
 */
#ifndef OUTPUT_STATS_AGGREGATE_H
#define OUTPUT_STATS_AGGREGATE_H

#include "output/stats/aggregate_files.h"
#include "output/stats/columns.h"
#include "output/stats/filter.h"
#include "output/stats/group_by.h"
#include "output/stats/labels_asked.h"
#include "output/stats/split.h"
#include <stdio.h>

enum {
  AGGREGATE_THREADS_MAX = 256,
  AGGREGATE_FILES_MAX = 65535,
  /* Lines at the front that are no records, after which the file is not one of ours. */
  AGGREGATE_FOREIGN_LINES = 100,
};

enum aggregate_list {
  AGGREGATE_LIST_NONE,
  AGGREGATE_LIST_NAMES,
  AGGREGATE_LIST_RECORDS,
  AGGREGATE_LIST_COLUMNS,
};

typedef enum err aggregate_each(void *context, const struct result *result);

/* What is to be kept of a record until it is clear whether it counts (*kept is the record, and may
 * be made less); false: nothing. By any thread. */
typedef bool aggregate_keep(const struct result *result, struct result *kept);
typedef enum err aggregate_kept(void *context, const struct result *kept, bool counts);

struct aggregate_config {
  char *const *paths; /* "-": standard input */
  unsigned path_count;
  uint64_t from; /* octets at the front of each that are left out, up to a line or member */
  unsigned threads;
  const struct filter *where; /* which choose the domains; `each` is given all */
  enum dimension by[GROUP_BY_DIMENSIONS];
  struct span by_names[GROUP_BY_DIMENSIONS]; /* of them, as given */
  unsigned by_count;                         /* 0: no groups */
  struct span split; /* a label that is split by, instead of groups; empty: none */
  struct managed_limits limits;
  /* Writes the domains that are chosen, in the order of the files, and counts nothing. */
  enum aggregate_list list;
  enum finding_code list_code; /* FOUND_COUNT: with whatever code */
  struct columns columns;
  enum columns_form form;
  FILE *out;
  /* Instead of counting: every record, in the order of the files, by one thread. */
  aggregate_each *each;
  /* Beside counting: what was kept of records, by the thread that called, each in any order: of
   * those that count and are chosen, then of all others. Kept in an unlinked file, as what is
   * listed. NULL: nothing. */
  aggregate_keep *keep;
  aggregate_kept *kept;
  void *context; /* of each, or kept */
};

struct aggregate {
  struct tally *tally;
  struct group_by groups;
  struct split split;
  uint64_t records;    /* read */
  uint64_t duplicates; /* of them not counted: there is a newer one of the domain */
  uint64_t listed;
  struct labels_asked labels; /* of conditions, groups, columns and split */
  uint64_t labels_here;       /* a bit for each that some record has */
  struct aggregate_file *files;
  unsigned file_count;
};

/* Whether the files are read twice, which no pipe can be: who manages a domain is known when all
 * were counted. */
bool aggregate_reads_twice(const struct aggregate_config *config);

/* To be followed by aggregate_free(), whatever it returns. ERR_SYNTAX, ERR_LIMIT or ERR_IO: of a
 * file, which says so, or (no file does) of the temporary file or the output, with errno. */
enum err aggregate_run(struct aggregate *aggregate, const struct aggregate_config *config);
void aggregate_free(struct aggregate *aggregate);

#endif
