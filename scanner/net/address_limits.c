#include "scanner/net/address_limits.h"

#include "output/base/siphash.h"
#include <pthread.h>
#include <stdlib.h>

enum {
  ADDRESS_LIMITS_FIRST_SIZE = 256, /* a power of two, as every size */
  ADDRESS_LIMITS_SECOND_NS = 1000000000,
  ADDRESS_LIMITS_BUSY_WAIT_NS = 20000000, /* somebody will leave, nobody knows when */
  ADDRESS_LIMITS_BUSY_MAX_NS = 200000000,
  ADDRESS_LIMITS_BUSY_CROWD = 16, /* so many may come back at the same time */
  ADDRESS_LIMITS_SPREAD_MAX_NS = 1000000000,
  ADDRESS_LIMITS_OF_ONE = 2, /* limits of an address: its own, and its prefix's */
};

#define ADDRESS_LIMITS_MEMORY_NS ((uint64_t)ADDRESS_LIMITS_MEMORY_S * ADDRESS_LIMITS_SECOND_NS)
#define ADDRESS_LIMITS_SILENCE_NS                                                                  \
  ((uint64_t)ADDRESS_LIMITS_SILENCE_MEMORY_S * ADDRESS_LIMITS_SECOND_NS)

struct address_limit {
  struct address_limit *next; /* of its bucket */
  unsigned char octets[16];   /* of an address, or of a prefix: these have other lengths */
  unsigned len;
  unsigned open;
  unsigned refused;     /* since the last that entered or left */
  unsigned rests;       /* in a row */
  unsigned silences;    /* in a row */
  uint64_t due;         /* when the next connection may begin */
  uint64_t rest_end;    /* of the last */
  uint64_t silence_end; /* of what is remembered of it */
};

/* What one limit allows. */
struct address_limit_width {
  unsigned at_once;     /* 0: no limit */
  uint64_t interval_ns; /* between new connections; 0: no limit */
};

struct address_limits {
  pthread_mutex_t lock;
  struct siphash_key key;
  struct address_limit_width address, prefix;
  struct address_limit **buckets;
  size_t size;
  size_t count;
  struct address_limits_account account;
};

/* Of a limit that is shared a part is at least one connection; a rate may be any fraction. */
static struct address_limit_width address_limit_width(uint64_t at_once, uint64_t per_second,
                                                      unsigned parts) {
  uint64_t part = at_once / parts;
  if (at_once && part == 0) part = 1;
  return (struct address_limit_width){
      .at_once = part < UINT32_MAX ? (unsigned)part : UINT32_MAX,
      .interval_ns =
          per_second ? 1 + ((uint64_t)ADDRESS_LIMITS_SECOND_NS * parts - 1) / per_second : 0,
  };
}

enum err address_limits_new(struct address_limits **limits, unsigned at_once, unsigned per_second,
                            unsigned parts) {
  const uint64_t times = ADDRESS_LIMITS_PREFIX_TIMES;
  struct address_limits *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->key = siphash_key();
  made->address = address_limit_width(at_once, per_second, parts);
  made->prefix = address_limit_width(times * at_once, times * per_second, parts);
  made->size = ADDRESS_LIMITS_FIRST_SIZE;
  made->buckets = calloc(made->size, sizeof(struct address_limit *));
  if (!made->buckets) {
    free(made);
    return ERR_MEMORY;
  }
  pthread_mutex_init(&made->lock, NULL);
  *limits = made;
  return ERR_NONE;
}

void address_limits_free(struct address_limits *limits) {
  if (!limits) return;
  for (size_t i = 0; i < limits->size; i++) {
    while (limits->buckets[i]) {
      struct address_limit *limit = limits->buckets[i];
      limits->buckets[i] = limit->next;
      free(limit);
    }
  }
  free(limits->buckets);
  pthread_mutex_destroy(&limits->lock);
  free(limits);
}

static size_t address_limits_hash(const struct address_limits *limits, struct span octets) {
  return (size_t)siphash_text(limits->key, octets) & (limits->size - 1);
}

static struct span address_limit_octets(const struct address_limit *limit) {
  return (struct span){(const char *)limit->octets, limit->len};
}

/* Nobody is inside, its rate would let anybody in, and its rests are long over: nothing is worth
 * remembering. */
static bool address_limit_is_idle(const struct address_limit *limit, uint64_t now) {
  bool rests = limit->rests && limit->rest_end + ADDRESS_LIMITS_MEMORY_NS > now;
  bool silent = limit->silences && limit->silence_end > now;
  return limit->open == 0 && limit->due <= now && !rests && !silent;
}

/* Takes out the limit that *at leads to. */
static void address_limits_forget(struct address_limits *limits, struct address_limit **at) {
  struct address_limit *limit = *at;
  *at = limit->next;
  free(limit);
  limits->count--;
}

/* The link to the limit of that address, or to the NULL where it would stand. Idle ones on the way
 * are forgotten. */
