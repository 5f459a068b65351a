/* The questions of the DNS benches: each line of a file with "_mta-sts." before it, held in memory
 * so that reading costs nothing while the clock runs. */
#ifndef BENCH_NAMES_H
#define BENCH_NAMES_H

#include "output/base/span.h"
#include <stdint.h>

struct names {
  struct span *at;
  size_t count;
};

/* Ends the program on any failure. */
struct names names_read(const char *path);
void names_free(struct names *names);

/* Prints the line that all DNS benches end with; since: uv_hrtime() at the start. */
void names_report(const char *what, size_t names, size_t answered, uint64_t queries,
                  double seconds);

#endif
