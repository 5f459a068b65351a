/* Who manages the policy hosts: the method of the IMC 2025 study (doi 10.1145/3730567.3732916), on
 * what a record holds.
 *
 * A policy host has an operator: the registrable domain (Public Suffix List) of its last CNAME
 * target; without a CNAME, its least address. It is
 *   self-managed  when that target lies in the domain's own registrable domain, or when the
 *                 operator serves at most `self_max` deployed domains of the data set (the study:
 *                 5);
 *   third-party   when the operator serves at least `third_party_min` of them (the study: 50);
 *   unclassified  between, without target or address, and over the limits below.
 * Two of the study's witnesses are not in a record: NS, and the domain's own address, without which
 * the many domains of one administrator cannot be told from the customers of one provider.
 *
 * Policy and mail are outsourced both when the CNAME target and the first MX lie outside the
 * domain's own registrable domain; to one provider when the first labels of the two registrable
 * domains are equal (the study: "second labels"; tutanota.com is tutanota.de).
 *
 * Counters are kept for each operator until the end, since the numbers decide. Over
 * MANAGED_PROVIDERS_MAX or MANAGED_ADDRESSES_MAX of them the rest stand in the row "other", which
 * is nobody's: it is unclassified and no operator, but one of the providers' lines.
 */
#ifndef OUTPUT_STATS_MANAGED_H
#define OUTPUT_STATS_MANAGED_H

#include "output/base/text_counts.h"
#include "output/stats/domain_facts.h"
#include <libpsl.h>

enum { MANAGED_PROVIDERS_MAX = 65000, MANAGED_ADDRESSES_MAX = 65000 };

struct managed_limits {
  uint32_t self_max;
  uint32_t third_party_min;
};

#define MANAGED_LIMITS_STUDY ((struct managed_limits){.self_max = 5, .third_party_min = 50})

enum manager { MANAGER_SELF, MANAGER_THIRD_PARTY, MANAGER_UNCLASSIFIED, MANAGER_COUNT };

const char *manager_text(enum manager manager);

/* Of 32 bits, since there are two of them for each operator. */
struct managed_counts {
  uint32_t domains, broken;
  uint32_t passed; /* left out by the conditions, which makes the operator no smaller */
  uint32_t stage[STAGE_COUNT];
};

/* The operators of one kind, in the order of their first coming. */
struct managed_group {
  struct text_counts names;      /* the columns stay 0 */
  struct managed_counts *served; /* by row: all domains of the operator */
  struct managed_counts *own;    /* of them in the operator's own registrable domain */
  size_t room;                   /* of served and own */
  struct text_counts causes;     /* of each row and code: domains, and how many of them own */
};

/* Initialise with zeroes. */
struct managed {
  struct managed_group providers; /* by CNAME */
  struct managed_group addresses; /* without */
  struct managed_counts nobody;   /* without operator */
  uint64_t nobody_codes[FOUND_COUNT];
  struct managed_outsourced {
    uint64_t domains, mismatch; /* mismatch: with an error of stage mx */
  } same, different;            /* domains whose policy host and mail are both outsourced */
};

void managed_free(struct managed *managed);

/* Gives the facts of a deployed domain their operator's row, and what they say of providers. */
enum err managed_facts(struct managed *managed, const psl_ctx_t *psl, const struct result *result,
                       struct domain_facts *facts);

/* Counts the facts of a deployed domain. */
enum err managed_count(struct managed *managed, const struct domain_facts *facts);
enum err managed_merge(struct managed *into, const struct managed *from);

/* The operator of a deployed domain's policy host; empty: none. */
struct managed_operator {
  struct span name; /* a registrable domain, or an address; points into the result */
  bool address;
  bool own; /* the registrable domain is the domain's */
};

struct managed_operator managed_operator(const psl_ctx_t *psl, const struct result *result);

/* The end of name that is its registrable domain, or all of it (a public suffix, an unknown one).
 */
struct span managed_registrable(const psl_ctx_t *psl, struct span name);

/* The registrable domain of the first MX; empty: there is none, or a null MX. */
struct span managed_mail_provider(const psl_ctx_t *psl, const struct result *result);

/* Domains of one operator that have a code. */
struct managed_cause {
  uint32_t row; /* of the operator, from 1 */
  enum finding_code code;
  uint64_t domains;
};

/* Counters of the deployed domains of one operator, one kind of manager, ... */
struct managed_line {
  struct span text;
  uint64_t domains, valid, broken;
  uint64_t stage[STAGE_COUNT];
  const struct managed_cause *causes; /* of an operator; most domains first */
  size_t cause_count;
};

/* Operators of one kind, most domains first; texts belong to the managed. */
struct managed_lines {
  struct managed_line *at;
  size_t count;
  struct managed_cause *causes;
};

/* Each operator counted once. */
struct managed_operators {
  uint64_t count;
  uint64_t broken;             /* with at least one broken domain */
  uint64_t stage[STAGE_COUNT]; /* with at least one domain that has an error there */
};

struct managed_statistics {
  struct managed_line managers[MANAGER_COUNT];
  uint64_t codes[MANAGER_COUNT][FOUND_COUNT]; /* domains with that code */
  struct managed_operators operators;
  struct managed_outsourced same, different;
  struct managed_lines providers; /* by CNAME */
  struct managed_lines addresses; /* without; those that serve more than limits.self_max domains */
};

enum err managed_statistics(const struct managed *managed, struct managed_limits limits,
                            struct managed_statistics *statistics);
void managed_statistics_free(struct managed_statistics *statistics);

/* Who manages what serves so many domains. */
enum manager managed_by_size(uint64_t serves, struct managed_limits limits);

/* Who manages the policy host of a deployed domain of that operator, once all were counted. */
enum manager managed_manager(const struct managed *managed, struct managed_limits limits,
                             const struct managed_operator *operator_of);

#endif
