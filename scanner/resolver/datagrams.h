/* Datagrams of one connected UDP socket, many with each system call: those received are handed out
 * one by one, those to be sent are gathered until they are flushed.
 *
 * A datagram that the kernel will not take is dropped, as the network may drop any; while its
 * buffer is full, they stay until the next flush. That the other end refused them shows when
 * receiving.
 */
#ifndef SCANNER_RESOLVER_DATAGRAMS_H
#define SCANNER_RESOLVER_DATAGRAMS_H

#include "output/base/err.h"
#include "output/base/span.h"
#include <stdbool.h>

enum {
  DATAGRAMS_BATCH = 32,     /* with one system call */
  DATAGRAMS_IN_SIZE = 4096, /* far more than we ask for; what is longer is cut, so malformed */
  DATAGRAMS_OUT_SIZE = 512, /* of one that is sent */
};

struct datagrams;

enum err datagrams_new(struct datagrams **datagrams);
/* What was not flushed is dropped. NULL is allowed. */
void datagrams_free(struct datagrams *datagrams);

/* The next one, valid until the call after. False with errno: EAGAIN when there are none for now
 * (the socket may have been found empty before, so poll it again), or what recvmmsg(2) gave. */
bool datagrams_next(struct datagrams *datagrams, int fd, struct span *datagram);

/* Where the next one to be sent is written, DATAGRAMS_OUT_SIZE octets; then datagrams_added(). NULL
 * when there is no room, though it was flushed. */
char *datagrams_room(struct datagrams *datagrams, int fd);
void datagrams_added(struct datagrams *datagrams, size_t size);
void datagrams_flush(struct datagrams *datagrams, int fd);

/* The socket is gone, and with it what it received and was to send. */
void datagrams_reset(struct datagrams *datagrams);

#endif
