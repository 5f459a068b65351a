/* Where `check` looks besides: names next to the right one, at which an MTA-STS record stands when
 * it was put in the wrong place, and the policy host that has no record. Asked before the domain's
 * own journey; the answers stay with it until the next domain.
 */
#ifndef SCANNER_RUN_NEAR_NAMES_H
#define SCANNER_RUN_NEAR_NAMES_H

#include "scanner/net/block_list.h"
#include "scanner/resolver/resolver.h"
#include "scanner/sts/domain.h"

enum near_name { NEAR_DOMAIN, NEAR_POLICY_HOST, NEAR_DOUBLED, NEAR_ADDRESS, NEAR_COUNT };

/* Initialise with zeros; near_names_free() when done. */
struct near_names {
  struct arena arena;
  struct domain domain;
  struct lookup at[NEAR_COUNT];
  size_t waiting; /* for so many answers */
};

/* Starts the lookups; the loop is to run until waiting is 0. What is no domain, or is blocked,
 * is not asked about. block may be NULL. ERR_MEMORY. */
enum err near_names_ask(struct near_names *near, struct resolver *resolver,
                        const struct block_list *block, struct span text);

/* Adds what was found to the result, of the same domain: record-misplaced where the right name has
 * no sound record, and to record-absent what the near names say. The result's findings then live
 * as long as near does not ask again. ERR_MEMORY. */
enum err near_names_tell(struct near_names *near, struct result *result);

void near_names_free(struct near_names *near);

#endif
