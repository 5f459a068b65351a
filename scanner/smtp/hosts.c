#include "scanner/smtp/hosts.h"

#include "output/base/siphash.h"
#include <pthread.h>
#include <stdlib.h>

enum {
  HOSTS_BUCKETS = 32768, /* a power of two */
  HOSTS_CHANCES = 64,    /* that are given in a row: the lock is not held for longer */
};

#define HOSTS_AGE_NS ((uint64_t)HOSTS_AGE_S * 1000000000)

enum host_state { HOST_PENDING, HOST_TOLD, HOST_ABANDONED };

/* Octets that so many hosts have. */
struct host_shared {
  struct host_shared *next; /* of its bucket */
  size_t users, len;
  char octets[];
};

struct host_entry {
  struct host_entry *next; /* of its bucket */
  struct ring told;        /* of those that may go, who came longest ago first */
  struct ring waiters;
  unsigned posted; /* waiters that are still to take what was told */
  size_t waiting;  /* that are in the ring of waiters */
  enum host_state state;
  bool chance; /* it was asked for since it stands in the ring */
  uint64_t told_at;
  char *own; /* NULL: not told */
  size_t own_len;
  struct host_shared *shared; /* may be NULL */
  size_t name_len;
  char name[];
};

struct hosts {
  pthread_mutex_t lock;
  struct siphash_key key;
  struct ring told;
  size_t bytes_max;
  struct hosts_account account;
  struct host_entry *buckets[HOSTS_BUCKETS];
  struct host_shared *shared[HOSTS_BUCKETS];
};

enum err hosts_new(struct hosts **hosts, size_t bytes_max) {
  struct hosts *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  pthread_mutex_init(&made->lock, NULL);
  made->key = siphash_key();
  made->bytes_max = bytes_max;
  ring_init(&made->told);
  *hosts = made;
  return ERR_NONE;
}

struct span host_entry_name(const struct host_entry *entry) {
  return (struct span){entry->name, entry->name_len};
}

static size_t host_entry_size(const struct host_entry *entry) {
  return sizeof *entry + entry->name_len + entry->own_len;
}

uint64_t hosts_key(const struct hosts *hosts, struct span host) {
  uint64_t key = siphash_text(hosts->key, host);
  return key ? key : HOSTS_BUCKETS;
}

static size_t hosts_bucket(const struct hosts *hosts, struct span text) {
  return hosts_key(hosts, text) & (HOSTS_BUCKETS - 1);
}

static struct span host_shared_octets(const struct host_shared *shared) {
  return shared ? (struct span){shared->octets, shared->len} : (struct span){0};
}

/* The link to the piece with these octets, or to the NULL where it would stand. */
static struct host_shared **hosts_find_shared(struct hosts *hosts, struct span octets) {
  struct host_shared **at = &hosts->shared[hosts_bucket(hosts, octets)];
  while (*at && !span_equal(host_shared_octets(*at), octets)) at = &(*at)->next;
  return at;
}

/* For one host more. NULL: no memory. */
static struct host_shared *hosts_share(struct hosts *hosts, struct span octets) {
  struct host_shared **at = hosts_find_shared(hosts, octets), *shared = *at;
  if (!shared) {
    *at = shared = calloc(1, sizeof *shared + octets.len);
    if (!shared) return NULL;
    shared->len = octets.len;
    memcpy(shared->octets, octets.ptr, octets.len);
    hosts->account.shared++;
    hosts->account.bytes += sizeof *shared + shared->len;
  }
  shared->users++;
  return shared;
}

static void hosts_unshare(struct hosts *hosts, struct host_shared *shared) {
  if (!shared || --shared->users) return;
  *hosts_find_shared(hosts, host_shared_octets(shared)) = shared->next;
  hosts->account.shared--;
  hosts->account.bytes -= sizeof *shared + shared->len;
  free(shared);
}

/* The link to the entry of that name, or to the NULL where it would stand. */
static struct host_entry **hosts_find(struct hosts *hosts, struct span name) {
  struct host_entry **at = &hosts->buckets[hosts_bucket(hosts, name)];
  while (*at && !span_equal(host_entry_name(*at), name)) at = &(*at)->next;
  return at;
}

