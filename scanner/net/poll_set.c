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

enum err poll_set_new(struct poll_set **set, uv_loop_t *loop, poll_set_ready *ready, void *data) {
  struct poll_set *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  *made = (struct poll_set){.loop = loop, .ready = ready, .data = data};
  *set = made;
  return ERR_NONE;
}

static void poll_set_freed(uv_handle_t *handle) {
  free(handle);
}

void poll_set_close(struct poll_set *set) {
  if (!set) return;
  for (size_t fd = 0; fd < set->size; fd++) poll_set_forget(set, (int)fd);
  free(set->polls);
  free(set);
}

static enum err poll_set_grow(struct poll_set *set, size_t fd) {
  size_t size = set->size ? set->size : POLL_SET_FIRST_SIZE;
  while (size <= fd) size *= 2;
  uv_poll_t **grown = realloc(set->polls, size * sizeof(uv_poll_t *));
  if (!grown) return ERR_MEMORY;
  for (size_t i = set->size; i < size; i++) grown[i] = NULL;
  set->polls = grown;
  set->size = size;
  return ERR_NONE;
}

/* An error of the socket shows when its owner reads or writes it. */
static void poll_set_on_poll(uv_poll_t *poll, int status, int events) {
  struct poll_set *set = poll->data;
  uv_os_fd_t fd;
  if (uv_fileno((uv_handle_t *)poll, &fd) != 0) return;
  set->ready(set->data, fd, status < 0 ? UV_READABLE | UV_WRITABLE : events);
}

static enum err poll_set_add(struct poll_set *set, int fd) {
  uv_poll_t *poll = malloc(sizeof *poll);
  if (!poll) return ERR_MEMORY;
  if (uv_poll_init(set->loop, poll, fd) != 0) {
    free(poll);
    return ERR_LIBRARY;
  }
  poll->data = set;
  set->polls[fd] = poll;
  return ERR_NONE;
}

enum err poll_set_set(struct poll_set *set, int fd, int events) {
  if (fd < 0) return ERR_LIBRARY;
  if (events == 0) {
    poll_set_forget(set, fd);
    return ERR_NONE;
  }
  enum err err = (size_t)fd < set->size ? ERR_NONE : poll_set_grow(set, (size_t)fd);
  if (err == ERR_NONE && !set->polls[fd]) err = poll_set_add(set, fd);
  if (err != ERR_NONE) return err;
  return uv_poll_start(set->polls[fd], events, poll_set_on_poll) == 0 ? ERR_NONE : ERR_LIBRARY;
}

void poll_set_forget(struct poll_set *set, int fd) {
  if ((size_t)fd >= set->size || !set->polls[fd]) return;
  uv_close((uv_handle_t *)set->polls[fd], poll_set_freed);
  set->polls[fd] = NULL;
}
