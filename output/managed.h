/* Who manages the policy hosts: the method of the IMC 2025 study, on what a record holds.
 *
 * A policy host belongs to an provider: the registrable domain of its last CNAME target, or without
 * a CNAME its first address. It is self-managed when that target lies in the domain's own
 * registrable domain, or when the provider serves at most MANAGED_SELF_MAX deployed domains of the
 * data set; third-party when the provider serves at least MANAGED_THIRD_PARTY_MIN; unclassified
 * between, and without target or address. (The study also looks at NS, which a scan does not ask.)
 * One entry for each deployed domain is kept until the end, since the numbers decide.
 */
#ifndef OUTPUT_MANAGED_H
#define OUTPUT_MANAGED_H

#include "output/countmap.h"
#include "output/json.h"
#include "output/result.h"
#include <libpsl.h>

enum {
  MANAGED_SELF_MAX = 5,
  MANAGED_THIRD_PARTY_MIN = 50,
};

struct managed_domain {
  uint32_t provider; /* row of the map, or MANAGED_NO_PROVIDER */
  uint16_t stages;   /* a bit for each stage with an error */
  bool own;          /* the provider is the domain's own registrable domain */
};

/* Initialise with zeroes. */
struct managed {
  struct countmap operators;
  struct managed_domain *domains;
  size_t count, room;
};

void managed_free(struct managed *managed);

/* result: of a deployed domain. */
enum err managed_add(struct managed *managed, const psl_ctx_t *psl, const struct result *result);
enum err managed_merge(struct managed *into, const struct managed *from);

/* {"self":{"domains":N,"stage":{...}},"third-party":...,"unclassified":...} */
void managed_write(const struct managed *managed, struct json *json, const char *key);

/* The registrable domain of the last CNAME target of the policy host; empty: there is no CNAME. */
struct span managed_provider(const psl_ctx_t *psl, const struct result *result);

#endif
