/* Intrusive doubly linked lists: a head and its nodes form a ring. A node on no list is linked to
 * itself, so removing it again is harmless. */
#ifndef SCANNER_BASE_RING_H
#define SCANNER_BASE_RING_H

#include <stdbool.h>
#include <stddef.h>

struct ring {
  struct ring *next;
  struct ring *prev;
};

/* What a node is a member of. */
#define CONTAINER_OF(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void ring_init(struct ring *list) {
  list->next = list->prev = list;
}

static inline bool ring_empty(const struct ring *list) {
  return list->next == list;
}

static inline void ring_append(struct ring *list, struct ring *node) {
  node->prev = list->prev;
  node->next = list;
  list->prev->next = node;
  list->prev = node;
}

static inline void ring_remove(struct ring *node) {
  node->prev->next = node->next;
  node->next->prev = node->prev;
  ring_init(node);
}

/* Moves all nodes of `from` to the end of `to`. */
static inline void ring_move(struct ring *to, struct ring *from) {
  if (ring_empty(from)) return;
  from->next->prev = to->prev;
  to->prev->next = from->next;
  from->prev->next = to;
  to->prev = from->prev;
  ring_init(from);
}

#endif
