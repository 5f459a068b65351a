/* The journey of domains, from a line of a list to a result: one for each worker.
 *
 *   line -> name -> TXT -> { policy host } { MX } { TLSRPT } -> { policy } { implicit MX }
 *                                                               { mail hosts } -> verdict
 *
 * Rounds follow one another; within a round all is asked at once. A domain without a record ends
 * after the first. All on the loop's thread.
 */
#ifndef SCANNER_JOURNEY_JOURNEY_H
#define SCANNER_JOURNEY_JOURNEY_H

#include "scanner/journey/journey_config.h"
#include "scanner/journey/lookup_hold.h"
#include "scanner/journey/visits.h"
#include "scanner/sts/list_entry.h"

struct journey;

/* ERR_MEMORY. What config points to outlives the journey. */
enum err journey_new(struct journey **journey, const struct journey_config *config);

/* Jobs in flight are dropped without a result: close the resolver and the fetcher first, so that
 * they call back no more. The loop must not run any more. NULL is allowed. */
void journey_free(struct journey *journey);

/* While the loop can still run to its end: forgets who was put aside, and who waits. */
void journey_close(struct journey *journey);

/* Whether another line can be taken now. */
bool journey_has_room(const struct journey *journey);

/* Sends the line's domain on its way; one that is not a domain name, or blocked, is given to emit
 * at once; one of another shard is passed over. The entry is copied. ERR_MEMORY. */
enum err journey_start(struct journey *journey, uint64_t n, const struct list_entry *entry);

/* Lets go of what is held. again: it is asked anew, as if nothing had been; else it ends as timed
 * out. */
void journey_release(struct journey *journey, bool again);
bool journey_holds(const struct journey *journey);

/* Until told otherwise all that fails is held. */
void journey_distrust(struct journey *journey, bool distrusts);
/* One of LOOKUP_HOLD_KNOWN domains that DNS said something about, drawn from all of the scan so
 * far; empty: there is none. It stays until the next answer. */
struct span journey_known(const struct journey *journey, size_t i);

size_t journey_in_flight(const struct journey *journey);
/* Mail hosts that are visited; a domain that waits for one is in flight. */
size_t journey_visits(const struct journey *journey);
/* Now and then: tells what had to wait until it was known whether port 25 is open from here. */
void journey_tick(struct journey *journey);
/* Adds what the visits came to. */
void journey_visits_add(const struct journey *journey, struct visits_account *sum);

/* Those that wait for an address, or for memory, beyond what is theirs of the slots: they are put
 * aside as a name, and begin their journey anew when there is room. */
uint64_t journey_aside(const struct journey *journey);
/* Names cannot be written to a temporary file: all that wait are in memory, and when there is no
 * room for more, no line is taken. */
bool journey_keeps_aside(const struct journey *journey);
/* Lets those return for which there is room. */
void journey_take_back(struct journey *journey);

/* Those whose first look found what may pass: they wait for the second one as a name, and nothing
 * is told of them yet. */
uint64_t journey_waiting(const struct journey *journey);
uint64_t journey_waiting_ms(const struct journey *journey); /* until the last of them has waited */
/* Looks again at those that have waited. */
void journey_look_again(struct journey *journey);

#endif
