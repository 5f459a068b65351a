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
  uint64_t facts; /* packed; or the index of a kept one, and KEPT; or a number */
  uint32_t group; /* of packed ones, as are asked and hosts_row */
  uint32_t n;     /* of two of one order the greatest counts */
  uint32_t asked, hosts_row;
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
  bool numbers;
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

static struct entry entry_of(const struct newest *newest, const struct newest_record *record) {
  int64_t at = record->at;
  uint64_t time = at < 0 ? 0 : (uint64_t)(at < NEWEST_TIME_MAX ? at : NEWEST_TIME_MAX - 1);
  return (struct entry){
      .name = siphash_text(newest->key, record->domain),
      .order = time << 16 | record->file,
      .n = record->n < UINT32_MAX ? (uint32_t)record->n : UINT32_MAX,
  };
}

static enum err newest_put(struct newest *newest, const struct entry *entry) {
  struct part *part = &newest->parts[entry->name % NEWEST_PARTS];
  enum err err = part->used == NEWEST_BLOCK ? part_write(newest, part) : ERR_NONE;
  if (err == ERR_NONE) part->block[part->used++] = *entry;
  return err;
}

enum err newest_add(struct newest *newest, const struct newest_record *record,
                    const struct domain_facts *facts) {
  struct entry entry = entry_of(newest, record);
  struct domain_facts plain = *facts;
  plain.group = 0;
  domain_facts_set_asked(&plain, 0, 0);
  entry.group = facts->group;
  entry.asked = facts->asked;
  entry.hosts_row = facts->hosts_row;
  enum err err = ERR_NONE;
  if (!domain_facts_pack(&plain, &entry.facts)) err = newest_keep(newest, facts, &entry.facts);
  return err == ERR_NONE ? newest_put(newest, &entry) : err;
}

enum err newest_add_number(struct newest *newest, const struct newest_record *record,
                           uint64_t number) {
  struct entry entry = entry_of(newest, record);
  newest->numbers = true;
  entry.facts = number;
  return newest_put(newest, &entry);
}

/* The entries of one part of them all, and a table of their domains. */
struct settlement {
  struct newest *const *all;
  unsigned newest_count;
  struct entry
      *entries; /* the index of its struct newest stands above packed facts, or below KEPT */
  size_t count;
  uint32_t *slots; /* 1 + the entry that counts, of each domain; 0: free */
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
    const struct part *part = &s->all[i]->parts[number];
    size_t more = part_count(part);
    enum err err = part_load(s->all[i], part, s->entries + s->count);
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

static bool is_newer(const struct entry *a, const struct entry *b) {
  return a->order != b->order ? a->order > b->order : a->n >= b->n;
}

/* Finds the newest entry of each domain. */
static void settlement_compare(struct settlement *s) {
  for (size_t i = 0; i < s->count; i++) {
    size_t slot = settlement_slot(s, s->entries[i].name);
    if (s->slots[slot] == 0 || is_newer(&s->entries[i], &s->entries[s->slots[slot] - 1]))
      s->slots[slot] = (uint32_t)i + 1;
  }
}

static enum err settlement_give(const struct settlement *s, const struct entry *entry,
                                newest_take *take, void *context) {
  uint64_t bits = entry->facts & (((uint64_t)1 << DOMAIN_FACTS_PACKED_BITS) - 1);
  unsigned index = entry->facts >> DOMAIN_FACTS_PACKED_BITS & ((1 << INDEX_BITS) - 1);
  if (s->all[index]->numbers) return take(context, index, NULL, bits);
  struct domain_facts facts;
  if (entry->facts & KEPT) {
    facts = s->all[index]->kept[bits];
  } else {
    facts = domain_facts_unpack(bits);
    facts.group = entry->group;
    domain_facts_set_asked(&facts, entry->asked, entry->hosts_row);
  }
  return take(context, index, &facts, 0);
}

/* Each domain has one slot, so that those are all that count. */
static enum err settlement_take(const struct settlement *s, newest_take *take, void *context,
                                uint64_t *duplicates) {
  enum err err = ERR_NONE;
  size_t counted = 0;
  for (size_t slot = 0; err == ERR_NONE && slot < s->size; slot++) {
    if (s->slots[slot] == 0) continue;
    counted++;
    err = settlement_give(s, &s->entries[s->slots[slot] - 1], take, context);
  }
  *duplicates += s->count - counted;
  return err;
}

static enum err settle_part(struct newest *const *all, unsigned count, int number,
                            newest_take *take, void *context, uint64_t *duplicates) {
  struct settlement s = {.all = all, .newest_count = count, .size = 2};
  size_t entries = 0;
  for (unsigned i = 0; i < count; i++) entries += part_count(&all[i]->parts[number]);
  while (s.size < 2 * entries) s.size *= 2;
  s.entries = calloc(entries + 1, sizeof *s.entries);
  s.slots = calloc(s.size, sizeof *s.slots);
  enum err err = ERR_MEMORY;
  if (s.entries && s.slots) err = settlement_load(&s, number);
  if (err == ERR_NONE) settlement_compare(&s);
  if (err == ERR_NONE) err = settlement_take(&s, take, context, duplicates);
  free(s.entries);
  free(s.slots);
  return err;
}

enum err newest_settle(struct newest *const *all, unsigned count, newest_take *take, void *context,
                       uint64_t *duplicates) {
  enum err err = ERR_NONE;
  *duplicates = 0;
  for (int part = 0; err == ERR_NONE && part < NEWEST_PARTS; part++)
    err = settle_part(all, count, part, take, context, duplicates);
  return err;
}
