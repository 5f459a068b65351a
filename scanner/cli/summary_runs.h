/* The runs of a scan that was stopped and resumed, each by its times and counts: they are carried
 * from one summary to the next, so that the last tells of all.
 */
#ifndef SCANNER_CLI_SUMMARY_RUNS_H
#define SCANNER_CLI_SUMMARY_RUNS_H

#include "output/base/err.h"
#include "output/base/json_writer.h"

enum {
  SUMMARY_RUNS_MAX = 1000, /* the first ones are dropped */
  SUMMARY_RUNS_END_SIZE = 32,
  SUMMARY_RUNS_FILE_MAX = 16 * 1024 * 1024,
};

struct summary_run {
  char end[SUMMARY_RUNS_END_SIZE]; /* "complete", "stopped", ... */
  int64_t started_at, ended_at;    /* milliseconds since 1970 */
  uint64_t records, queries, connections;
};

/* Initialise with zeroes. */
struct summary_runs {
  struct summary_run *at;
  size_t count;
};

/* Those of a summary as it stands there; none when there is no file, or it tells of none.
 * ERR_MEMORY. */
enum err summary_runs_read(struct summary_runs *runs, const char *path);
enum err summary_runs_add(struct summary_runs *runs, const struct summary_run *run);
void summary_runs_free(struct summary_runs *runs);

/* "runs":[...] */
void summary_runs_write(struct json_writer *json, const struct summary_runs *runs);

#endif
