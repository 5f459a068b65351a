#include "scanner/net/address_limits.h"

#include "output/base/siphash.h"
#include <pthread.h>
#include <stdlib.h>

enum {
  GATES_FIRST_SIZE = 256, /* a power of two, as every size */
  GATES_SECOND_NS = 1000000000,
  GATES_BUSY_WAIT_NS = 20000000, /* somebody will leave, nobody knows when */
  GATES_BUSY_MAX_NS = 200000000,
  GATES_BUSY_CROWD = 16, /* so many may come back at the same time */
  GATES_SPREAD_MAX_NS = 1000000000,
  GATES_OF_ONE = 2, /* gates of an address: its own, and its prefix's */
  GATES_V4_PREFIX_OCTETS = 3,
  GATES_V6_PREFIX_OCTETS = 8,
};

#define GATES_MEMORY_NS  ((uint64_t)GATES_MEMORY_S * GATES_SECOND_NS)
#define GATES_SILENCE_NS ((uint64_t)GATES_SILENCE_MEMORY_S * GATES_SECOND_NS)

struct gate {
  struct gate *next;        /* of its bucket */
  unsigned char octets[16]; /* of an address, or of a prefix: these have other lengths */
  unsigned len;
  unsigned open;
  unsigned refused;     /* since the last that entered or left */
  unsigned rests;       /* in a row */
  unsigned silences;    /* in a row */
  uint64_t due;         /* when the next connection may begin */
  uint64_t rest_end;    /* of the last */
  uint64_t silence_end; /* of what is remembered of it */
};

/* What one gate lets through. */
struct gate_width {
  unsigned at_once;     /* 0: no limit */
  uint64_t interval_ns; /* between new connections; 0: no limit */
};

struct gates {
  pthread_mutex_t lock;
  struct siphash_key key;
  struct gate_width address, prefix;
  struct gate **buckets;
  size_t size;
  size_t count;
};

/* Of a limit that is shared a part is at least one connection; a rate may be any fraction. */
static struct gate_width gate_width(uint64_t at_once, uint64_t per_second, unsigned parts) {
  uint64_t part = at_once / parts;
  if (at_once && part == 0) part = 1;
  return (struct gate_width){
      .at_once = part < UINT32_MAX ? (unsigned)part : UINT32_MAX,
      .interval_ns = per_second ? 1 + ((uint64_t)GATES_SECOND_NS * parts - 1) / per_second : 0,
  };
}

enum err gates_new(struct gates **gates, unsigned at_once, unsigned per_second, unsigned parts) {
  const uint64_t times = GATES_PREFIX_TIMES;
  struct gates *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->key = siphash_key();
  made->address = gate_width(at_once, per_second, parts);
  made->prefix = gate_width(times * at_once, times * per_second, parts);
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
  return (size_t)siphash_text(gates->key, octets) & (gates->size - 1);
}

static struct span gate_octets(const struct gate *gate) {
  return (struct span){(const char *)gate->octets, gate->len};
}

/* Nobody is inside, its rate would let anybody in, and its rests are long over: nothing is worth
 * remembering. */
