/* The domains that wait for a second look, since what was found may pass by itself: a timeout, say.
 *
 * As names without a slot (see scanner/journey/aside.h), each with the codes and the time of its
 * first look; who came first goes first, when the wait is over. More than the limit do not wait:
 * then the oldest is looked at early. Time is given by the caller, in nanoseconds of one clock. All
 * calls come from the loop's thread.
 */
#ifndef SCANNER_JOURNEY_SECOND_LOOK_H
#define SCANNER_JOURNEY_SECOND_LOOK_H

#include "scanner/journey/aside.h"

/* That may wait in a whole scan; each worker has its share. */
enum { SECOND_LOOK_MAX = 65536 };

struct second_look;

/* max: at least 1. ERR_MEMORY. */
enum err second_look_new(struct second_look **looks, uv_loop_t *loop, uint64_t wait_ns, size_t max);
/* As aside_close(). NULL is allowed. */
void second_look_close(struct second_look *looks);

/* name->first is what the first look found. ERR_MEMORY. */
enum err second_look_put(struct second_look *looks, const struct aside_name *name, uint64_t now);
/* The oldest, if its wait is over or more wait than may. False: there is none, or none just now. */
bool second_look_take(struct second_look *looks, uint64_t now, struct aside_name *name);

uint64_t second_look_count(const struct second_look *looks);
/* Nanoseconds until the last of them has waited. */
uint64_t second_look_left(const struct second_look *looks, uint64_t now);
/* Whether new domains may be taken, that could come to wait. */
bool second_look_has_room(const struct second_look *looks);
bool second_look_is_broken(const struct second_look *looks); /* as aside_is_broken() */
bool second_look_is_lost(const struct second_look *looks);   /* as aside_is_lost() */

#endif
