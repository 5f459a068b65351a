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
  LEDGER_PARTS = 256,
  LEDGER_BLOCK = 512, /* entries that are written at once */
  LEDGER_FILES_MAX = 65535,
  LEDGERS_MAX = 256,
};

struct ledger;

enum err ledger_new(struct ledger **ledger);
void ledger_free(struct ledger *ledger);

/* file: its index, below LEDGER_FILES_MAX; at: the record's time. ERR_IO: the temporary file, errno
 * says why. */
enum err ledger_add(struct ledger *ledger, struct span domain, unsigned file, int64_t at,
                    const struct mark *mark);

/* Takes a mark that counts; index is that of its ledger. */
typedef enum err ledger_take(void *context, unsigned index, const struct mark *mark);

/* Gives every record that counts to take(), and the number of those that do not. */
enum err ledger_settle(struct ledger *const *ledgers, unsigned count, ledger_take *take,
                       void *context, uint64_t *duplicates);

#endif
