/* A set of sockets that a library owns, watched by a libuv loop: fd <-> uv_poll_t.
 *
 * c-ares and libcurl may close a socket at any moment; watch_forget() must be called before the
 * close. Handles that are being closed stay until libuv lets go of them.
 */
#ifndef SCANNER_NET_POLL_SET_H
#define SCANNER_NET_POLL_SET_H

#include "output/base/err.h"
#include <uv.h>

struct watch;

/* events: UV_READABLE | UV_WRITABLE | UV_DISCONNECT. */
typedef void watch_ready(void *data, int fd, int events);

enum err watch_new(struct watch **watch, uv_loop_t *loop, watch_ready *ready, void *data);
/* Stops all; the loop must run until the handles are closed. May be called from watch_ready. NULL
 * is allowed. */
void watch_close(struct watch *watch);

/* events 0: as watch_forget. ERR_MEMORY; ERR_LIBRARY for what libuv cannot poll (a regular file, a
 * descriptor that is not open). */
enum err watch_set(struct watch *watch, int fd, int events);
/* A descriptor that is not watched is passed over. The same number may be set again at once. */
void watch_forget(struct watch *watch, int fd);

#endif
