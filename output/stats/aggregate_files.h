/* Result files that several threads read together: each takes part in the file that fewest of them
 * read, and what all of them found of a file is added up; whoever leaves it last closes it.
 *
 * What is told of the files belongs to the caller, and may be read once all threads have left.
 */
#ifndef OUTPUT_STATS_AGGREGATE_FILES_H
#define OUTPUT_STATS_AGGREGATE_FILES_H

#include "output/base/err.h"
#include "output/results/results_reader.h"
#include "output/results/scan_marks.h"

enum { AGGREGATE_FILE_SAMPLE_MAX = 40 };

/* What is told of a file. */
struct aggregate_file {
  const char *path;
  enum err err; /* ERR_SYNTAX: not a result file; ERR_IO: cause says why */
  int cause;    /* errno */
  bool gzip;
  uint64_t bytes;
  uint64_t records;
  int64_t first, last;     /* times of its oldest and newest record; 0: none has one */
  uint64_t later;          /* of them by a later version */
  uint64_t strange;        /* findings whose code is not known here */
  uint64_t bad;            /* whole lines that are no records */
  uint64_t damaged;        /* places where gzip could not be inflated */
  uint64_t torn;           /* octets of a torn tail */
  struct scan_marks marks; /* which scans it holds */
  char sample[AGGREGATE_FILE_SAMPLE_MAX + 1]; /* how a line that is no record begins, printable */
};

struct aggregate_files;

/* told: of count files, with nothing but their paths. from: octets at the front of each that are
 * left out, up to a line or member. */
enum err aggregate_files_new(struct aggregate_files **files, struct aggregate_file *told,
                             unsigned count, uint64_t from);
void aggregate_files_free(struct aggregate_files *files);

/* Takes part in a file, of which *number and *reader tell. False: there is none left, or something
 * failed. */
bool aggregate_files_enter(struct aggregate_files *files, unsigned *number,
                           struct results_reader **reader);

/* Leaves it with what this thread found of it; err: why, ERR_END at its end. */
void aggregate_files_leave(struct aggregate_files *files, unsigned number,
                           const struct aggregate_file *part, enum err err, int cause);

/* Some line of it is a record: said by the one, asked by the other, while it is read. */
void aggregate_files_set_ours(struct aggregate_files *files, unsigned number);
bool aggregate_files_ours(const struct aggregate_files *files, unsigned number);

/* The first that failed, of those that were entered or left; *cause: errno. */
enum err aggregate_files_error(const struct aggregate_files *files, int *cause);

/* A record of that time; 0: of none. */
void aggregate_file_see(struct aggregate_file *file, int64_t at);

#endif
