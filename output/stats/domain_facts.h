/* What one domain adds to the statistics, and nothing else of its record.
 *
 * Plain data without padding, so that the facts of two domains can be compared as memory. Texts are
 * rows of the tally that made them (output/stats/tally.h), counted from 1; 0: none. Owns nothing.
 */
#ifndef OUTPUT_STATS_DOMAIN_FACTS_H
#define OUTPUT_STATS_DOMAIN_FACTS_H

#include "output/stats/counts.h"

enum { DOMAIN_FACTS_CODE_WORDS = FINDING_CODES_WORDS };

enum domain_facts_flag {
  DOMAIN_FACTS_TLSRPT = 1,        /* a TLSRPT record was found ... */
  DOMAIN_FACTS_TLSRPT_BROKEN = 2, /* ... and is not sound */
  DOMAIN_FACTS_CERTIFICATE = 4,   /* a certificate was seen ... */
  DOMAIN_FACTS_EXPIRED = 8,       /* ... and had expired */
  DOMAIN_FACTS_OWN =
      16, /* the policy host is an alias inside the domain's own registrable domain */
  DOMAIN_FACTS_SAME = 32,      /* policy host and MX are both outsourced, to one provider ... */
  DOMAIN_FACTS_DIFFERENT = 64, /* ... or to different ones */
  DOMAIN_FACTS_CHOSEN = 128,   /* meets the conditions that were given */
  DOMAIN_FACTS_PASSED = 256,   /* does not, and counts for the size of its operator alone */
};

/* Of the mail servers that were probed, from the records' mx[].tls; 0: none was. The lowest bits: a
 * bit for each verdict that one of them got. */
enum domain_facts_mail {
  DOMAIN_FACTS_MAIL_VERDICTS = (1 << VERDICT_COUNT) - 1,
  DOMAIN_FACTS_MAIL_OWN = 8,          /* the first is in the domain's own registrable domain */
  DOMAIN_FACTS_MAIL_CERTIFICATE = 16, /* one showed a certificate ... */
  DOMAIN_FACTS_MAIL_EXPIRED = 32,     /* ... that had expired */
  DOMAIN_FACTS_MAIL_DANE_ONLY = 64,   /* one fits its TLSA records, and is refused by MTA-STS */
  DOMAIN_FACTS_MAIL_STS_ONLY = 128,   /* one is secure, and fits none of its TLSA records */
  DOMAIN_FACTS_MAIL_VERSION_SHIFT = 8,
  DOMAIN_FACTS_MAIL_VERSIONS = 2, /* TLSv1.2, TLSv1.3 */
  DOMAIN_FACTS_MAIL_EXPIRY_SHIFT = 10,
};

/* Its codes: those of the stages mx-tls and dane, which stand together. */
enum {
  DOMAIN_FACTS_MAIL_FIRST = FOUND_MX_TLS_NO_STARTTLS,
  DOMAIN_FACTS_MAIL_CODES = FOUND_DANE_INSECURE + 1 - DOMAIN_FACTS_MAIL_FIRST,
};

/* "TLSv1.2", "TLSv1.3". */
const char *domain_facts_mail_version(int version);

/* The flags' upper bits: what a resolver said (RFC 8914), and 1; 0: nothing. */
enum { DOMAIN_FACTS_EDE_SHIFT = 24 };

struct domain_facts {
  uint64_t codes[DOMAIN_FACTS_CODE_WORDS]; /* a bit each */
  uint64_t first[DOMAIN_FACTS_CODE_WORDS]; /* of the first look; empty: there was one look only */
  uint64_t stages;                         /* with an error: a bit each */
  uint64_t entry;                          /* what is kept of the record, from 1; 0: nothing */
  uint32_t tld;                            /* row */
  uint32_t operator_row;                   /* of the policy host */
  uint32_t rank_bin;                       /* from 1; 0: no rank */
  uint32_t flags;
  uint32_t kinds;               /* a bit each */
  uint32_t group;               /* row of group_by, from 1; 0: none */
  uint16_t http_status;         /* 0: none */
  uint8_t status, effect, mode; /* effect, mode: their COUNT for none */
  uint8_t max_age_bin;          /* COUNTS_MAX_AGE_BINS: none */
  uint8_t expiry_bins;          /* a bit each */
  uint8_t strict;               /* 1: broken, but every error is lenient */
  uint32_t mail_codes;          /* of the mail servers: from DOMAIN_FACTS_MAIL_FIRST, a bit each */
  uint32_t mail_row;            /* of who manages the mail */
  uint32_t issuer_row;          /* of a mail server's certificate */
  uint16_t mail;                /* enum domain_facts_mail */
  uint8_t dane;                 /* a bit for each enum result_dane that one of them comes to */
  uint8_t unused;
  uint32_t asked;     /* output/stats/asked.h */
  uint32_t hosts_row; /* of its MX and NS */
};

enum { DOMAIN_FACTS_RANK_BIN = 10000, DOMAIN_FACTS_RANK_MAX = 2000000000 };

/* All but the rows, and the flags that come from the provider. */
struct domain_facts domain_facts_of(const struct result *result);

bool domain_facts_has_code(const struct domain_facts *facts, enum finding_code code);
bool domain_facts_deployed(const struct domain_facts *facts); /* valid or broken */

/* Adds the facts to the counters. */
void domain_facts_count(const struct domain_facts *facts, struct counts *counts);

/* The facts of most domains, of absent ones above all, fit into DOMAIN_FACTS_PACKED_BITS bits;
 * false: not these. */
enum { DOMAIN_FACTS_PACKED_BITS = 55 };
bool domain_facts_pack(const struct domain_facts *facts, uint64_t *bits);
struct domain_facts domain_facts_unpack(uint64_t bits);

/* What was asked for besides is kept beside the bits: sets it, and the codes that follow from it.
 */
void domain_facts_set_asked(struct domain_facts *facts, uint32_t asked, uint32_t hosts_row);

#endif
