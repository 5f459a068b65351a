/* Deployed domains followed through the scans of a series: newly deployed, gone, broken, fixed.
 *
 * Of each domain its name and two bits a scan are kept, so that memory grows with the domains that
 * were ever deployed, up to FOLLOW_DOMAINS_MAX and FOLLOW_STATES_MAX, and never with the lists.
 * Scans come in any order and are put into the order of time when they are asked about. A scan
 * whose lookup failed (status unknown) changes nothing: the domain is as it was before.
 */
#ifndef OUTPUT_STATS_FOLLOW_H
#define OUTPUT_STATS_FOLLOW_H

#include "output/base/text_counts.h"
#include "output/record/result.h"

enum {
  FOLLOW_SCANS_MAX = 1000,
  FOLLOW_DOMAINS_MAX = 500000,
  FOLLOW_STATES_MAX = 64 * 1024 * 1024, /* octets of states of all domains together */
};

struct follow;

/* scans: how many there will be, 1 to FOLLOW_SCANS_MAX. */
enum err follow_new(struct follow **follow, unsigned scans);
void follow_free(struct follow *follow);

/* Whether a record tells something that is followed. */
bool follow_wants(const struct result *result);

/* Takes what scan number `scan`, from 0, found. Each domain once a scan. */
enum err follow_take(struct follow *follow, unsigned scan, const struct result *result);

/* Records of domains that there was no room for. */
uint64_t follow_left_out(const struct follow *follow);

/* What changed from the scan before; of the first nothing but `since`. */
struct follow_changes {
  uint64_t deployed; /* and not in the scan before */
  uint64_t gone;     /* deployed in the scan before, and not in this one */
  uint64_t broken;   /* and not broken in the scan before */
  uint64_t fixed;    /* broken in the scan before, valid in this one */
  uint64_t since;    /* broken in the last scan, and in all from this one on */
};

/* order: the numbers of all scans, the earliest first; changes: as many. */
void follow_count(const struct follow *follow, const unsigned *order,
                  struct follow_changes *changes);

/* A domain that is broken in the last scan. */
struct follow_broken {
  struct span domain; /* terminated; belongs to the follow */
  unsigned since;     /* the first of the scans, in their order, since which it is broken */
};

/* Those that are broken the longest first, then by name; *broken is to be freed. */
enum err follow_list(const struct follow *follow, const unsigned *order,
                     struct follow_broken **broken, size_t *count);

#endif
