#include "scanner/net/lanes.h"

#include <stdlib.h>

TAILQ_HEAD(waiter_list, waiter);
TAILQ_HEAD(lane_list, lane);

struct lane {
  union address address;
  struct lane *bucket_next;
  TAILQ_ENTRY(lane) link; /* among the ready or the resting */
  struct waiter_list waiters;
  bool resting;
  uint64_t until;
};

struct lanes {
  struct lane *buckets[LANES_BUCKETS];
  struct lane_list ready, resting;
  uint64_t until; /* of no resting lane is it later */
  size_t waiting;
};

enum err lanes_new(struct lanes **lanes) {
  struct lanes *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  TAILQ_INIT(&made->ready);
  TAILQ_INIT(&made->resting);
  made->until = LANES_NEVER;
  *lanes = made;
  return ERR_NONE;
}

/* FNV-1a. */
static struct lane **lanes_bucket(struct lanes *lanes, const union address *address) {
  struct span octets = address_octets(address);
  uint32_t hash = 2166136261U;
  for (size_t i = 0; i < octets.len; i++) hash = (hash ^ (unsigned char)octets.ptr[i]) * 16777619U;
  return &lanes->buckets[hash % LANES_BUCKETS];
}

static struct lane *lanes_find(struct lanes *lanes, const union address *address) {
  struct lane *lane = *lanes_bucket(lanes, address);
  while (lane && !address_same_ip(&lane->address, address)) lane = lane->bucket_next;
  return lane;
}

static struct lane *lanes_make(struct lanes *lanes, const union address *address) {
  struct lane *lane = calloc(1, sizeof *lane);
  if (!lane) return NULL;
  struct lane **bucket = lanes_bucket(lanes, address);
  lane->address = *address;
  lane->bucket_next = *bucket;
  *bucket = lane;
  TAILQ_INIT(&lane->waiters);
  TAILQ_INSERT_TAIL(&lanes->ready, lane, link);
  return lane;
}

static void lanes_unlink(struct lanes *lanes, struct lane *lane) {
  if (lane->resting)
    TAILQ_REMOVE(&lanes->resting, lane, link);
  else
    TAILQ_REMOVE(&lanes->ready, lane, link);
}

static void lanes_drop(struct lanes *lanes, struct lane *lane) {
  struct lane **at = lanes_bucket(lanes, &lane->address);
  while (*at != lane) at = &(*at)->bucket_next;
  *at = lane->bucket_next;
  lanes_unlink(lanes, lane);
  free(lane);
}

enum err lanes_add(struct lanes *lanes, const union address *address, struct waiter *waiter) {
  struct lane *lane = lanes_find(lanes, address);
  if (!lane) lane = lanes_make(lanes, address);
  if (!lane) return ERR_MEMORY;
  TAILQ_INSERT_TAIL(&lane->waiters, waiter, link);
  waiter->lane = lane;
  lanes->waiting++;
  return ERR_NONE;
}

void lanes_remove(struct lanes *lanes, struct waiter *waiter) {
  struct lane *lane = waiter->lane;
  if (!lane) return;
  TAILQ_REMOVE(&lane->waiters, waiter, link);
  waiter->lane = NULL;
  lanes->waiting--;
  if (TAILQ_EMPTY(&lane->waiters)) lanes_drop(lanes, lane);
}

void lanes_free(struct lanes *lanes) {
  if (!lanes) return;
  for (size_t i = 0; i < LANES_BUCKETS; i++)
    while (lanes->buckets[i]) lanes_remove(lanes, TAILQ_FIRST(&lanes->buckets[i]->waiters));
  free(lanes);
}

static void lane_ready(struct lanes *lanes, struct lane *lane) {
  lanes_unlink(lanes, lane);
  lane->resting = false;
  TAILQ_INSERT_TAIL(&lanes->ready, lane, link);
}

static void lanes_end_rests(struct lanes *lanes, uint64_t now) {
  struct lane *lane = TAILQ_FIRST(&lanes->resting);
  lanes->until = LANES_NEVER;
  while (lane) {
    struct lane *next = TAILQ_NEXT(lane, link);
    if (lane->until <= now)
      lane_ready(lanes, lane);
    else if (lane->until < lanes->until)
      lanes->until = lane->until;
    lane = next;
  }
}

struct lane *lanes_next(struct lanes *lanes, uint64_t now) {
  if (now >= lanes->until) lanes_end_rests(lanes, now);
  return TAILQ_FIRST(&lanes->ready);
}

const union address *lane_address(const struct lane *lane) {
  return &lane->address;
}

struct waiter *lanes_take(struct lanes *lanes, struct lane *lane) {
  struct waiter *waiter = TAILQ_FIRST(&lane->waiters);
  lane_ready(lanes, lane);
  lanes_remove(lanes, waiter);
  return waiter;
}

void lanes_rest(struct lanes *lanes, struct lane *lane, uint64_t until) {
  lanes_unlink(lanes, lane);
  lane->resting = true;
  lane->until = until;
  TAILQ_INSERT_TAIL(&lanes->resting, lane, link);
  if (until < lanes->until) lanes->until = until;
}

void lanes_wake(struct lanes *lanes, const union address *address) {
  struct lane *lane = lanes_find(lanes, address);
  if (lane && lane->resting) lane_ready(lanes, lane);
}

uint64_t lanes_until(const struct lanes *lanes) {
  return TAILQ_EMPTY(&lanes->ready) ? lanes->until : 0;
}

size_t lanes_waiting(const struct lanes *lanes) {
  return lanes->waiting;
}