static struct address_limit **address_limits_find(struct address_limits *limits, struct span octets,
                                                  uint64_t now) {
  struct address_limit **at = &limits->buckets[address_limits_hash(limits, octets)];
  while (*at && !span_equal(address_limit_octets(*at), octets)) {
    if (address_limit_is_idle(*at, now))
      address_limits_forget(limits, at);
    else
      at = &(*at)->next;
  }
  return at;
}

static void address_limits_sweep(struct address_limits *limits, uint64_t now) {
  for (size_t i = 0; i < limits->size; i++) {
    struct address_limit **at = &limits->buckets[i];
    while (*at) {
      if (address_limit_is_idle(*at, now))
        address_limits_forget(limits, at);
      else
        at = &(*at)->next;
    }
  }
}

/* Twice the buckets. No memory: the chains get longer. */
static void address_limits_grow(struct address_limits *limits) {
  struct address_limit **old = limits->buckets;
  size_t old_size = limits->size;
  struct address_limit **grown = calloc(2 * old_size, sizeof(struct address_limit *));
  if (!grown) return;
  limits->buckets = grown;
  limits->size = 2 * old_size;
  for (size_t i = 0; i < old_size; i++) {
    while (old[i]) {
      struct address_limit *limit = old[i];
      old[i] = limit->next;
      struct address_limit **bucket =
          &grown[address_limits_hash(limits, address_limit_octets(limit))];
      limit->next = *bucket;
      *bucket = limit;
    }
  }
  free(old);
}

/* A full map first forgets who is idle. Only if that leaves it more than half full does it grow, so
 * that its size goes by what is open or recent, and a sweep pays for itself. */
static void address_limits_make_room(struct address_limits *limits, uint64_t now) {
  if (limits->count + ADDRESS_LIMITS_OF_ONE <= limits->size) return;
  address_limits_sweep(limits, now);
  if (limits->count > limits->size / 2) address_limits_grow(limits);
}

static struct address_limit *address_limits_make(struct address_limits *limits,
                                                 struct address_limit **at, struct span octets) {
  struct address_limit *limit = calloc(1, sizeof *limit);
  if (!limit) return NULL;
  memcpy(limit->octets, octets.ptr, octets.len);
  limit->len = (unsigned)octets.len;
  *at = limit;
  limits->count++;
  return limit;
}

/* The limit of those octets, made when there is none; NULL: no memory. */
static struct address_limit *address_limits_at(struct address_limits *limits, struct span octets,
                                               uint64_t now) {
  struct address_limit **at = address_limits_find(limits, octets, now);
  return *at ? *at : address_limits_make(limits, at, octets);
}

/* A crowd that is refused comes back one after the other, not all at once. */
static uint64_t address_limit_refuse(struct address_limit *limit, uint64_t wait_ns,
                                     uint64_t each_ns, uint64_t most) {
  uint64_t spread = (uint64_t)limit->refused * each_ns;
  if (limit->refused < UINT16_MAX) limit->refused++;
  return wait_ns + (spread < most ? spread : most);
}

static enum err address_limit_try(struct address_limit *limit,
                                  const struct address_limit_width *width, uint64_t now,
                                  uint64_t *wait_ns) {
  if (width->at_once && limit->open >= width->at_once) {
    *wait_ns = address_limit_refuse(limit, ADDRESS_LIMITS_BUSY_WAIT_NS,
                                    ADDRESS_LIMITS_BUSY_WAIT_NS / ADDRESS_LIMITS_BUSY_CROWD,
                                    ADDRESS_LIMITS_BUSY_MAX_NS);
    return ERR_REFUSED;
  }
  if (limit->due > now) {
    *wait_ns = address_limit_refuse(limit, limit->due - now, width->interval_ns,
                                    ADDRESS_LIMITS_SPREAD_MAX_NS);
    return ERR_REFUSED;
  }
  limit->refused = 0;
  limit->open++;
  limit->due = now + width->interval_ns;
  return ERR_NONE;
}

static bool address_limits_know_prefixes(const struct address_limits *limits) {
  return limits->prefix.at_once || limits->prefix.interval_ns;
}

static enum err address_limits_try_prefix(struct address_limits *limits, struct span prefix,
                                          uint64_t now, uint64_t *wait_ns) {
  struct address_limit *limit = address_limits_at(limits, prefix, now);
  return limit ? address_limit_try(limit, &limits->prefix, now, wait_ns) : ERR_MEMORY;
}

static enum err address_limits_try(struct address_limits *limits, struct span octets, uint64_t now,
                                   uint64_t *wait_ns) {
  struct address_limit *limit = address_limits_at(limits, octets, now);
  if (!limit) return ERR_MEMORY;
  uint64_t due = limit->due;
  enum err err = address_limit_try(limit, &limits->address, now, wait_ns);
  if (err != ERR_NONE || !address_limits_know_prefixes(limits)) return err;
  err = address_limits_try_prefix(limits, address_prefix(octets), now, wait_ns);
  if (err == ERR_NONE) return ERR_NONE;
  struct address_limit **at =
      address_limits_find(limits, octets, now); /* as if it had not been tried */
  (*at)->open--;
  (*at)->due = due;
  if (address_limit_is_idle(*at, now)) address_limits_forget(limits, at);
  return err;
}

