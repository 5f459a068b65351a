/* The finished statistics: plain data that every report (JSON, text, HTML) is made from, so that
 * they cannot differ.
 */
#ifndef OUTPUT_STATS_STATISTICS_H
#define OUTPUT_STATS_STATISTICS_H

#include "output/stats/mail.h"
#include "output/stats/study.h"

/* One TLD, or one bin of ranks. */
struct statistics_line {
  struct span text;  /* the TLD */
  uint64_t from, to; /* the ranks */
  uint64_t domains, deployed, valid, broken;
  uint64_t with_mx[COUNTS_COLUMNS]; /* of them, where --ask mx was given */
};

struct statistics {
  struct counts counts;
  bool has_former_mx;             /* there are earlier records */
  uint64_t former_mx[KIND_COUNT]; /* of kinds: the policy names an MX of an earlier record */
  struct managed_statistics managed;
  struct mail_statistics mail;
  struct study_statistics study;
  struct managed_limits limits;
  struct statistics_line *tlds; /* most domains first */
  size_t tld_count;
  struct statistics_line *ranks; /* in order; bins without a domain are left out */
  size_t rank_count;
  struct statistics_line spf[ASKED_SPF_COUNT]; /* those that some domain has, in their order */
  size_t spf_count;
  struct statistics_line dmarc[ASKED_DMARC_COUNT];
  size_t dmarc_count;
};

/* The same line for its domains with MX alone. */
struct statistics_line statistics_line_with_mx(const struct statistics_line *line);

/* Whether MX were asked for of all domains that are not deployed, so that those with MX are a base;
 * or of some alone, so that they are none: the MX of deployed domains are always asked for. */
bool statistics_asked_mx(const struct statistics *statistics);
bool statistics_mixed_mx(const struct statistics *statistics);
/* Whether anything was asked for that stands beside MTA-STS. */
bool statistics_asked(const struct statistics *statistics);

/* Whether a mail server of any domain was probed. */
bool statistics_probed(const struct statistics *statistics);

/* Whether figures of that stage say something: errors can be there, and were looked for. */
bool statistics_has_stage(const struct statistics *statistics, enum finding_stage stage);

/* valid + broken. */
uint64_t statistics_deployed(const struct statistics *statistics);

void statistics_free(struct statistics *statistics);

#endif
