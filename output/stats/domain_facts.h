/* A mark: what one domain adds to the statistics, and nothing else of its record.
 *
 * Plain data without padding, so that two marks can be compared as memory. Texts are rows of the
 * tally that made the mark (output/stats/tally.h), counted from 1; 0: none.
 */
#ifndef OUTPUT_STATS_DOMAIN_FACTS_H
#define OUTPUT_STATS_DOMAIN_FACTS_H

#include "output/stats/counts.h"

enum { MARK_CODE_WORDS = (FOUND_COUNT + 63) / 64 };

enum mark_flag {
  MARK_TLSRPT = 1,        /* a TLSRPT record was found ... */
  MARK_TLSRPT_BROKEN = 2, /* ... and is not sound */
  MARK_CERTIFICATE = 4,   /* a certificate was seen ... */
  MARK_EXPIRED = 8,       /* ... and had expired */
  MARK_OWN = 16,       /* the policy host is an alias inside the domain's own registrable domain */
  MARK_SAME = 32,      /* policy host and MX are both outsourced, to one provider ... */
  MARK_DIFFERENT = 64, /* ... or to different ones */
  MARK_CHOSEN = 128,   /* meets the conditions that were given */
};

struct mark {
  uint64_t codes[MARK_CODE_WORDS]; /* a bit each */
  uint32_t tld;                    /* row */
  uint32_t operator_row;           /* of the policy host */
  uint32_t rank_bin;               /* from 1; 0: no rank */
  uint16_t http_status;            /* 0: none */
  uint16_t stages;                 /* with an error: a bit each */
  uint8_t status, effect, mode;    /* effect, mode: their COUNT for none */
  uint8_t max_age_bin;             /* COUNTS_MAX_AGE_BINS: none */
  uint8_t expiry_bins;             /* a bit each */
  uint8_t kinds;                   /* a bit each */
  uint8_t flags;
  uint8_t reserved;
};

enum { MARK_RANK_BIN = 10000, MARK_RANK_MAX = 2000000000 };

/* All but the rows, and the flags that come from the provider. */
struct mark mark_of(const struct result *result);

bool mark_has_code(const struct mark *mark, enum finding_code code);
bool mark_deployed(const struct mark *mark); /* valid or broken */

/* Adds the mark to the counters. */
void mark_count(const struct mark *mark, struct counts *counts);

/* Most marks, those of absent domains above all, fit into MARK_PACKED_BITS bits; false: not this
 * one. */
enum { MARK_PACKED_BITS = 55 };
bool mark_pack(const struct mark *mark, uint64_t *bits);
struct mark mark_unpack(uint64_t bits);

#endif
