/* Waits until a resolver answers again.
 *
 * Asks all servers for localhost, over sockets of its own, again and again: that the names of a
 * list get no answer says nothing of the servers. On the thread of its loop.
 */
#ifndef SCANNER_RUN_VIGIL_H
#define SCANNER_RUN_VIGIL_H

#include "scanner/net/resolver.h"

enum {
  VIGIL_TIMEOUT_MS = 2000,
  VIGIL_TRIES = 4,
};

struct vigil_config {
  uv_loop_t *loop;
  const union address *servers; /* copied */
  size_t server_count;
  /* The first round had no answer: the servers are gone. At most once a vigil. */
  void (*gone)(void *data);
  /* A server answers; gone: after that was called. The vigil is over. */
  void (*back)(void *data, bool gone);
  void *data;
};

struct vigil;

enum err vigil_new(struct vigil **vigil, const struct vigil_config *config);

/* Calls back no more; the loop must run until handles are closed. NULL is allowed. */
void vigil_free(struct vigil *vigil);

/* Begins, unless it is under way. */
enum err vigil_begin(struct vigil *vigil);

#endif
