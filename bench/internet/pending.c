#include "bench/internet/pending.h"
#include <stdlib.h>

struct pending {
  size_t count;
  struct reply **heap; /* the first COUNT are due; behind them are free ones */
  struct reply *replies;
};

struct pending *pending_new(void) {
  struct pending *pending = calloc(1, sizeof *pending);
  if (!pending) return NULL;
  pending->heap = calloc(PENDING_MAX, sizeof *pending->heap);
  pending->replies = calloc(PENDING_MAX, sizeof *pending->replies);
  if (!pending->heap || !pending->replies) {
    pending_free(pending);
    return NULL;
  }
  for (size_t i = 0; i < PENDING_MAX; i++) pending->heap[i] = &pending->replies[i];
  return pending;
}

void pending_free(struct pending *pending) {
  if (!pending) return;
  free(pending->heap);
  free(pending->replies);
  free(pending);
}

size_t pending_count(const struct pending *pending) {
  return pending->count;
}

struct reply *pending_room(struct pending *pending) {
  return pending->count < PENDING_MAX ? pending->heap[pending->count] : NULL;
}

static void pending_swap(struct pending *pending, size_t a, size_t b) {
  struct reply *reply = pending->heap[a];
  pending->heap[a] = pending->heap[b];
  pending->heap[b] = reply;
}

void pending_add(struct pending *pending) {
  size_t at = pending->count++;
  while (at && pending->heap[at]->due < pending->heap[(at - 1) / 2]->due) {
    pending_swap(pending, at, (at - 1) / 2);
    at = (at - 1) / 2;
  }
}

const struct reply *pending_first(const struct pending *pending) {
  return pending->count ? pending->heap[0] : NULL;
}

void pending_drop_first(struct pending *pending) {
  pending_swap(pending, 0, --pending->count);
  for (size_t at = 0;;) {
    size_t child = 2 * at + 1;
    if (child + 1 < pending->count && pending->heap[child + 1]->due < pending->heap[child]->due)
      child++;
    if (child >= pending->count || pending->heap[at]->due <= pending->heap[child]->due) return;
    pending_swap(pending, at, child);
    at = child;
  }
}
