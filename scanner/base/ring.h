/* Intrusive doubly linked lists: a head and its nodes form a ring. A node on no list is linked to
 * itself, so removing it again is harmless. */
#ifndef SCANNER_BASE_RING_H
#define SCANNER_BASE_RING_H

#include <stdbool.h>
#include <stddef.h>

struct list {
  struct list *next;
  struct list *prev;
};

/* What a node is a member of. */
#define CONTAINER_OF(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void list_init(struct list *list) {
  list->next = list->prev = list;
}

static inline bool list_empty(const struct list *list) {
  return list->next == list;
}

static inline void list_append(struct list *list, struct list *node) {
  node->prev = list->prev;
  node->next = list;
  list->prev->next = node;
  list->prev = node;
}

static inline void list_remove(struct list *node) {
  node->prev->next = node->next;
  node->next->prev = node->prev;
  list_init(node);
}

/* Moves all nodes of `from` to the end of `to`. */
static inline void list_move(struct list *to, struct list *from) {
  if (list_empty(from)) return;
  from->next->prev = to->prev;
  to->prev->next = from->next;
  from->prev->next = to;
  to->prev = from->prev;
  list_init(from);
}

#endif
