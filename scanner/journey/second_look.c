#include "scanner/journey/second_look.h"

#include <stdlib.h>

struct second_look {
  struct aside *names;
  struct aside_name next; /* taken from them, and not due yet */
  bool has_next;
  uint64_t wait_ns;
  uint64_t last_due;
  size_t max;
};

enum err second_look_new(struct second_look **looks, uv_loop_t *loop, uint64_t wait_ns,
                         size_t max) {
  struct second_look *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->wait_ns = wait_ns;
  made->max = max;
  enum err err = aside_new(&made->names, loop);
  if (err == ERR_NONE)
    *looks = made;
  else
    free(made);
  return err;
}

void second_look_close(struct second_look *looks) {
  if (!looks) return;
  aside_close(looks->names);
  free(looks);
}

enum err second_look_put(struct second_look *looks, const struct aside_name *name, uint64_t now) {
  struct aside_name waiting = *name;
  waiting.due = looks->last_due = now + looks->wait_ns;
  return aside_put(looks->names, &waiting);
}

bool second_look_take(struct second_look *looks, uint64_t now, struct aside_name *name) {
  if (!looks->has_next) looks->has_next = aside_take(looks->names, &looks->next);
  if (!looks->has_next) return false;
  if (now < looks->next.due && second_look_count(looks) <= looks->max) return false;
  *name = looks->next;
  looks->has_next = false;
  return true;
}

uint64_t second_look_count(const struct second_look *looks) {
  return aside_count(looks->names) + looks->has_next;
}

uint64_t second_look_left(const struct second_look *looks, uint64_t now) {
  return second_look_count(looks) && looks->last_due > now ? looks->last_due - now : 0;
}

bool second_look_has_room(const struct second_look *looks) {
  return second_look_count(looks) <= looks->max && aside_has_room(looks->names);
}

bool second_look_is_broken(const struct second_look *looks) {
  return aside_is_broken(looks->names);
}

bool second_look_is_lost(const struct second_look *looks) {
  return aside_is_lost(looks->names);
}
