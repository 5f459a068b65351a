/* What the probes of mail servers come to, over all domains of which one was probed (`scan
 * --probe-mx`): from the facts in the records' mx[].tls, and not from the findings, which only a
 * policy in use has.
 *
 * A domain counts for what any of its MX is, and for what all of them are. Who manages its mail is
 * told as of policy hosts (managed.h), by the registrable domain of the first MX: itself when that
 * is the domain's own or serves at most `self_max` probed domains of the data set, a third party
 * when it serves `third_party_min` or more. Memory grows with these and with the issuers of
 * certificates, each up to a limit; over it the rest stand in the row "other".
 */
#ifndef OUTPUT_STATS_MAIL_H
#define OUTPUT_STATS_MAIL_H

#include "output/stats/managed.h"

enum { MAIL_PROVIDERS_MAX = 65000, MAIL_ISSUERS_MAX = 1000 };

/* Domains, by the verdicts on their MX. */
#define MAIL_FIGURE_MAP(X)                                                                         \
  X(PROBED, "probed")                                                                              \
  X(ALL_SECURE, "all_secure")                                                                      \
  X(ANY_REFUSED, "any_refused")                                                                    \
  X(ALL_REFUSED, "all_refused")                                                                    \
  X(ANY_UNKNOWN, "any_unknown")                                                                    \
  X(ALL_UNKNOWN, "all_unknown")

enum mail_figure {
#define X(name, text) MAIL_##name,
  MAIL_FIGURE_MAP(X)
#undef X
      MAIL_FIGURE_COUNT
};

const char *mail_figure_text(int figure);

struct mail_figures {
  uint64_t at[MAIL_FIGURE_COUNT];
};

/* Nothing but uint64_t. */
struct mail_counts {
  struct mail_figures all, enforce;        /* enforce: of the policies in that mode */
  uint64_t codes[DOMAIN_FACTS_MAIL_CODES]; /* domains with an MX that has it */
  uint64_t versions[DOMAIN_FACTS_MAIL_VERSIONS];
  uint64_t certificates, expired;
  uint64_t expiring[COUNTS_EXPIRY_BINS];
  uint64_t dane_asked;
  uint64_t dane[DANE_COUNT];
  uint64_t dane_only; /* an MX whose certificate fits TLSA and not MTA-STS ... */
  uint64_t sts_only;  /* ... or the other way round */
};

struct mail_provider {
  uint64_t passed;                 /* left out by the conditions, which makes it no smaller */
  struct mail_figures served, own; /* own: of the domains that are the provider's own */
};

/* Initialise with zeroes. */
struct mail {
  struct mail_counts counts;
  struct text_counts issuers;
  struct text_counts providers;
  struct mail_provider *served; /* by row */
  size_t room;                  /* of served */
  struct text_counts causes;    /* by provider and code (provider_code.h) */
  struct mail_figures nobody;   /* without provider ... */
  uint64_t nobody_codes[DOMAIN_FACTS_MAIL_CODES];
};

void mail_free(struct mail *mail);

/* Gives the facts of a deployed domain the rows of its mail provider and issuer. */
enum err mail_facts(struct mail *mail, const psl_ctx_t *psl, const struct result *result,
                    struct domain_facts *facts);

/* Counts the facts of a deployed domain, if it was probed. */
enum err mail_count(struct mail *mail, const struct domain_facts *facts);
enum err mail_merge(struct mail *into, const struct mail *from);

struct mail_line {
  struct span text; /* the provider */
  struct mail_figures figures;
};

struct mail_issuer {
  struct span text;
  uint64_t domains;
};

struct mail_statistics {
  struct mail_counts counts;
  struct mail_figures managers[MANAGER_COUNT];
  uint64_t codes[MANAGER_COUNT][DOMAIN_FACTS_MAIL_CODES]; /* domains with an MX that has it */
  struct mail_figures once;    /* each provider counted once, by what any of its domains is */
  struct mail_line *providers; /* most domains first; texts belong to the mail */
  size_t provider_count;
  struct mail_issuer *issuers; /* likewise */
  size_t issuer_count;
};

enum err mail_statistics(const struct mail *mail, struct managed_limits limits,
                         struct mail_statistics *statistics);
void mail_statistics_free(struct mail_statistics *statistics);

#endif
