/* What is known of the mail hosts: one cache for all threads, so that a host that thousands of
 * domains share is asked once a scan.
 *
 * Who asks first makes the visit and tells; all others wait meanwhile, and are told by their
 * worker's inbox. The key is the MX host's name, and not its address: the certificate depends on
 * the SNI. Evidence is octets here, whose meaning is the visitor's; what several hosts have alike
 * of it is kept once.
 *
 * Memory is bounded by HOSTS_BYTES_MAX however long the list is: over it, the host that nobody has
 * asked for lately goes, unless somebody is still to be told; when it is met again it is asked
 * anew. Times are monotonic nanoseconds. Nothing here waits, and nothing is called back under the
 * lock.
 */
#ifndef SCANNER_SMTP_HOSTS_H
#define SCANNER_SMTP_HOSTS_H

#include "output/base/span.h"
#include "scanner/base/arena.h"
#include "scanner/smtp/inbox.h"
#include <stdint.h>

enum {
  HOSTS_BYTES_MAX = 16 * 1024 * 1024, /* entries with their evidence; 30,000 hosts and more */
  HOSTS_AGE_S = 24 * 60 * 60,         /* what is older is asked anew */
};

struct hosts;
struct host_entry;

struct host_evidence {
  struct span own;
  struct span shared; /* that others may have, too: a certificate; may be empty */
};

/* Of one who asks; belongs to him, zeroed before it is used first. It must not move while it waits.
 */
struct hosts_waiter {
  struct inbox_message message; /* what comes into its inbox */
  struct inbox *inbox;
  struct host_entry *entry; /* NULL: it waits for nothing */
  struct ring link;         /* of those who wait for the entry */
  bool posted;
};

enum hosts_end {
  HOSTS_KNOWN,   /* evidence is set */
  HOSTS_PENDING, /* somebody visits the host: the message will come */
  HOSTS_YOURS,   /* likewise; and the asker is to visit it, and tell or abandon waiter->entry */
  HOSTS_FAILED,  /* no memory */
};

/* bytes_max: HOSTS_BYTES_MAX, or less in tests. ERR_MEMORY. */
enum err hosts_new(struct hosts **hosts, size_t bytes_max);
/* Nobody waits or visits any more. NULL is allowed. */
void hosts_free(struct hosts *hosts);

/* host: lower case, no trailing dot. Evidence is copied into the arena. */
enum hosts_end hosts_ask(struct hosts *hosts, struct span host, uint64_t now,
                         struct hosts_waiter *waiter, struct arena *arena,
                         struct host_evidence *evidence);
/* When the message has come: as hosts_ask(). */
enum hosts_end hosts_take(struct hosts *hosts, struct hosts_waiter *waiter, struct arena *arena,
                          struct host_evidence *evidence);
/* Its asker waits no more. One that waits for nothing is passed over. */
void hosts_leave(struct hosts *hosts, struct hosts_waiter *waiter);

/* Each once for HOSTS_YOURS, by the visitor. tell copies the evidence; ERR_MEMORY: it was abandoned
 * instead. Who waits for an abandoned host asks anew, and one of them is the next visitor. */
enum err hosts_tell(struct hosts *hosts, struct host_entry *entry,
                    const struct host_evidence *evidence, uint64_t now);
void hosts_abandon(struct hosts *hosts, struct host_entry *entry);

/* What stands for a host's name where there is no room for it, while the process lives. Never 0. */
uint64_t hosts_key(const struct hosts *hosts, struct span host);
/* How many wait to be told of the host with that key; 0: it is not known, or told. */
size_t hosts_waiting(struct hosts *hosts, uint64_t key);

/* The name that the entry stands for; good until it is told or abandoned. */
struct span host_entry_name(const struct host_entry *entry);

struct hosts_account {
  size_t count, bytes; /* now */
  size_t shared;       /* pieces, now */
  uint64_t evicted;    /* for want of room, since the start */
};

struct hosts_account hosts_account(struct hosts *hosts);

#endif
