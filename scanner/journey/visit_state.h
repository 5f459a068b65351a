/* A visit of a mail host, as its files share it: what is asked of DNS and the prober (visit.c), its
 * TLSA records (visit_tlsa.c), and whose turn it is (visit_turns.c). For these alone.
 *
 * It is the journey's, from visit_begin() until visit_free(), which visit_tell() calls too.
 */
#ifndef SCANNER_JOURNEY_VISIT_STATE_H
#define SCANNER_JOURNEY_VISIT_STATE_H

#include "scanner/journey/job.h"

struct visit {
  struct ring link; /* of the journey's */
  struct journey *journey;
  struct host_entry *entry;
  struct arena arena;
  struct finding_list findings;
  struct lookup v4, v6;
  struct lookup tlsa;  /* its name is empty: not asked */
  struct spans usable; /* of its records */
  bool tlsa_of_alias;  /* asked for what the host is an alias of */
  unsigned waiting;    /* for so many lookups */
  union address *addresses;
  size_t address_count;
  struct mx_probe probe;
  struct result_mx_tls tls;
  uint64_t started; /* uv_now() */
  bool parked;
};

/* ERR_MEMORY. */
enum err visit_begin(struct journey *journey, struct host_entry *entry);
void visit_free(struct visit *visit);

/* It is over: what was found goes into the cache, and others get their turn. */
void visit_tell(struct visit *visit);

/* Starts a lookup that the visit then waits for. */
void visit_ask(struct visit *visit, struct lookup *lookup, struct span name, enum dns_type type);

/* Whether DNSSEC vouches for the addresses: servers of unsigned zones mishandle TLSA (RFC 7672
 * section 2.2). */
bool visit_is_secure(const struct visit *visit);
void visit_ask_tlsa(struct visit *visit);
/* What came of it. False: the host itself is to be asked, too. */
bool visit_hear_tlsa(struct visit *visit);

/* Begins visits while there is room. */
void visits_begin(struct journey *journey);

#endif
