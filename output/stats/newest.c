#include "output/stats/newest.h"

#include "output/base/siphash.h"
#include "output/base/temporary_file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NEWEST_TIME_MAX ((int64_t)1 << 47) /* the year 6429 */

enum { INDEX_BITS = 8 };

struct entry {
  uint64_t name;  /* the domain's hash */
  uint64_t order; /* time, then file: the greatest counts */
  uint64_t facts; /* packed; or the index of a kept one, and KEPT */
};

#define KEPT ((uint64_t)1 << 63)

struct part {
  struct entry block[NEWEST_BLOCK];
  size_t used;
  uint32_t *written; /* numbers of its blocks in the file */
  size_t written_count, written_room;
};

struct newest {
  struct siphash_key key;
  struct domain_facts *kept;
  size_t kept_count, kept_room;
  int fd; /* -1: nothing was written yet */
  uint32_t blocks;
  struct part parts[NEWEST_PARTS];
};

enum err newest_new(struct newest **newest) {
  struct newest *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->key = siphash_key();
  made->fd = -1;
  *newest = made;
  return ERR_NONE;
}

void newest_free(struct newest *newest) {
  if (!newest) return;
  if (newest->fd >= 0) close(newest->fd);
  for (int i = 0; i < NEWEST_PARTS; i++) free(newest->parts[i].written);
  free(newest->kept);
  free(newest);
}

/* Room for one more element behind the count that there are. */
static bool grow(void **array, size_t size, size_t count, size_t *room) {
  if (count < *room) return true;
  size_t more = *room ? 2 * *room : 16;
  void *grown = reallocarray(*array, more, size);
  if (!grown) return false;
  *array = grown;
  *room = more;
  return true;
}

static enum err transfer(int fd, void *at, size_t size, off_t offset, bool out) {
  char *next = at;
  while (size) {
    ssize_t n = out ? pwrite(fd, next, size, offset) : pread(fd, next, size, offset);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = EIO;
    if (n <= 0) return ERR_IO;
    next += n;
    size -= (size_t)n;
    offset += n;
  }
  return ERR_NONE;
}

static enum err part_write(struct newest *newest, struct part *part) {
  if (newest->fd < 0) newest->fd = temporary_file_open();
  if (newest->fd < 0) return ERR_IO;
  if (!grow((void **)&part->written, sizeof *part->written, part->written_count,
            &part->written_room))
    return ERR_MEMORY;
  off_t offset = (off_t)newest->blocks * (off_t)sizeof part->block;
  enum err err = transfer(newest->fd, part->block, sizeof part->block, offset, true);
  if (err != ERR_NONE) return err;
  part->written[part->written_count++] = newest->blocks++;
  part->used = 0;
  return ERR_NONE;
}

static enum err newest_keep(struct newest *newest, const struct domain_facts *facts,
                            uint64_t *bits) {
  if (!grow((void **)&newest->kept, sizeof *newest->kept, newest->kept_count, &newest->kept_room))
    return ERR_MEMORY;
  *bits = KEPT | newest->kept_count;
  newest->kept[newest->kept_count++] = *facts;
  return ERR_NONE;
}

enum err newest_add(struct newest *newest, struct span domain, unsigned file, int64_t at,
                    const struct domain_facts *facts) {
  uint64_t time = at < 0 ? 0 : (uint64_t)(at < NEWEST_TIME_MAX ? at : NEWEST_TIME_MAX - 1);
  struct entry entry = {siphash_text(newest->key, domain), time << 16 | file, 0};
  struct part *part = &newest->parts[entry.name % NEWEST_PARTS];
  enum err err = ERR_NONE;
  if (!domain_facts_pack(facts, &entry.facts)) err = newest_keep(newest, facts, &entry.facts);
  if (err == ERR_NONE && part->used == NEWEST_BLOCK) err = part_write(newest, part);
  if (err == ERR_NONE) part->block[part->used++] = entry;
  return err;
}

/* The entries of one part of all ledgers, and a table of their domains. */
struct settlement {
  struct newest *const *ledgers;
  unsigned newest_count;
  struct entry *entries; /* the ledger's index stands above a packed mark, or below KEPT */
  size_t count;
  uint32_t *slots; /* 1 + the entry that counts, of each domain; 0: free */
  bool *mixed;     /* of a slot: several files have the domain */
  size_t size;     /* of slots: a power of two */
};

static size_t part_count(const struct part *part) {
  return part->written_count * NEWEST_BLOCK + part->used;
}

