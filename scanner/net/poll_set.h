/* A set of sockets that a library owns, watched by a libuv loop: fd <-> uv_poll_t.
 *
 * c-ares and libcurl may close a socket at any moment; poll_set_forget() must be called before the
 * close. Handles that are being closed stay until libuv lets go of them.
 */
#ifndef SCANNER_NET_POLL_SET_H
#define SCANNER_NET_POLL_SET_H

#include "output/base/err.h"
#include <uv.h>

struct poll_set;

/* events: UV_READABLE | UV_WRITABLE | UV_DISCONNECT. */
typedef void poll_set_ready(void *data, int fd, int events);

enum err poll_set_new(struct poll_set **set, uv_loop_t *loop, poll_set_ready *ready, void *data);
/* Stops all; the loop must run until the handles are closed. May be called from poll_set_ready.
 * NULL is allowed. */
void poll_set_close(struct poll_set *set);

/* events 0: as poll_set_forget. ERR_MEMORY; ERR_LIBRARY for what libuv cannot poll (a regular file,
 * a descriptor that is not open). */
enum err poll_set_set(struct poll_set *set, int fd, int events);
/* A descriptor that is not watched is passed over. The same number may be set again at once. */
void poll_set_forget(struct poll_set *set, int fd);

#endif
