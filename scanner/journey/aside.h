/* The names that are put aside without a slot, since what they wait for has no room for them: first
 * in, first out.
 *
 * In compact form, some 60 octets a name (90 with what a first look found), and what its list gave
 * to be carried along; ASIDE_BLOCKS blocks of them in memory, the rest in two temporary files, of
 * which one is read while the other is written. Files are read and written by libuv's threads, so
 * that the loop does not wait. All calls come from the loop's thread.
 */
#ifndef SCANNER_JOURNEY_ASIDE_H
#define SCANNER_JOURNEY_ASIDE_H

#include "output/record/result.h"
#include "scanner/net/address.h"
#include "scanner/sts/carried.h"
#include "scanner/sts/domain.h"
#include <uv.h>

enum {
  ASIDE_BLOCK_SIZE = 64 * 1024,
  ASIDE_BLOCKS = 16, /* in memory at the front; as many may wait to be written */
};

/* Of one temporary file; beyond it no new names are to be taken. */
#define ASIDE_FILE_MAX ((uint64_t)1 << 30)

struct aside_name {
  uint64_t n;
  bool has_rank;
  uint64_t rank;
  bool large;       /* it holds too much to wait with it */
  bool has_address; /* what it waits for; else it is memory */
  union address address;
  uint64_t mail_host;        /* likewise: hosts_key(), or 0 */
  bool waited;               /* there is room for it there: set by who takes it back */
  struct result_first first; /* .at is 0 on the first look */
  uint64_t due;              /* of one that waits for its second look */
  size_t len;
  char name[DOMAIN_LENGTH_MAX + 1];
  size_t carried_len;
  char carried[CARRIED_MAX]; /* scanner/sts/carried.h */
};

struct aside;

enum err aside_new(struct aside **aside, uv_loop_t *loop);
/* Forgets all names; the loop must run until what is read or written has ended. NULL is allowed. */
void aside_close(struct aside *aside);

/* ERR_MEMORY. A file that cannot be written does not lose a name: it stays in memory, and
 * aside_has_room() says no. */
enum err aside_put(struct aside *aside, const struct aside_name *name);
/* False: there is none, or none just now. */
bool aside_take(struct aside *aside, struct aside_name *name);

uint64_t aside_count(const struct aside *aside);
/* Whether names may still be taken that could come to be put aside. */
bool aside_has_room(const struct aside *aside);
/* Names cannot be written to a temporary file: all of them stay in memory. */
bool aside_is_broken(const struct aside *aside);
/* A temporary file could not be read back: there are names that will never be taken. */
bool aside_is_lost(const struct aside *aside);

#endif
