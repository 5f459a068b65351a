/* The truth about every name: whether it exists, how its server behaves, how long that takes.
 * It follows from the name and a seed alone, so that what a scan says can be held against it.
 *
 * The domains n0.TLD, n1.TLD, ... exist under any TLD, each with a server of its own; no others do.
 * Pure. A struct world owns nothing.
 */
#ifndef INTERNET_WORLD_H
#define INTERNET_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORLD_CLASSES_MAX = 16, WORLD_CLASS_NAME_MAX = 15, WORLD_MS_MAX = 60000 };

enum world_kind { WORLD_ANSWERS, WORLD_REFUSES, WORLD_SILENT };

struct world_class {
  char name[WORLD_CLASS_NAME_MAX + 1];
  enum world_kind kind;
  double share; /* a weight: the sum over all classes is the whole */
  double low_ms, high_ms;
};

struct world {
  uint64_t seed;
  double deployed; /* percent of the names that answer and have an MTA-STS record */
  struct world_class classes[WORLD_CLASSES_MAX];
  size_t count;
};

struct world_place {
  const struct world_class *class;
  double ms; /* the name's own draw from its class: evenly between low and high */
  bool deployed;
  uint32_t server; /* 0 to WORLD_SERVERS - 1 */
};

enum { WORLD_SERVERS = 1 << 23 };

/* The classes of field measurements: 60% near, 30% mid, 5.5% far, 1% slow, 2% lame, 1.5% dead. */
void world_init(struct world *world);

/* "NAME=SHARE:LOW-HIGH" with ":refused" or ":silent" behind it for servers that do so. First: it
 * takes the place of all classes. False: it is none, or one too many. */
bool world_add(struct world *world, const char *text, bool first);

/* domain: lower case, without a final dot. False: no such domain. */
bool world_find(const struct world *world, const char *domain, struct world_place *place);

/* A hash of the octets, by the seed. */
uint64_t world_hash(uint64_t seed, const void *octets, size_t len);

/* 0 <= draw < 1, of a state that goes on. */
double world_draw(uint64_t *state);

#endif
