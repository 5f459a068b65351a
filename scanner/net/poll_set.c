#include "scanner/net/poll_set.h"

#include <stdlib.h>

enum { WATCH_FIRST_SIZE = 64 };

struct watch {
  uv_loop_t *loop;
  watch_ready *ready;
  void *data;
  uv_poll_t **polls; /* by fd; NULL: not watched */
  size_t size;
};

enum err watch_new(struct watch **watch, uv_loop_t *loop, watch_ready *ready, void *data) {
  struct watch *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  *made = (struct watch){.loop = loop, .ready = ready, .data = data};
  *watch = made;
  return ERR_NONE;
}

static void watch_freed(uv_handle_t *handle) {
  free(handle);
}

void watch_close(struct watch *watch) {
  if (!watch) return;
  for (size_t fd = 0; fd < watch->size; fd++) watch_forget(watch, (int)fd);
  free(watch->polls);
  free(watch);
}

static enum err watch_grow(struct watch *watch, size_t fd) {
  size_t size = watch->size ? watch->size : WATCH_FIRST_SIZE;
  while (size <= fd) size *= 2;
  uv_poll_t **grown = realloc(watch->polls, size * sizeof(uv_poll_t *));
  if (!grown) return ERR_MEMORY;
  for (size_t i = watch->size; i < size; i++) grown[i] = NULL;
  watch->polls = grown;
  watch->size = size;
  return ERR_NONE;
}

/* An error of the socket shows when its owner reads or writes it. */
static void watch_on_poll(uv_poll_t *poll, int status, int events) {
  struct watch *watch = poll->data;
  uv_os_fd_t fd;
  if (uv_fileno((uv_handle_t *)poll, &fd) != 0) return;
  watch->ready(watch->data, fd, status < 0 ? UV_READABLE | UV_WRITABLE : events);
}

static enum err watch_add(struct watch *watch, int fd) {
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

enum err watch_set(struct watch *watch, int fd, int events) {
  if (fd < 0) return ERR_LIBRARY;
  if (events == 0) {
    watch_forget(watch, fd);
    return ERR_NONE;
  }
  enum err err = (size_t)fd < watch->size ? ERR_NONE : watch_grow(watch, (size_t)fd);
  if (err == ERR_NONE && !watch->polls[fd]) err = watch_add(watch, fd);
  if (err != ERR_NONE) return err;
  return uv_poll_start(watch->polls[fd], events, watch_on_poll) == 0 ? ERR_NONE : ERR_LIBRARY;
}

void watch_forget(struct watch *watch, int fd) {
  if ((size_t)fd >= watch->size || !watch->polls[fd]) return;
  uv_close((uv_handle_t *)watch->polls[fd], watch_freed);
  watch->polls[fd] = NULL;
}
