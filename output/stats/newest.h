/* Finds the newest record of each domain, where files hold several: each domain counts once.
 *
 * Each thread adds the records that it reads to a struct newest of its own; at the end
 * newest_settle() looks at all of them together and gives out one record for each domain: the
 * newest; of two of one time the one in the later file, then the one on the later line. Not for use
 * by several threads at once.
 *
 * Memory does not grow with the list: facts of absent domains go to an unlinked file (40 octets
 * each) in TMPDIR or /var/tmp and come back by parts; those of the others, nearly all of them
 * deployed domains, stay in memory. Domains are told apart by 64 bits of a keyed hash: among ten
 * million, one pair is taken for one domain with a probability of 3 in a million.
 */
#ifndef OUTPUT_STATS_NEWEST_H
#define OUTPUT_STATS_NEWEST_H

#include "output/base/err.h"
#include "output/stats/domain_facts.h"

enum {
  NEWEST_PARTS = 256,
  NEWEST_BLOCK = 512, /* entries that are written at once */
  NEWEST_FILES_MAX = 65535,
  NEWEST_MAX = 256, /* that are settled together */
};

struct newest;

enum err newest_new(struct newest **newest);
void newest_free(struct newest *newest);

/* Which record it is. */
struct newest_record {
  struct span domain;
  unsigned file; /* its index, below NEWEST_FILES_MAX */
  uint64_t n;    /* its line of the list */
  int64_t at;    /* its time */
};

/* ERR_IO: the temporary file, errno says why. */
enum err newest_add(struct newest *newest, const struct newest_record *record,
                    const struct domain_facts *facts);

/* Instead: keeps a number below NEWEST_NUMBER_MAX and no facts. One struct newest takes the one
 * or the other. */
#define NEWEST_NUMBER_MAX ((uint64_t)1 << DOMAIN_FACTS_PACKED_BITS)
enum err newest_add_number(struct newest *newest, const struct newest_record *record,
                           uint64_t number);

/* Takes a record that counts, by its facts or (facts is NULL) its number; index is that of
 * its struct newest. */
typedef enum err newest_take(void *context, unsigned index, const struct domain_facts *facts,
                             uint64_t number);

/* Gives every record that counts to take(), and the number of those that do not. */
enum err newest_settle(struct newest *const *all, unsigned count, newest_take *take, void *context,
                       uint64_t *duplicates);

#endif
