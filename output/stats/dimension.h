/* A dimension: a member that domains are chosen by, grouped by and told with. Its values are texts;
 * a domain can have none, one, or (stage, code, reason, severity, kind, mail_verdict)
 * several.
 */
#ifndef OUTPUT_STATS_DIMENSION_H
#define OUTPUT_STATS_DIMENSION_H

#include "output/stats/tally.h"
#include <stdio.h>

/* X(NAME, "text", kind of its values) */
#define DIMENSION_MAP(X)                                                                           \
  X(STATUS, "status", CHOICE)                                                                      \
  X(EFFECT, "effect", CHOICE)                                                                      \
  X(STAGE, "stage", CHOICE) /* with an error */                                                    \
  X(CODE, "code", CHOICE)                                                                          \
  X(REASON, "reason", CHOICE)                                                                      \
  X(SEVERITY, "severity", CHOICE) /* of any finding */                                             \
  X(LENIENT, "lenient", CHOICE)   /* "true": broken, but most senders go on all the same */        \
  X(MODE, "mode", CHOICE)                                                                          \
  X(MAX_AGE, "max_age", NUMBER)                                                                    \
  X(RANK, "rank", NUMBER)                                                                          \
  X(TLD, "tld", TEXT)                                                                              \
  X(PROVIDER, "provider", TEXT)       /* of the policy host, by its CNAME */                       \
  X(OPERATOR, "operator", TEXT)       /* the provider, or the address without one */               \
  X(MANAGED, "managed", CHOICE)       /* needs all operators counted before */                     \
  X(OUTSOURCED, "outsourced", CHOICE) /* policy host and mail both: "same" provider or not */      \
  X(KIND, "kind", CHOICE)                                                                          \
  X(HTTP_STATUS, "http_status", NUMBER)                                                            \
  X(CONTENT_TYPE, "content_type", TEXT)                                                            \
  X(ISSUER, "issuer", TEXT)                                                                        \
  X(EXPIRES, "expires", DAY) /* the certificate's last day */                                      \
  X(TLS, "tls", TEXT)                                                                              \
  X(IPV6, "ipv6", CHOICE)     /* whether the policy host has an IPv6 address */                    \
  X(LOOKS, "looks", NUMBER)   /* 1 or 2 */                                                         \
  X(TLSRPT, "tlsrpt", CHOICE) /* "sound", "broken" */                                              \
  X(MAIL_PROVIDER, "mail_provider", TEXT)                                                          \
  X(MAIL_VERDICT, "mail_verdict", CHOICE) /* of each MX that was probed */                         \
  X(SPF, "spf", CHOICE)                   /* the qualifier of all, redirect, or why neither */     \
  X(DMARC, "dmarc", CHOICE)               /* the policy, or why there is none */                   \
  X(LABEL, "label.NAME", TEXT)            /* of the list that was scanned */                       \
  X(DOMAIN, "domain", TEXT)

enum dimension {
#define X(name, text, kind) DIMENSION_##name,
  DIMENSION_MAP(X)
#undef X
      DIMENSION_COUNT
};

enum dimension_kind {
  DIMENSION_TEXT,
  DIMENSION_CHOICE, /* one of an enum */
  DIMENSION_NUMBER,
  DIMENSION_DAY, /* as a number: days left when the domain was scanned */
};

enum {
  DIMENSION_VALUES_MAX = FOUND_COUNT + REASON_COUNT,
  DIMENSION_NUMBER_SIZE = 48,
  DIMENSION_BINS_MAX = COUNTS_EXPIRY_BINS + 1,
};

/* A domain, with all that its values come from. */
struct dimension_domain {
  const struct result *result;
  const struct domain_facts *facts;
  const struct tally *tally;    /* that made the facts */
  const struct managed *sizes;  /* all operators; NULL: "managed" has no value */
  struct managed_limits limits; /* for these */
  struct span label;            /* which one DIMENSION_LABEL asks for */
};

/* The values of one domain. Plain data; not to be copied, since a value may stand in `text`. */
struct dimension_values {
  struct span at[DIMENSION_VALUES_MAX];
  size_t count;
  bool has_number; /* of a number or day that is there */
  int64_t number;
  char text[DIMENSION_NUMBER_SIZE];
};

const char *dimension_text(enum dimension dimension);
enum dimension_kind dimension_kind(enum dimension dimension);

/* The dimension of that name, or DIMENSION_COUNT. */
enum dimension dimension_by_text(struct span text);

/* The label that such a name names ("label.customer": "customer"); empty: it names none. */
struct span dimension_label(struct span text);

/* Whether a domain can have that value, as a text without *. */
bool dimension_allows(enum dimension dimension, struct span value);

/* The i-th value of a dimension whose values are those of an enum; NULL: there are no more. */
const char *dimension_choice(enum dimension dimension, int i);

/* What a value can be, for a person: "one of enforce, testing, none". */
void dimension_print_allowed(FILE *out, enum dimension dimension);

/* The names of all dimensions: "domain, status, ...". */
void dimension_print_names(FILE *out);

/* The values as they are: a number in digits, a day as "2026-11-26". */
void dimension_values(enum dimension dimension, const struct dimension_domain *domain,
                      struct dimension_values *values);

/* The values that it is grouped by: of rank and max_age a bin ("1-10000", "0-86399"), of expires
 * "7", "14", "30" for within so many days, or "expired". */
void dimension_groups(enum dimension dimension, const struct dimension_domain *domain,
                      struct dimension_values *values);

/* A bin of max_age as text: "0-86399", "31557601-". */
int dimension_max_age(int bin, char text[DIMENSION_NUMBER_SIZE]);

/* Whether its values are numbers, which are told in their order and not by their counts. */
bool dimension_is_number(enum dimension dimension);

/* A number or a range of them: "200", "1-10000", "31557601-". False: it is none. */
bool dimension_range(struct span text, int64_t *low, int64_t *high);

/* Whether it is a day: "2026-11-26". */
bool dimension_is_day(struct span text);

#endif