static void host_entry_forget(struct hosts *hosts, struct host_entry *entry) {
  hosts->account.bytes -= entry->own_len;
  free(entry->own);
  entry->own = NULL;
  entry->own_len = 0;
  hosts_unshare(hosts, entry->shared);
  entry->shared = NULL;
}

static void hosts_remove(struct hosts *hosts, struct host_entry *entry) {
  struct host_entry **at = hosts_find(hosts, host_entry_name(entry));
  *at = entry->next;
  ring_remove(&entry->told);
  host_entry_forget(hosts, entry);
  hosts->account.count--;
  hosts->account.bytes -= host_entry_size(entry);
  free(entry);
}

void hosts_free(struct hosts *hosts) {
  if (!hosts) return;
  for (size_t i = 0; i < HOSTS_BUCKETS; i++)
    while (hosts->buckets[i]) hosts_remove(hosts, hosts->buckets[i]);
  pthread_mutex_destroy(&hosts->lock);
  free(hosts);
}

/* Who was asked for since he came to the front goes to the end once more. */
static void hosts_make_room(struct hosts *hosts) {
  unsigned chances = 0;
  while (hosts->account.bytes > hosts->bytes_max && !ring_empty(&hosts->told)) {
    struct host_entry *oldest = CONTAINER_OF(hosts->told.next, struct host_entry, told);
    if (oldest->chance && chances++ < HOSTS_CHANCES) {
      oldest->chance = false;
      ring_remove(&oldest->told);
      ring_append(&hosts->told, &oldest->told);
    } else {
      hosts_remove(hosts, oldest);
      hosts->account.evicted++;
    }
  }
}

/* Only what nobody is still to take may go. */
static void hosts_unpin(struct hosts *hosts, struct host_entry *entry) {
  if (entry->posted || !ring_empty(&entry->waiters)) return;
  if (entry->state == HOST_ABANDONED) {
    hosts_remove(hosts, entry);
  } else if (entry->state == HOST_TOLD) {
    ring_remove(&entry->told);
    ring_append(&hosts->told, &entry->told);
    hosts_make_room(hosts);
  }
}

static struct host_entry *hosts_make(struct hosts *hosts, struct host_entry **at,
                                     struct span name) {
  struct host_entry *entry = calloc(1, sizeof *entry + name.len);
  if (!entry) return NULL;
  memcpy(entry->name, name.ptr, name.len);
  entry->name_len = name.len;
  ring_init(&entry->told);
  ring_init(&entry->waiters);
  entry->state = HOST_ABANDONED; /* nobody visits it yet */
  *at = entry;
  hosts->account.count++;
  hosts->account.bytes += host_entry_size(entry);
  return entry;
}

/* What is too old is forgotten; who is still to take it has it all the same. */
static void host_entry_age(struct hosts *hosts, struct host_entry *entry, uint64_t now) {
  if (entry->state != HOST_TOLD || entry->posted || now < entry->told_at + HOSTS_AGE_NS) return;
  host_entry_forget(hosts, entry);
  entry->state = HOST_ABANDONED;
  ring_remove(&entry->told);
}

static enum hosts_end host_entry_give(struct host_entry *entry, struct hosts_waiter *waiter,
                                      struct arena *arena, struct host_evidence *evidence) {
  if (entry->state == HOST_TOLD) {
    struct span own = {entry->own, entry->own_len};
    struct span copy = arena_join(arena, own, host_shared_octets(entry->shared));
    *evidence = (struct host_evidence){span_first(copy, own.len), span_skip(copy, own.len)};
    return copy.ptr ? HOSTS_KNOWN : HOSTS_FAILED;
  }
  bool yours = entry->state == HOST_ABANDONED;
  entry->state = HOST_PENDING;
  waiter->entry = entry;
  entry->waiting++;
  ring_init(&waiter->message.link);
  ring_append(&entry->waiters, &waiter->link);
  return yours ? HOSTS_YOURS : HOSTS_PENDING;
}

