#include "scanner/net/poll_set.h"

#include <stdlib.h>

enum { POLL_SET_FIRST_SIZE = 64 };

struct poll_set {
  uv_loop_t *loop;
  poll_set_ready *ready;
  void *data;
  uv_poll_t **polls; /* by fd; NULL: not watched */
  size_t size;
};

enum err poll_set_new(struct poll_set **watch, uv_loop_t *loop, poll_set_ready *ready, void *data) {
  struct poll_set *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  *made = (struct poll_set){.loop = loop, .ready = ready, .data = data};
  *watch = made;
  return ERR_NONE;
}

static void poll_set_freed(uv_handle_t *handle) {
  free(handle);
}

void poll_set_close(struct poll_set *watch) {
  if (!watch) return;
  for (size_t fd = 0; fd < watch->size; fd++) poll_set_forget(watch, (int)fd);
  free(watch->polls);
  free(watch);
}

static enum err poll_set_grow(struct poll_set *watch, size_t fd) {
  size_t size = watch->size ? watch->size : POLL_SET_FIRST_SIZE;
  while (size <= fd) size *= 2;
  uv_poll_t **grown = realloc(watch->polls, size * sizeof(uv_poll_t *));
  if (!grown) return ERR_MEMORY;
  for (size_t i = watch->size; i < size; i++) grown[i] = NULL;
  watch->polls = grown;
  watch->size = size;
  return ERR_NONE;
}

/* An error of the socket shows when its owner reads or writes it. */
static void poll_set_on_poll(uv_poll_t *poll, int status, int events) {
  struct poll_set *watch = poll->data;
  uv_os_fd_t fd;
  if (uv_fileno((uv_handle_t *)poll, &fd) != 0) return;
  watch->ready(watch->data, fd, status < 0 ? UV_READABLE | UV_WRITABLE : events);
}

static enum err poll_set_add(struct poll_set *watch, int fd) {
  uv_poll_t *poll = malloc(sizeof *poll);
  if (!poll) return ERR_MEMORY;
  if (uv_poll_init(watch->loop, poll, fd) != 0) {
    free(poll);
    return ERR_LIBRARY;
  }
  poll->data = watch;
  watch->polls[fd] = poll;
  return ERR_NONE;
}

enum err poll_set_set(struct poll_set *watch, int fd, int events) {
  if (fd < 0) return ERR_LIBRARY;
  if (events == 0) {
    poll_set_forget(watch, fd);
    return ERR_NONE;
  }
  enum err err = (size_t)fd < watch->size ? ERR_NONE : poll_set_grow(watch, (size_t)fd);
  if (err == ERR_NONE && !watch->polls[fd]) err = poll_set_add(watch, fd);
  if (err != ERR_NONE) return err;
  return uv_poll_start(watch->polls[fd], events, poll_set_on_poll) == 0 ? ERR_NONE : ERR_LIBRARY;
}

void poll_set_forget(struct poll_set *watch, int fd) {
  if ((size_t)fd >= watch->size || !watch->polls[fd]) return;
  uv_close((uv_handle_t *)watch->polls[fd], poll_set_freed);
  watch->polls[fd] = NULL;
}
