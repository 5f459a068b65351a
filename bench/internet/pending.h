/* Answers that wait for their time: a heap of at most PENDING_MAX.
 * pending_new() reserves the room, the system gives it as it is used.
 */
#ifndef INTERNET_PENDING_H
#define INTERNET_PENDING_H

#include "bench/internet/message.h"
#include <netinet/in.h>

enum { PENDING_MAX = 200000 };

struct reply {
  uint64_t due; /* ns */
  uint64_t key; /* of the question */
  struct sockaddr_in peer;
  struct in_addr from; /* the address that was asked */
  uint16_t len;
  uint8_t octets[MESSAGE_MAX];
};

struct pending;

/* NULL: no memory. */
struct pending *pending_new(void);
void pending_free(struct pending *pending);

size_t pending_count(const struct pending *pending);
/* Room for one more, to be filled and then added; NULL when it is full. */
struct reply *pending_room(struct pending *pending);
void pending_add(struct pending *pending);

/* The one that is due first; NULL: none. It stays valid until the next pending_room(). */
const struct reply *pending_first(const struct pending *pending);
void pending_drop_first(struct pending *pending);

#endif