static enum err part_load(const struct newest *newest, const struct part *part,
                          struct entry *entries) {
  enum err err = ERR_NONE;
  for (size_t i = 0; err == ERR_NONE && i < part->written_count; i++) {
    off_t offset = (off_t)part->written[i] * (off_t)sizeof part->block;
    err = transfer(newest->fd, entries + i * NEWEST_BLOCK, sizeof part->block, offset, false);
  }
  if (part->used)
    memcpy(entries + part->written_count * NEWEST_BLOCK, part->block, part->used * sizeof *entries);
  return err;
}

static enum err settlement_load(struct settlement *s, int number) {
  for (unsigned i = 0; i < s->newest_count; i++) {
    const struct part *part = &s->ledgers[i]->parts[number];
    size_t more = part_count(part);
    enum err err = part_load(s->ledgers[i], part, s->entries + s->count);
    if (err != ERR_NONE) return err;
    for (size_t j = s->count; j < s->count + more; j++)
      s->entries[j].facts |= (uint64_t)i << DOMAIN_FACTS_PACKED_BITS;
    s->count += more;
  }
  return ERR_NONE;
}

/* The slot of a domain, or the free one where it would stand. */
static size_t settlement_slot(const struct settlement *s, uint64_t name) {
  size_t slot = (name / NEWEST_PARTS) & (s->size - 1);
  while (s->slots[slot] && s->entries[s->slots[slot] - 1].name != name)
    slot = (slot + 1) & (s->size - 1);
  return slot;
}

/* Finds the newest entry of each domain. */
static void settlement_compare(struct settlement *s) {
  for (size_t i = 0; i < s->count; i++) {
    size_t slot = settlement_slot(s, s->entries[i].name);
    if (s->slots[slot] == 0) {
      s->slots[slot] = (uint32_t)i + 1;
      continue;
    }
    uint64_t best = s->entries[s->slots[slot] - 1].order, order = s->entries[i].order;
    if ((best & 0xffff) != (order & 0xffff)) s->mixed[slot] = true;
    if (order > best) s->slots[slot] = (uint32_t)i + 1;
  }
}

static enum err settlement_take(const struct settlement *s, newest_take *take, void *context,
                                uint64_t *duplicates) {
  for (size_t i = 0; i < s->count; i++) {
    size_t slot = settlement_slot(s, s->entries[i].name);
    if (s->mixed[slot] && s->slots[slot] != i + 1) {
      (*duplicates)++;
      continue;
    }
    uint64_t bits = s->entries[i].facts & (((uint64_t)1 << DOMAIN_FACTS_PACKED_BITS) - 1);
    unsigned index = s->entries[i].facts >> DOMAIN_FACTS_PACKED_BITS & ((1 << INDEX_BITS) - 1);
    bool kept = s->entries[i].facts & KEPT;
    struct domain_facts facts = kept ? s->ledgers[index]->kept[bits] : domain_facts_unpack(bits);
    enum err err = take(context, index, &facts);
    if (err != ERR_NONE) return err;
  }
  return ERR_NONE;
}

static enum err settle_part(struct newest *const *ledgers, unsigned count, int number,
                            newest_take *take, void *context, uint64_t *duplicates) {
  struct settlement s = {.ledgers = ledgers, .newest_count = count, .size = 2};
  size_t entries = 0;
  for (unsigned i = 0; i < count; i++) entries += part_count(&ledgers[i]->parts[number]);
  while (s.size < 2 * entries) s.size *= 2;
  s.entries = calloc(entries + 1, sizeof *s.entries);
  s.slots = calloc(s.size, sizeof *s.slots);
  s.mixed = calloc(s.size, sizeof *s.mixed);
  enum err err = ERR_MEMORY;
  if (s.entries && s.slots && s.mixed) err = settlement_load(&s, number);
  if (err == ERR_NONE) settlement_compare(&s);
  if (err == ERR_NONE) err = settlement_take(&s, take, context, duplicates);
  free(s.entries);
  free(s.slots);
  free(s.mixed);
  return err;
}

enum err newest_settle(struct newest *const *ledgers, unsigned count, newest_take *take,
                       void *context, uint64_t *duplicates) {
  enum err err = ERR_NONE;
  *duplicates = 0;
  for (int part = 0; err == ERR_NONE && part < NEWEST_PARTS; part++)
    err = settle_part(ledgers, count, part, take, context, duplicates);
  return err;
}