static bool gate_is_idle(const struct gate *gate, uint64_t now) {
  bool rests = gate->rests && gate->rest_end + GATES_MEMORY_NS > now;
  bool silent = gate->silences && gate->silence_end > now;
  return gate->open == 0 && gate->due <= now && !rests && !silent;
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
  if (gates->count + GATES_OF_ONE <= gates->size) return;
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

/* The gate of those octets, made when there is none; NULL: no memory. */
static struct gate *gates_at(struct gates *gates, struct span octets, uint64_t now) {
  struct gate **at = gates_find(gates, octets, now);
  return *at ? *at : gates_make(gates, at, octets);
}

/* A crowd that is refused comes back one after the other, not all at once. */
static uint64_t gate_refuse(struct gate *gate, uint64_t wait_ns, uint64_t each_ns, uint64_t most) {
  uint64_t spread = (uint64_t)gate->refused * each_ns;
  if (gate->refused < UINT16_MAX) gate->refused++;
  return wait_ns + (spread < most ? spread : most);
}

static enum err gate_try(struct gate *gate, const struct gate_width *width, uint64_t now,
                         uint64_t *wait_ns) {
  if (width->at_once && gate->open >= width->at_once) {
    *wait_ns = gate_refuse(gate, GATES_BUSY_WAIT_NS, GATES_BUSY_WAIT_NS / GATES_BUSY_CROWD,
                           GATES_BUSY_MAX_NS);
    return ERR_REFUSED;
  }
  if (gate->due > now) {
    *wait_ns = gate_refuse(gate, gate->due - now, width->interval_ns, GATES_SPREAD_MAX_NS);
    return ERR_REFUSED;
  }
  gate->refused = 0;
  gate->open++;
  gate->due = now + width->interval_ns;
  return ERR_NONE;
}

static struct span gate_prefix(struct span octets) {
  return span_first(octets, octets.len == 4 ? GATES_V4_PREFIX_OCTETS : GATES_V6_PREFIX_OCTETS);
}

static bool gates_know_prefixes(const struct gates *gates) {
  return gates->prefix.at_once || gates->prefix.interval_ns;
}

static enum err gates_try_prefix(struct gates *gates, struct span prefix, uint64_t now,
                                 uint64_t *wait_ns) {
  struct gate *gate = gates_at(gates, prefix, now);
  return gate ? gate_try(gate, &gates->prefix, now, wait_ns) : ERR_MEMORY;
}

static enum err gates_try(struct gates *gates, struct span octets, uint64_t now,
                          uint64_t *wait_ns) {
  struct gate *gate = gates_at(gates, octets, now);
  if (!gate) return ERR_MEMORY;
  uint64_t due = gate->due;
  enum err err = gate_try(gate, &gates->address, now, wait_ns);
  if (err != ERR_NONE || !gates_know_prefixes(gates)) return err;
  err = gates_try_prefix(gates, gate_prefix(octets), now, wait_ns);
  if (err == ERR_NONE) return ERR_NONE;
  struct gate **at = gates_find(gates, octets, now); /* as if it had not been tried */
  (*at)->open--;
  (*at)->due = due;
  if (gate_is_idle(*at, now)) gates_forget(gates, at);
  return err;
}

enum err gates_enter(struct gates *gates, const union address *address, uint64_t now,
                     uint64_t *wait_ns) {
  *wait_ns = 0;
  if (!gates) return ERR_NONE;
  union address to = address_destination(address);
  pthread_mutex_lock(&gates->lock);
  gates_make_room(gates, now);
  enum err err = gates_try(gates, address_octets(&to), now, wait_ns);
  pthread_mutex_unlock(&gates->lock);
  return err;
}

static void gates_leave_one(struct gates *gates, struct span octets, uint64_t now) {
  struct gate **at = gates_find(gates, octets, now);
  if (!*at) return;
  (*at)->open--;
  (*at)->refused = 0;
  if (gate_is_idle(*at, now)) gates_forget(gates, at);
}

void gates_leave(struct gates *gates, const union address *address, uint64_t now) {
  if (!gates) return;
  union address to = address_destination(address);
  struct span octets = address_octets(&to);
  pthread_mutex_lock(&gates->lock);
  gates_leave_one(gates, octets, now);
  if (gates_know_prefixes(gates)) gates_leave_one(gates, gate_prefix(octets), now);
  pthread_mutex_unlock(&gates->lock);
}

void gates_hear(struct gates *gates, const union address *address, bool silent, uint64_t now) {
  if (!gates) return;
  union address to = address_destination(address);
  struct span octets = address_octets(&to);
  pthread_mutex_lock(&gates->lock);
  struct gate **at = gates_find(gates, octets, now);
  struct gate *gate = *at || !silent ? *at : gates_make(gates, at, octets);
  if (gate && (!silent || gate->silence_end <= now)) gate->silences = 0;
  if (gate && silent) {
    if (gate->silences < GATES_SILENCES) gate->silences++;
    gate->silence_end = now + GATES_SILENCE_NS;
  }
  pthread_mutex_unlock(&gates->lock);
}

bool gates_is_silent(struct gates *gates, const union address *address, uint64_t now) {
  if (!gates) return false;
  union address to = address_destination(address);
  pthread_mutex_lock(&gates->lock);
  const struct gate *gate = *gates_find(gates, address_octets(&to), now);
  bool silent = gate && gate->silences >= GATES_SILENCES && gate->silence_end > now;
  pthread_mutex_unlock(&gates->lock);
  return silent;
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
  struct gate *gate = gates_at(gates, octets, now);
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
