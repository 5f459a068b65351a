#include "scanner/smtp/port_watch.h"

#include <pthread.h>
#include <stdlib.h>

enum {
  PORT_WATCH_V4_PREFIX_OCTETS = 2,
  PORT_WATCH_V6_PREFIX_OCTETS = 4,
  PORT_WATCH_SECOND_NS = 1000000000,
};

struct port_watch_network {
  unsigned char octets[PORT_WATCH_V6_PREFIX_OCTETS];
  unsigned len;
};

struct port_watch_greeting {
  struct port_watch_network network;
  char domain[PORT_WATCH_NAME_MAX];
  size_t domain_len;
};

struct port_watch {
  pthread_mutex_t lock;
  bool reached, failed;
  uint64_t first; /* that failed */
  unsigned hosts;
  struct port_watch_network networks[PORT_WATCH_NETWORKS];
  unsigned network_count;
  bool differ; /* the greetings */
  char name[PORT_WATCH_NAME_MAX];
  size_t name_len;
  struct port_watch_greeting greetings[PORT_WATCH_GREETINGS];
  unsigned greeting_count;
};

enum err port_watch_new(struct port_watch **watch) {
  struct port_watch *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  pthread_mutex_init(&made->lock, NULL);
  *watch = made;
  return ERR_NONE;
}

void port_watch_free(struct port_watch *watch) {
  if (!watch) return;
  pthread_mutex_destroy(&watch->lock);
  free(watch);
}

void port_watch_reached(struct port_watch *watch) {
  pthread_mutex_lock(&watch->lock);
  watch->reached = true;
  pthread_mutex_unlock(&watch->lock);
}

static struct port_watch_network port_watch_network(const union address *address) {
  union address to = address_destination(address);
  struct span octets = address_octets(&to);
  struct port_watch_network network = {.len = octets.len == 4 ? PORT_WATCH_V4_PREFIX_OCTETS
                                                              : PORT_WATCH_V6_PREFIX_OCTETS};
  memcpy(network.octets, octets.ptr, network.len);
  return network;
}

static bool port_watch_same(const struct port_watch_network *a,
                            const struct port_watch_network *b) {
  return a->len == b->len && memcmp(a->octets, b->octets, a->len) == 0;
}

static void port_watch_add(struct port_watch *watch, const struct port_watch_network *network) {
  for (unsigned i = 0; i < watch->network_count; i++)
    if (port_watch_same(&watch->networks[i], network)) return;
  if (watch->network_count < PORT_WATCH_NETWORKS)
    watch->networks[watch->network_count++] = *network;
}

void port_watch_failed(struct port_watch *watch, const union address *address, bool last,
                       uint64_t now) {
  struct port_watch_network network = port_watch_network(address);
  pthread_mutex_lock(&watch->lock);
  if (!watch->failed) watch->first = now;
  watch->failed = true;
  watch->hosts += last;
  port_watch_add(watch, &network);
  pthread_mutex_unlock(&watch->lock);
}

enum port_watch_state port_watch_state(struct port_watch *watch, uint64_t now) {
  const uint64_t wait = (uint64_t)PORT_WATCH_S * PORT_WATCH_SECOND_NS;
  enum port_watch_state state = PORT_WATCH_UNSURE;
  pthread_mutex_lock(&watch->lock);
  bool late = watch->failed && now >= watch->first + wait;
  if (watch->reached)
    state = PORT_WATCH_OPEN;
  else if (watch->network_count >= (late ? PORT_WATCH_NETWORKS_LEAST : PORT_WATCH_NETWORKS))
    state = PORT_WATCH_CLOSED;
  else if (late)
    state = PORT_WATCH_DOUBTED;
  pthread_mutex_unlock(&watch->lock);
  return state;
}

static bool port_watch_is_stranger(const struct port_watch *watch, struct span domain,
                                   const struct port_watch_network *network) {
  for (unsigned i = 0; i < watch->greeting_count; i++) {
    const struct port_watch_greeting *known = &watch->greetings[i];
    struct span name = {known->domain, known->domain_len};
    if (span_equal(name, domain) || port_watch_same(&known->network, network)) return false;
  }
  return true;
}

static void port_watch_add_greeting(struct port_watch *watch, struct span domain,
                                    const struct port_watch_network *network, struct span name) {
  if (watch->greeting_count == 0) {
    memcpy(watch->name, name.ptr, name.len);
    watch->name_len = name.len;
  }
  if (!span_equal((struct span){watch->name, watch->name_len}, name)) watch->differ = true;
  if (watch->differ || watch->greeting_count == PORT_WATCH_GREETINGS ||
      !port_watch_is_stranger(watch, domain, network))
    return;
  struct port_watch_greeting *added = &watch->greetings[watch->greeting_count++];
  added->network = *network;
  memcpy(added->domain, domain.ptr, domain.len);
  added->domain_len = domain.len;
}

void port_watch_greeted(struct port_watch *watch, struct span domain, const union address *address,
                        struct span greeting) {
  struct port_watch_network network = port_watch_network(address);
  struct span name = span_cut(&greeting, ' '); /* RFC 5321 section 4.2 */
  if (name.len == 0 || name.len > PORT_WATCH_NAME_MAX || domain.len > PORT_WATCH_NAME_MAX) return;
  pthread_mutex_lock(&watch->lock);
  port_watch_add_greeting(watch, domain, &network, name);
  pthread_mutex_unlock(&watch->lock);
}

struct span port_watch_redirected(const struct port_watch *watch) {
  if (watch->differ || watch->greeting_count < PORT_WATCH_GREETINGS) return (struct span){0};
  return (struct span){watch->name, watch->name_len};
}

struct port_watch_count port_watch_count(struct port_watch *watch) {
  pthread_mutex_lock(&watch->lock);
  struct port_watch_count count = {watch->hosts, watch->network_count};
  pthread_mutex_unlock(&watch->lock);
  return count;
}
