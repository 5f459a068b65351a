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

struct connect_queue {
  struct siphash_key key;
  struct lane *buckets[CONNECT_QUEUE_BUCKETS];
  struct lane_list ready;
  /* A heap: none is ready before its parent, the first before all. Room for every lane. */
  struct lane **resting;
  size_t rest_count, rest_room;
  size_t count; /* of lanes */
  size_t waiting;
  uint32_t near[CONNECT_QUEUE_PREFIXES]; /* of these, by their prefix */
};

enum err connect_queue_new(struct connect_queue **queue) {
  struct connect_queue *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  TAILQ_INIT(&made->ready);
  made->key = siphash_key();
  *queue = made;
  return ERR_NONE;
}

static struct lane **connect_queue_bucket(struct connect_queue *queue,
                                          const union address *address) {
  return &queue->buckets[siphash_text(queue->key, address_octets(address)) % CONNECT_QUEUE_BUCKETS];
}

static size_t connect_queue_near(const struct connect_queue *queue, const union address *address) {
  return siphash_text(queue->key, address_prefix(address_octets(address))) % CONNECT_QUEUE_PREFIXES;
}

static struct lane *connect_queue_find(struct connect_queue *queue, const union address *address) {
  struct lane *lane = *connect_queue_bucket(queue, address);
  while (lane && !address_same_ip(&lane->address, address)) lane = lane->bucket_next;
  return lane;
}

/* So that no lane can be refused its rest. */
static bool connect_queue_rest_room(struct connect_queue *queue) {
  if (queue->count < queue->rest_room) return true;
  size_t room = queue->rest_room ? 2 * queue->rest_room : 64;
  struct lane **grown = reallocarray(queue->resting, room, sizeof(struct lane *));
  if (!grown) return false;
  queue->resting = grown;
  queue->rest_room = room;
  return true;
}

static struct lane *connect_queue_make(struct connect_queue *queue, const union address *address) {
  struct lane *lane = connect_queue_rest_room(queue) ? calloc(1, sizeof *lane) : NULL;
  if (!lane) return NULL;
  queue->count++;
  struct lane **bucket = connect_queue_bucket(queue, address);
  lane->address = *address;
  lane->bucket_next = *bucket;
  *bucket = lane;
  TAILQ_INIT(&lane->waiters);
  TAILQ_INSERT_TAIL(&queue->ready, lane, link);
  return lane;
}

static void connect_queue_put(struct connect_queue *queue, size_t place, struct lane *lane) {
  queue->resting[place] = lane;
  lane->place = place;
}

/* To where it belongs, from a place that is free. */
static void connect_queue_sift(struct connect_queue *queue, size_t place, struct lane *lane) {
  while (place && lane->until < queue->resting[(place - 1) / 2]->until) {
    connect_queue_put(queue, place, queue->resting[(place - 1) / 2]);
    place = (place - 1) / 2;
  }
  for (;;) {
    size_t child = 2 * place + 1;
    if (child + 1 < queue->rest_count &&
        queue->resting[child + 1]->until < queue->resting[child]->until)
      child++;
    if (child >= queue->rest_count || queue->resting[child]->until >= lane->until) break;
    connect_queue_put(queue, place, queue->resting[child]);
    place = child;
  }
  connect_queue_put(queue, place, lane);
}

static void connect_queue_unlink(struct connect_queue *queue, struct lane *lane) {
  if (!lane->resting) {
    TAILQ_REMOVE(&queue->ready, lane, link);
    return;
  }
  lane->resting = false;
  struct lane *last = queue->resting[--queue->rest_count];
  if (last != lane) connect_queue_sift(queue, lane->place, last);
}

static void connect_queue_drop(struct connect_queue *queue, struct lane *lane) {
  struct lane **at = connect_queue_bucket(queue, &lane->address);
  while (*at != lane) at = &(*at)->bucket_next;
  *at = lane->bucket_next;
  connect_queue_unlink(queue, lane);
  queue->count--;
  free(lane);
}

enum err connect_queue_add(struct connect_queue *queue, const union address *address,
                           struct waiter *waiter) {
  struct lane *lane = connect_queue_find(queue, address);
  if (!lane) lane = connect_queue_make(queue, address);
  if (!lane) return ERR_MEMORY;
  TAILQ_INSERT_TAIL(&lane->waiters, waiter, link);
  lane->count++;
  queue->waiting++;
  queue->near[connect_queue_near(queue, &lane->address)]++;
  return ERR_NONE;
}

static struct waiter *connect_queue_pop(struct connect_queue *queue, struct lane *lane) {
  struct waiter *waiter = TAILQ_FIRST(&lane->waiters);
  TAILQ_REMOVE(&lane->waiters, waiter, link);
  lane->count--;
  queue->waiting--;
  queue->near[connect_queue_near(queue, &lane->address)]--;
  if (TAILQ_EMPTY(&lane->waiters)) connect_queue_drop(queue, lane);
  return waiter;
}

void connect_queue_free(struct connect_queue *queue) {
  if (!queue) return;
  for (size_t i = 0; i < CONNECT_QUEUE_BUCKETS; i++)
    while (queue->buckets[i]) connect_queue_pop(queue, queue->buckets[i]);
  free(queue->resting);
  free(queue);
}

static void lane_ready(struct connect_queue *queue, struct lane *lane) {
  connect_queue_unlink(queue, lane);
  TAILQ_INSERT_TAIL(&queue->ready, lane, link);
}

struct lane *connect_queue_next(struct connect_queue *queue, uint64_t now) {
  while (queue->rest_count && queue->resting[0]->until <= now) lane_ready(queue, queue->resting[0]);
  return TAILQ_FIRST(&queue->ready);
}

const union address *lane_address(const struct lane *lane) {
  return &lane->address;
}

struct waiter *connect_queue_take(struct connect_queue *queue, struct lane *lane) {
  lane_ready(queue, lane);
  return connect_queue_pop(queue, lane);
}

void connect_queue_rest(struct connect_queue *queue, struct lane *lane, uint64_t until) {
  connect_queue_unlink(queue, lane);
  lane->resting = true;
  lane->until = until;
  connect_queue_sift(queue, queue->rest_count++, lane);
}

void connect_queue_wake(struct connect_queue *queue, const union address *address) {
  struct lane *lane = connect_queue_find(queue, address);
  if (lane && lane->resting) lane_ready(queue, lane);
}

uint64_t connect_queue_until(const struct connect_queue *queue) {
  if (!TAILQ_EMPTY(&queue->ready)) return 0;
  return queue->rest_count ? queue->resting[0]->until : CONNECT_QUEUE_NEVER;
}

size_t connect_queue_waiting(const struct connect_queue *queue) {
  return queue->waiting;
}

size_t connect_queue_waiting_at(struct connect_queue *queue, const union address *address) {
  const struct lane *lane = connect_queue_find(queue, address);
  return lane ? lane->count : 0;
}

size_t connect_queue_waiting_near(const struct connect_queue *queue, const union address *address) {
  return queue->near[connect_queue_near(queue, address)];
}
