#include "scanner/https/connect_queue.h"

#include "output/base/siphash.h"
#include <stdlib.h>

TAILQ_HEAD(waiter_list, waiter);
TAILQ_HEAD(lane_list, lane);

struct lane {
  union address address;
  struct lane *bucket_next;
  TAILQ_ENTRY(lane) link; /* among the ready */
  struct waiter_list waiters;
  size_t count; /* of these */
  bool resting;
  size_t place; /* among the resting */
  uint64_t until;
};

struct lanes {
  struct siphash_key key;
  struct lane *buckets[LANES_BUCKETS];
  struct lane_list ready;
  /* A heap: none is ready before its parent, the first before all. Room for every lane. */
  struct lane **resting;
  size_t rest_count, rest_room;
  size_t count; /* of lanes */
  size_t waiting;
};

enum err lanes_new(struct lanes **lanes) {
  struct lanes *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  TAILQ_INIT(&made->ready);
  made->key = siphash_key();
  *lanes = made;
  return ERR_NONE;
}

static struct lane **lanes_bucket(struct lanes *lanes, const union address *address) {
  return &lanes->buckets[siphash_text(lanes->key, address_octets(address)) % LANES_BUCKETS];
}

static struct lane *lanes_find(struct lanes *lanes, const union address *address) {
  struct lane *lane = *lanes_bucket(lanes, address);
  while (lane && !address_same_ip(&lane->address, address)) lane = lane->bucket_next;
  return lane;
}

/* So that no lane can be refused its rest. */
static bool lanes_rest_room(struct lanes *lanes) {
  if (lanes->count < lanes->rest_room) return true;
  size_t room = lanes->rest_room ? 2 * lanes->rest_room : 64;
  struct lane **grown = reallocarray(lanes->resting, room, sizeof(struct lane *));
  if (!grown) return false;
  lanes->resting = grown;
  lanes->rest_room = room;
  return true;
}

static struct lane *lanes_make(struct lanes *lanes, const union address *address) {
  struct lane *lane = lanes_rest_room(lanes) ? calloc(1, sizeof *lane) : NULL;
  if (!lane) return NULL;
  lanes->count++;
  struct lane **bucket = lanes_bucket(lanes, address);
  lane->address = *address;
  lane->bucket_next = *bucket;
  *bucket = lane;
  TAILQ_INIT(&lane->waiters);
  TAILQ_INSERT_TAIL(&lanes->ready, lane, link);
  return lane;
}

static void lanes_put(struct lanes *lanes, size_t place, struct lane *lane) {
  lanes->resting[place] = lane;
  lane->place = place;
}

/* To where it belongs, from a place that is free. */
static void lanes_sift(struct lanes *lanes, size_t place, struct lane *lane) {
  while (place && lane->until < lanes->resting[(place - 1) / 2]->until) {
    lanes_put(lanes, place, lanes->resting[(place - 1) / 2]);
    place = (place - 1) / 2;
  }
  for (;;) {
    size_t child = 2 * place + 1;
    if (child + 1 < lanes->rest_count &&
        lanes->resting[child + 1]->until < lanes->resting[child]->until)
      child++;
    if (child >= lanes->rest_count || lanes->resting[child]->until >= lane->until) break;
    lanes_put(lanes, place, lanes->resting[child]);
    place = child;
  }
  lanes_put(lanes, place, lane);
}

static void lanes_unlink(struct lanes *lanes, struct lane *lane) {
  if (!lane->resting) {
    TAILQ_REMOVE(&lanes->ready, lane, link);
    return;
  }
  lane->resting = false;
  struct lane *last = lanes->resting[--lanes->rest_count];
  if (last != lane) lanes_sift(lanes, lane->place, last);
}

static void lanes_drop(struct lanes *lanes, struct lane *lane) {
  struct lane **at = lanes_bucket(lanes, &lane->address);
  while (*at != lane) at = &(*at)->bucket_next;
  *at = lane->bucket_next;
  lanes_unlink(lanes, lane);
  lanes->count--;
  free(lane);
}

enum err lanes_add(struct lanes *lanes, const union address *address, struct waiter *waiter) {
  struct lane *lane = lanes_find(lanes, address);
  if (!lane) lane = lanes_make(lanes, address);
  if (!lane) return ERR_MEMORY;
  TAILQ_INSERT_TAIL(&lane->waiters, waiter, link);
  waiter->lane = lane;
  lane->count++;
  lanes->waiting++;
  return ERR_NONE;
}

void lanes_remove(struct lanes *lanes, struct waiter *waiter) {
  struct lane *lane = waiter->lane;
  if (!lane) return;
  TAILQ_REMOVE(&lane->waiters, waiter, link);
  waiter->lane = NULL;
  lane->count--;
  lanes->waiting--;
  if (TAILQ_EMPTY(&lane->waiters)) lanes_drop(lanes, lane);
}

void lanes_free(struct lanes *lanes) {
  if (!lanes) return;
  for (size_t i = 0; i < LANES_BUCKETS; i++)
    while (lanes->buckets[i]) lanes_remove(lanes, TAILQ_FIRST(&lanes->buckets[i]->waiters));
  free(lanes->resting);
  free(lanes);
}

static void lane_ready(struct lanes *lanes, struct lane *lane) {
  lanes_unlink(lanes, lane);
  TAILQ_INSERT_TAIL(&lanes->ready, lane, link);
}

struct lane *lanes_next(struct lanes *lanes, uint64_t now) {
  while (lanes->rest_count && lanes->resting[0]->until <= now) lane_ready(lanes, lanes->resting[0]);
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
  lanes_sift(lanes, lanes->rest_count++, lane);
}

void lanes_wake(struct lanes *lanes, const union address *address) {
  struct lane *lane = lanes_find(lanes, address);
  if (lane && lane->resting) lane_ready(lanes, lane);
}

uint64_t lanes_until(const struct lanes *lanes) {
  if (!TAILQ_EMPTY(&lanes->ready)) return 0;
  return lanes->rest_count ? lanes->resting[0]->until : LANES_NEVER;
}

size_t lanes_waiting(const struct lanes *lanes) {
  return lanes->waiting;
}

size_t lanes_waiting_at(struct lanes *lanes, const union address *address) {
  const struct lane *lane = lanes_find(lanes, address);
  return lane ? lane->count : 0;
}