enum hosts_end hosts_ask(struct hosts *hosts, struct span host, uint64_t now,
                         struct hosts_waiter *waiter, struct arena *arena,
                         struct host_evidence *evidence) {
  enum hosts_end end = HOSTS_FAILED;
  waiter->entry = NULL;
  waiter->posted = false;
  pthread_mutex_lock(&hosts->lock);
  struct host_entry **at = hosts_find(hosts, host);
  bool met = *at != NULL;
  struct host_entry *entry = met ? *at : hosts_make(hosts, at, host);
  if (entry) {
    entry->chance = met;
    host_entry_age(hosts, entry, now);
    end = host_entry_give(entry, waiter, arena, evidence);
  }
  pthread_mutex_unlock(&hosts->lock);
  return end;
}

enum hosts_end hosts_take(struct hosts *hosts, struct hosts_waiter *waiter, struct arena *arena,
                          struct host_evidence *evidence) {
  struct host_entry *entry = waiter->entry;
  waiter->entry = NULL;
  waiter->posted = false;
  pthread_mutex_lock(&hosts->lock);
  entry->posted--;
  enum hosts_end end = host_entry_give(entry, waiter, arena, evidence);
  hosts_unpin(hosts, entry);
  pthread_mutex_unlock(&hosts->lock);
  return end;
}

void hosts_leave(struct hosts *hosts, struct hosts_waiter *waiter) {
  struct host_entry *entry = waiter->entry;
  if (!entry) return;
  pthread_mutex_lock(&hosts->lock);
  if (waiter->posted) {
    inbox_withdraw(waiter->inbox, &waiter->message);
    entry->posted--;
  } else {
    ring_remove(&waiter->link);
    entry->waiting--;
  }
  hosts_unpin(hosts, entry);
  pthread_mutex_unlock(&hosts->lock);
  waiter->entry = NULL;
  waiter->posted = false;
}

static void host_entry_post(struct host_entry *entry) {
  while (!ring_empty(&entry->waiters)) {
    struct hosts_waiter *waiter = CONTAINER_OF(entry->waiters.next, struct hosts_waiter, link);
    ring_remove(&waiter->link);
    waiter->posted = true;
    entry->waiting--;
    entry->posted++;
    inbox_post(waiter->inbox, &waiter->message);
  }
}

static void hosts_end_visit(struct hosts *hosts, struct host_entry *entry, enum host_state state) {
  entry->state = state;
  host_entry_post(entry);
  hosts_unpin(hosts, entry);
}

/* False: no memory. */
static bool host_entry_keep(struct hosts *hosts, struct host_entry *entry,
                            const struct host_evidence *evidence) {
  entry->own = malloc(evidence->own.len + 1);
  if (!entry->own) return false;
  if (evidence->own.len) memcpy(entry->own, evidence->own.ptr, evidence->own.len);
  entry->own_len = evidence->own.len;
  hosts->account.bytes += entry->own_len;
  if (!evidence->shared.len) return true;
  entry->shared = hosts_share(hosts, evidence->shared);
  if (!entry->shared) host_entry_forget(hosts, entry);
  return entry->shared;
}

enum err hosts_tell(struct hosts *hosts, struct host_entry *entry,
                    const struct host_evidence *evidence, uint64_t now) {
  pthread_mutex_lock(&hosts->lock);
  bool kept = host_entry_keep(hosts, entry, evidence);
  entry->told_at = now;
  hosts_end_visit(hosts, entry, kept ? HOST_TOLD : HOST_ABANDONED);
  pthread_mutex_unlock(&hosts->lock);
  return kept ? ERR_NONE : ERR_MEMORY;
}

void hosts_abandon(struct hosts *hosts, struct host_entry *entry) {
  pthread_mutex_lock(&hosts->lock);
  hosts_end_visit(hosts, entry, HOST_ABANDONED);
  pthread_mutex_unlock(&hosts->lock);
}

size_t hosts_waiting(struct hosts *hosts, uint64_t key) {
  pthread_mutex_lock(&hosts->lock);
  const struct host_entry *entry = hosts->buckets[key & (HOSTS_BUCKETS - 1)];
  while (entry && hosts_key(hosts, host_entry_name(entry)) != key) entry = entry->next;
  size_t waiting = entry ? entry->waiting : 0;
  pthread_mutex_unlock(&hosts->lock);
  return waiting;
}

struct hosts_account hosts_account(struct hosts *hosts) {
  pthread_mutex_lock(&hosts->lock);
  struct hosts_account account = hosts->account;
  pthread_mutex_unlock(&hosts->lock);
  return account;
}
