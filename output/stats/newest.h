/* What several files say of the same domains, until it is clear which record counts.
 *
 * One ledger a thread; together they are settled at the end: of the records of one domain in
 * several files, the newest counts; within one file every record counts. Memory does not grow with
 * the list: marks of absent domains go to an unlinked file (24 octets each) in TMPDIR or /var/tmp
 * and come back by parts; those of others (deployed domains, nearly all of them) are kept.
 * Domains are told apart by 64 bits of a keyed hash: among ten million, one pair is taken for one
 * domain with a probability of 3 in a million.
 */
#ifndef OUTPUT_STATS_NEWEST_H
#define OUTPUT_STATS_NEWEST_H

#include "output/base/err.h"
#include "output/stats/domain_facts.h"

enum {
  NEWEST_PARTS = 256,
  NEWEST_BLOCK = 512, /* entries that are written at once */
  NEWEST_FILES_MAX = 65535,
  NEWEST_MAX = 256,
};

struct newest;

enum err newest_new(struct newest **newest);
void newest_free(struct newest *newest);

/* file: its index, below NEWEST_FILES_MAX; at: the record's time. ERR_IO: the temporary file, errno
 * says why. */
enum err newest_add(struct newest *newest, struct span domain, unsigned file, int64_t at,
                    const struct domain_facts *facts);

/* Takes a mark that counts; index is that of its ledger. */
typedef enum err newest_take(void *context, unsigned index, const struct domain_facts *facts);

/* Gives every record that counts to take(), and the number of those that do not. */
enum err newest_settle(struct newest *const *ledgers, unsigned count, newest_take *take,
                       void *context, uint64_t *duplicates);

#endif
