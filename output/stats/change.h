/* What changed for one domain between two scans. Pure: two states in, a set of changes out. */
#ifndef OUTPUT_STATS_CHANGE_H
#define OUTPUT_STATS_CHANGE_H

#include "output/base/siphash.h"
#include "output/stats/domain_facts.h"

enum change {
#define CHANGE(name, ...) CHANGE_##name,
#include "output/stats/change.def"
#undef CHANGE
  CHANGE_COUNT
};

enum change_trend { CHANGE_WORSE, CHANGE_OTHER, CHANGE_BETTER };

struct change_info {
  const char *name;
  enum change_trend trend;
  const char *title;
};

/* change below CHANGE_COUNT. */
const struct change_info *change_info(enum change change);

enum { STATE_UNSEEN = STATUS_COUNT };

/* What is kept of a domain in one scan. Texts are kept as their hashes (0: not there). */
struct state {
  int64_t at;        /* of the record */
  int64_t not_after; /* of the certificate */
  uint64_t codes[DOMAIN_FACTS_CODE_WORDS];
  uint64_t id, policy, certificate;
  uint64_t max_age; /* seconds */
  uint32_t rank;    /* 0: none */
  uint8_t status;   /* or STATE_UNSEEN */
  uint8_t effect, mode;
  uint8_t probed; /* 1: its mail servers were */
};

struct state state_of(const struct result *result, struct siphash_key key);
struct state state_unseen(void);

/* Where the mail servers were probed in one of two deployed states alone: takes what only a probe
 * can find out of it, so that a first probe does not call old faults new. */
void change_align(struct state *before, struct state *after);

/* A bit for each change. Two states of which none is deployed have none. */
uint32_t change_between(const struct state *before, const struct state *after);

/* The errors of a state that another lacks; how many. */
size_t change_errors(const struct state *of, const struct state *other,
                     enum finding_code codes[FOUND_COUNT]);

#endif
