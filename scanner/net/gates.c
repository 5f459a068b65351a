#include "scanner/net/gates.h"

#include <pthread.h>
#include <stdlib.h>

enum {
  GATES_FIRST_SIZE = 256, /* a power of two, as every size */
  GATES_SECOND_NS = 1000000000,
  GATES_BUSY_WAIT_NS = 20000000, /* somebody will leave, nobody knows when */
};

#define GATES_MEMORY_NS ((uint64_t)GATES_MEMORY_S * GATES_SECOND_NS)

struct gate {
  struct gate *next; /* of its bucket */
  unsigned char octets[16];
  unsigned len;
  unsigned open;
  uint64_t due;      /* when the next connection may begin */
  unsigned rests;    /* in a row */
  uint64_t rest_end; /* of the last */
};

struct gates {
  pthread_mutex_t lock;
  unsigned at_once;
  uint64_t interval_ns; /* between new connections; 0: no limit */
  struct gate **buckets;
  size_t size;
  size_t count;
};

enum err gates_new(struct gates **gates, unsigned at_once, unsigned per_second) {
  struct gates *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->at_once = at_once;
  made->interval_ns = per_second ? 1 + (GATES_SECOND_NS - 1) / per_second : 0;
  made->size = GATES_FIRST_SIZE;
  made->buckets = calloc(made->size, sizeof(struct gate *));
  if (!made->buckets) {
    free(made);
    return ERR_MEMORY;
  }
  pthread_mutex_init(&made->lock, NULL);
  *gates = made;
  return ERR_NONE;
}

void gates_free(struct gates *gates) {
  if (!gates) return;
  for (size_t i = 0; i < gates->size; i++) {
    while (gates->buckets[i]) {
      struct gate *gate = gates->buckets[i];
      gates->buckets[i] = gate->next;
      free(gate);
    }
  }
  free(gates->buckets);
  pthread_mutex_destroy(&gates->lock);
  free(gates);
}

static size_t gates_hash(const struct gates *gates, struct span octets) {
  uint64_t hash = 0xcbf29ce484222325;
  for (size_t i = 0; i < octets.len; i++)
    hash = (hash ^ (unsigned char)octets.ptr[i]) * 0x100000001b3;
  return (size_t)(hash ^ hash >> 32) & (gates->size - 1);
}

static struct span gate_octets(const struct gate *gate) {
  return (struct span){(const char *)gate->octets, gate->len};
}

/* Nobody is inside, its rate would let anybody in, and its rests are long over: nothing is worth
 * remembering. */
static bool gate_is_idle(const struct gate *gate, uint64_t now) {
  bool rests = gate->rests && gate->rest_end + GATES_MEMORY_NS > now;
  return gate->open == 0 && gate->due <= now && !rests;
}

/* Takes the gate that *at leads to out. */
static void gates_forget(struct gates *gates, struct gate **at) {
  struct gate *gate = *at;
  *at = gate->next;
  free(gate);
  gates->count--;
}

/* The link to the gate of that address, or to the NULL where it would stand. Idle gates on the way
 * are forgotten. */
static struct gate **gates_find(struct gates *gates, struct span octets, uint64_t now) {
  struct gate **at = &gates->buckets[gates_hash(gates, octets)];
  while (*at && !span_equal(gate_octets(*at), octets)) {
    if (gate_is_idle(*at, now))
      gates_forget(gates, at);
    else
      at = &(*at)->next;
  }
  return at;
}

static void gates_sweep(struct gates *gates, uint64_t now) {
  for (size_t i = 0; i < gates->size; i++) {
    struct gate **at = &gates->buckets[i];
    while (*at) {
      if (gate_is_idle(*at, now))
        gates_forget(gates, at);
      else
        at = &(*at)->next;
    }
  }
}

/* Twice the buckets. No memory: the chains get longer. */
static void gates_grow(struct gates *gates) {
  struct gate **old = gates->buckets;
  size_t old_size = gates->size;
  struct gate **grown = calloc(2 * old_size, sizeof(struct gate *));
  if (!grown) return;
  gates->buckets = grown;
  gates->size = 2 * old_size;
  for (size_t i = 0; i < old_size; i++) {
    while (old[i]) {
      struct gate *gate = old[i];
      old[i] = gate->next;
      struct gate **bucket = &grown[gates_hash(gates, gate_octets(gate))];
      gate->next = *bucket;
      *bucket = gate;
    }
  }
  free(old);
}

