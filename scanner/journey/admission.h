/* Which of a worker's domains hold a slot.
 *
 * Domains that wait, for an address, for memory, or for their mail hosts, have a share of the
 * slots. Beyond it one gives its slot up: it is put aside as a name (scanner/journey/aside.h), and
 * begins its journey anew when there is room. All on the loop's thread.
 */
#ifndef SCANNER_JOURNEY_ADMISSION_H
#define SCANNER_JOURNEY_ADMISSION_H

#include "scanner/journey/job.h"

enum {
  ADMISSION_SHARE = 16,              /* one address holds at most a sixteenth of the slots, */
  ADMISSION_NEAR_SHARE = 8,          /* all those of one /24 or /64 an eighth, */
  ADMISSION_WAIT_SHARE = 2,          /* and all together a half */
  ADMISSION_MAIL_SHARE = 16,         /* of those with a record that wait for one mail host */
  ADMISSION_LARGE = 64 * 1024,       /* bytes of a job that is never kept while it waits */
  ADMISSION_RETURNING_MAX = 64,      /* begin anew at a time, */
  ADMISSION_RETURNING_LARGE_MAX = 8, /* of these so many large ones */
  ADMISSION_REST_MS = 100,           /* before those at an address are gone through again, */
  ADMISSION_REST_EACH = 256,         /* and a millisecond more for so many */
};

bool admission_has_slot(const struct journey *journey);
/* Whether a new domain may be taken: there is room for it to be put aside. */
bool admission_has_room(const struct journey *journey);
/* How many are aside. */
uint64_t admission_aside(const struct journey *journey);

/* Gives up its slot, and all that it knows but its name: the job is gone. */
void admission_put_aside(struct job *job, enum journey_aside what);
/* Its record was found, or its fetch and its mail hosts are to be asked. True: there is no room for
 * it, and it was put aside. */
bool admission_defers_record(struct job *job);
bool admission_defers_fetch(struct job *job);

/* The name that may return now. ERR_END: none; ERR_BUSY: one was passed over, the next may do.
 * ERR_TEMPORARY, ERR_MEMORY. */
enum err admission_next(struct journey *journey, struct aside_name *name);

#endif