enum err address_limits_enter(struct address_limits *limits, const union address *address,
                              uint64_t now, uint64_t *wait_ns) {
  *wait_ns = 0;
  if (!limits) return ERR_NONE;
  union address to = address_destination(address);
  pthread_mutex_lock(&limits->lock);
  address_limits_make_room(limits, now);
  enum err err = address_limits_try(limits, address_octets(&to), now, wait_ns);
  limits->account.connections += err == ERR_NONE;
  pthread_mutex_unlock(&limits->lock);
  return err;
}

static void address_limits_leave_one(struct address_limits *limits, struct span octets,
                                     uint64_t now) {
  struct address_limit **at = address_limits_find(limits, octets, now);
  if (!*at) return;
  (*at)->open--;
  (*at)->refused = 0;
  if (address_limit_is_idle(*at, now)) address_limits_forget(limits, at);
}

void address_limits_leave(struct address_limits *limits, const union address *address,
                          uint64_t now) {
  if (!limits) return;
  union address to = address_destination(address);
  struct span octets = address_octets(&to);
  pthread_mutex_lock(&limits->lock);
  address_limits_leave_one(limits, octets, now);
  if (address_limits_know_prefixes(limits))
    address_limits_leave_one(limits, address_prefix(octets), now);
  pthread_mutex_unlock(&limits->lock);
}

void address_limits_hear(struct address_limits *limits, const union address *address, bool silent,
                         uint64_t now) {
  if (!limits) return;
  union address to = address_destination(address);
  struct span octets = address_octets(&to);
  pthread_mutex_lock(&limits->lock);
  struct address_limit **at = address_limits_find(limits, octets, now);
  struct address_limit *limit = *at || !silent ? *at : address_limits_make(limits, at, octets);
  if (limit && (!silent || limit->silence_end <= now)) limit->silences = 0;
  if (limit && silent) {
    if (limit->silences < ADDRESS_LIMITS_SILENCES) limit->silences++;
    limit->silence_end = now + ADDRESS_LIMITS_SILENCE_NS;
  }
  pthread_mutex_unlock(&limits->lock);
}

bool address_limits_is_silent(struct address_limits *limits, const union address *address,
                              uint64_t now) {
  if (!limits) return false;
  union address to = address_destination(address);
  pthread_mutex_lock(&limits->lock);
  const struct address_limit *limit = *address_limits_find(limits, address_octets(&to), now);
  bool silent = limit && limit->silences >= ADDRESS_LIMITS_SILENCES && limit->silence_end > now;
  pthread_mutex_unlock(&limits->lock);
  return silent;
}

/* Each rest in a row is twice as long as the one before. */
static uint64_t address_limit_rest_ns(const struct address_limit *limit, uint64_t asked_ns) {
  const uint64_t most = (uint64_t)ADDRESS_LIMITS_REST_MAX_S * ADDRESS_LIMITS_SECOND_NS;
  uint64_t own = (uint64_t)ADDRESS_LIMITS_REST_FIRST_S * ADDRESS_LIMITS_SECOND_NS
                 << (limit->rests - 1);
  uint64_t rest = asked_ns > own ? asked_ns : own;
  return rest < most ? rest : most;
}

/* Whether it began anew. */
static bool address_limit_rest(struct address_limit *limit, uint64_t asked_ns, uint64_t now) {
  if (limit->rests && limit->rest_end + ADDRESS_LIMITS_MEMORY_NS <= now) limit->rests = 0;
  bool anew = limit->rests == 0 || limit->rest_end <= now;
  if (anew && limit->rests == ADDRESS_LIMITS_RESTS_MAX) return false;
  limit->rests += anew;
  uint64_t until = now + address_limit_rest_ns(limit, asked_ns);
  if (until > limit->rest_end) limit->rest_end = until;
  if (until > limit->due) limit->due = until;
  return anew;
}

void address_limits_rest(struct address_limits *limits, const union address *address,
                         uint64_t asked_ns, uint64_t now) {
  if (!limits) return;
  union address to = address_destination(address);
  struct span octets = address_octets(&to);
  pthread_mutex_lock(&limits->lock);
  struct address_limit *limit = address_limits_at(limits, octets, now);
  if (limit) limits->account.rests += address_limit_rest(limit, asked_ns, now);
  pthread_mutex_unlock(&limits->lock);
}

void address_limits_relieve(struct address_limits *limits, const union address *address,
                            uint64_t now) {
  if (!limits) return;
  union address to = address_destination(address);
  pthread_mutex_lock(&limits->lock);
  struct address_limit **at = address_limits_find(limits, address_octets(&to), now);
  if (*at) (*at)->rests = 0;
  pthread_mutex_unlock(&limits->lock);
}

struct address_limits_account address_limits_account(struct address_limits *limits) {
  pthread_mutex_lock(&limits->lock);
  struct address_limits_account account = limits->account;
  pthread_mutex_unlock(&limits->lock);
  return account;
}

size_t address_limits_count(struct address_limits *limits) {
  pthread_mutex_lock(&limits->lock);
  size_t count = limits->count;
  pthread_mutex_unlock(&limits->lock);
  return count;
}
