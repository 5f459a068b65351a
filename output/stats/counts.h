/* Counters of domains, plain data: what a tally keeps and the reports show. Nothing but uint64_t,
 * so that two of them are summed as arrays.
 */
#ifndef OUTPUT_STATS_COUNTS_H
#define OUTPUT_STATS_COUNTS_H

#include "output/stats/asked.h"

enum {
  COUNTS_MAX_AGE_BINS = 6,
  COUNTS_HTTP_STATUS_MAX = 999, /* RFC 9110 section 15: three digits */
  COUNTS_EXPIRY_BINS = 3,
  COUNTS_EDE_MAX = 63, /* IANA has 31 codes; of larger ones there is one count */
};

/* The bins of max_age by their lower ends, in seconds: a day, a week, 30 days, half a year, and
 * what RFC 8461 section 3.2 allows at most. The last bin is open. */
extern const uint64_t counts_max_age_from[COUNTS_MAX_AGE_BINS];

/* Certificates that expire within so many days of the record's time; those that expire within 7 are
 * among those within 14. */
extern const unsigned counts_expiry_days[COUNTS_EXPIRY_BINS];

/* Domains with one thing in common. */
enum { COUNTS_DOMAINS, COUNTS_VALID, COUNTS_BROKEN, COUNTS_COLUMNS };

struct counts {
  uint64_t domains;
  uint64_t status[STATUS_COUNT];
  uint64_t deployed_strict; /* broken, but most senders go on in spite of every error */
  uint64_t effect[EFFECT_COUNT];
  uint64_t mode[MODE_COUNT];
  uint64_t stage[STAGE_COUNT]; /* with an error there */
  uint64_t codes[FOUND_COUNT];
  uint64_t kinds[KIND_COUNT];
  uint64_t max_age[COUNTS_MAX_AGE_BINS];
  uint64_t http_status[COUNTS_HTTP_STATUS_MAX + 1];
  uint64_t ede[COUNTS_EDE_MAX + 2]; /* what resolvers said; the last: of larger codes */
  uint64_t certificates, expired;
  uint64_t expiring[COUNTS_EXPIRY_BINS];
  uint64_t looked_twice, looks_changed;    /* the second look found other codes */
  uint64_t first_codes[FOUND_COUNT];       /* of the first look, among those looked at twice ... */
  uint64_t passed_codes[FOUND_COUNT];      /* ... and no more there at the second */
  uint64_t tlsrpt_deployed, tlsrpt_broken; /* among deployed domains */
  uint64_t mx_known;                       /* whether they have an MX */
  uint64_t mx_asked;                       /* of them not deployed: --ask mx */
  uint64_t mx_not_asked;                   /* not deployed, and scanned without --ask mx */
  uint64_t with_mx[COUNTS_COLUMNS];
  uint64_t spf[ASKED_SPF_COUNT][COUNTS_COLUMNS];
  uint64_t dmarc[ASKED_DMARC_COUNT][COUNTS_COLUMNS];
};

void counts_sum(struct counts *into, const struct counts *from);

#endif