/* A full map first forgets who is idle. Only if that leaves it more than half full does it grow, so
 * that its size goes by what is open or recent, and a sweep pays for itself. */
static void gates_make_room(struct gates *gates, uint64_t now) {
  if (gates->count < gates->size) return;
  gates_sweep(gates, now);
  if (gates->count > gates->size / 2) gates_grow(gates);
}

static struct gate *gates_make(struct gates *gates, struct gate **at, struct span octets) {
  struct gate *gate = calloc(1, sizeof *gate);
  if (!gate) return NULL;
  memcpy(gate->octets, octets.ptr, octets.len);
  gate->len = (unsigned)octets.len;
  *at = gate;
  gates->count++;
  return gate;
}

static enum err gates_try(struct gates *gates, struct gate *gate, uint64_t now, uint64_t *wait_ns) {
  if (gates->at_once && gate->open >= gates->at_once) {
    *wait_ns = GATES_BUSY_WAIT_NS;
    return ERR_REFUSED;
  }
  if (gate->due > now) {
    *wait_ns = gate->due - now;
    return ERR_REFUSED;
  }
  gate->open++;
  gate->due = now + gates->interval_ns;
  return ERR_NONE;
}

enum err gates_enter(struct gates *gates, const union address *address, uint64_t now,
                     uint64_t *wait_ns) {
  *wait_ns = 0;
  if (!gates) return ERR_NONE;
  union address to = address_destination(address);
  struct span octets = address_octets(&to);
  pthread_mutex_lock(&gates->lock);
  gates_make_room(gates, now);
  struct gate **at = gates_find(gates, octets, now);
  struct gate *gate = *at ? *at : gates_make(gates, at, octets);
  enum err err = gate ? gates_try(gates, gate, now, wait_ns) : ERR_MEMORY;
  pthread_mutex_unlock(&gates->lock);
  return err;
}

void gates_leave(struct gates *gates, const union address *address, uint64_t now) {
  if (!gates) return;
  union address to = address_destination(address);
  pthread_mutex_lock(&gates->lock);
  struct gate **at = gates_find(gates, address_octets(&to), now);
  if (*at) {
    (*at)->open--;
    if (gate_is_idle(*at, now)) gates_forget(gates, at);
  }
  pthread_mutex_unlock(&gates->lock);
}

/* Each rest in a row is twice as long as the one before. */
static uint64_t gate_rest_ns(const struct gate *gate, uint64_t asked_ns) {
  const uint64_t most = (uint64_t)GATES_REST_MAX_S * GATES_SECOND_NS;
  uint64_t own = (uint64_t)GATES_REST_FIRST_S * GATES_SECOND_NS << (gate->rests - 1);
  uint64_t rest = asked_ns > own ? asked_ns : own;
  return rest < most ? rest : most;
}

static void gate_rest(struct gate *gate, uint64_t asked_ns, uint64_t now) {
  if (gate->rests && gate->rest_end + GATES_MEMORY_NS <= now) gate->rests = 0;
  bool anew = gate->rests == 0 || gate->rest_end <= now;
  if (anew && gate->rests == GATES_RESTS_MAX) return;
  gate->rests += anew;
  uint64_t until = now + gate_rest_ns(gate, asked_ns);
  if (until > gate->rest_end) gate->rest_end = until;
  if (until > gate->due) gate->due = until;
}

void gates_rest(struct gates *gates, const union address *address, uint64_t asked_ns,
                uint64_t now) {
  if (!gates) return;
  union address to = address_destination(address);
  struct span octets = address_octets(&to);
  pthread_mutex_lock(&gates->lock);
  struct gate **at = gates_find(gates, octets, now);
  struct gate *gate = *at ? *at : gates_make(gates, at, octets);
  if (gate) gate_rest(gate, asked_ns, now);
  pthread_mutex_unlock(&gates->lock);
}

void gates_relieve(struct gates *gates, const union address *address, uint64_t now) {
  if (!gates) return;
  union address to = address_destination(address);
  pthread_mutex_lock(&gates->lock);
  struct gate **at = gates_find(gates, address_octets(&to), now);
  if (*at) (*at)->rests = 0;
  pthread_mutex_unlock(&gates->lock);
}

size_t gates_count(struct gates *gates) {
  pthread_mutex_lock(&gates->lock);
  size_t count = gates->count;
  pthread_mutex_unlock(&gates->lock);
  return count;
}
