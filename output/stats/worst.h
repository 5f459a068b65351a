/* The broken domains that a report names: those that lose mail first, then by rank and name; with
 * their causes, and since when.
 *
 * Made while results are counted (aggregate.h): from what worst_keep keeps, or former_mx_keep where
 * there may be earlier scans. Since when: back from the newest scan, the first of those in which
 * the domain, where it had MTA-STS, was broken without a break. Memory: twice `most` domains, and a
 * time for each earlier record of theirs.
 */
#ifndef OUTPUT_STATS_WORST_H
#define OUTPUT_STATS_WORST_H

#include "output/base/text_counts.h"
#include "output/record/result.h"

enum { WORST_CAUSES_MAX = 6, WORST_DETAIL_MAX = 200, WORST_TIMES_MAX = 1000 };

struct worst_cause {
  enum finding_code code;
  char *detail; /* NULL: none */
};

struct worst_domain {
  char *domain;
  uint64_t rank; /* 0: none */
  enum result_effect effect;
  struct worst_cause causes[WORST_CAUSES_MAX]; /* errors, in the order of the record */
  size_t cause_count;
  int64_t at;     /* of the newest record: Unix time in ms */
  int64_t since;  /* of the first record since which it is broken */
  bool before;    /* no earlier record says that it was not */
  int64_t sound;  /* the newest earlier record where it was not broken; 0: none */
  int64_t *times; /* of earlier records where it was */
  size_t time_count;
};

/* Initialise with `most`, all else zero. */
struct worst {
  size_t most;
  struct worst_domain *domains;
  size_t count, room;
  uint64_t broken;          /* all that there are */
  struct text_counts names; /* of the domains, once those that count were taken */
  bool named;
};

void worst_free(struct worst *worst);

bool worst_keep(const struct result *result, struct result *kept);

/* A record that counts; or, when all of these were taken, an earlier one. */
enum err worst_take(struct worst *worst, const struct result *result, bool counts);

/* Puts them in order. */
void worst_end(struct worst *worst);

#endif
