#include "output/stats/diff.h"

#include <stdlib.h>

struct pair {
  struct state before, after;
};

struct item {
  uint32_t row;
  uint32_t change;
};

struct diff {
  struct siphash_key key;
  struct text_counts domains; /* each row's index is that of its pair */
  struct pair *pairs;
  size_t pair_room;
  bool only_new; /* some domain is deployed in NEW and not in OLD */
  struct item *items;
  size_t item_count;
  uint64_t counts[CHANGE_COUNT];
};

enum err diff_new(struct diff **diff) {
  struct diff *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->key = siphash_key();
  *diff = made;
  return ERR_NONE;
}

void diff_free(struct diff *diff) {
  if (!diff) return;
  text_counts_free(&diff->domains);
  free(diff->pairs);
  free(diff->items);
  free(diff);
}

/* The pair of a domain, made when there is none; NULL: no memory. */
static struct pair *diff_pair(struct diff *diff, struct span domain) {
  size_t count = diff->domains.count;
  if (count == diff->pair_room) {
    size_t room = count ? 2 * count : 64;
    struct pair *grown = reallocarray(diff->pairs, room, sizeof *grown);
    if (!grown) return NULL;
    diff->pairs = grown;
    diff->pair_room = room;
  }
  const struct text_counts_row *row = text_counts_at(&diff->domains, domain);
  if (!row) return NULL;
  struct pair *pair = &diff->pairs[row - diff->domains.rows];
  if (diff->domains.count > count) *pair = (struct pair){state_unseen(), state_unseen()};
  return pair;
}

static struct pair *diff_find(const struct diff *diff, struct span domain) {
  const struct text_counts_row *row = text_counts_find(&diff->domains, domain);
  return row ? &diff->pairs[row - diff->domains.rows] : NULL;
}

static bool result_deployed(const struct result *result) {
  return result->status == STATUS_VALID || result->status == STATUS_BROKEN;
}

/* The newer of the two. */
static void state_update(struct state *state, const struct result *result, struct siphash_key key) {
  if (state->status == STATE_UNSEEN || result->at >= state->at) *state = state_of(result, key);
}

static enum err take_old(void *context, const struct result *result) {
  struct diff *diff = context;
  if (result->domain.len == 0) return ERR_NONE;
  struct pair *pair =
      result_deployed(result) ? diff_pair(diff, result->domain) : diff_find(diff, result->domain);
  if (pair)
    state_update(&pair->before, result, diff->key);
  else if (result_deployed(result))
    return ERR_MEMORY;
  return ERR_NONE;
}

static enum err take_new(void *context, const struct result *result) {
  struct diff *diff = context;
  if (result->domain.len == 0) return ERR_NONE;
  struct pair *pair =
      result_deployed(result) ? diff_pair(diff, result->domain) : diff_find(diff, result->domain);
  if (!pair) return result_deployed(result) ? ERR_MEMORY : ERR_NONE;
  state_update(&pair->after, result, diff->key);
  diff->only_new |= pair->before.status == STATE_UNSEEN;
  return ERR_NONE;
}

/* OLD again, for domains that are deployed in NEW alone. */
static enum err take_again(void *context, const struct result *result) {
  struct diff *diff = context;
  struct pair *pair = result->domain.len ? diff_find(diff, result->domain) : NULL;
  if (pair && !state_deployed(&pair->before)) state_update(&pair->before, result, diff->key);
  return ERR_NONE;
}

static enum err diff_read(struct diff *diff, char *path, aggregate_each *each,
                          struct aggregate *aggregate) {
  static const struct filter everything;
  struct aggregate_config config = {
      .paths = &path,
      .path_count = 1,
      .threads = 1,
      .where = &everything,
      .each = each,
      .each_context = diff,
  };
  return aggregate_run(aggregate, &config);
}

static enum err diff_add(struct diff *diff, size_t row, uint32_t changes) {
  for (; changes; changes &= changes - 1) {
    uint32_t change = (uint32_t)__builtin_ctz(changes);
    if (diff->item_count % 1024 == 0) {
      struct item *grown = reallocarray(diff->items, diff->item_count + 1024, sizeof *diff->items);
      if (!grown) return ERR_MEMORY;
      diff->items = grown;
    }
    diff->items[diff->item_count++] = (struct item){(uint32_t)row, change};
    diff->counts[change]++;
  }
  return ERR_NONE;
}

static uint32_t pair_rank(const struct pair *pair) {
  uint32_t rank = pair->after.rank ? pair->after.rank : pair->before.rank;
  return rank ? rank : UINT32_MAX;
}

static int item_compare(const void *left, const void *right, void *context) {
  const struct diff *diff = context;
  const struct item *a = left, *b = right;
  if (a->change != b->change) return a->change < b->change ? -1 : 1;
  uint32_t rank_a = pair_rank(&diff->pairs[a->row]), rank_b = pair_rank(&diff->pairs[b->row]);
  if (rank_a != rank_b) return rank_a < rank_b ? -1 : 1;
  return strcmp(diff->domains.rows[a->row].text.ptr, diff->domains.rows[b->row].text.ptr);
}

static enum err diff_compare(struct diff *diff) {
  enum err err = ERR_NONE;
  for (size_t row = 0; err == ERR_NONE && row < diff->domains.count; row++) {
    const struct pair *pair = &diff->pairs[row];
    err = diff_add(diff, row, change_between(&pair->before, &pair->after));
  }
  if (diff->item_count)
    qsort_r(diff->items, diff->item_count, sizeof *diff->items, item_compare, diff);
  return err;
}

enum err diff_run(struct diff *diff, char *old_path, char *new_path,
                  struct aggregate *old_aggregate, struct aggregate *new_aggregate) {
  struct aggregate again = {0};
  enum err err = diff_read(diff, old_path, take_old, old_aggregate);
  if (err == ERR_NONE) err = diff_read(diff, new_path, take_new, new_aggregate);
  if (err == ERR_NONE && diff->only_new) err = diff_read(diff, old_path, take_again, &again);
  aggregate_free(&again);
  return err == ERR_NONE ? diff_compare(diff) : err;
}

uint64_t diff_count(const struct diff *diff, enum change change) {
  return diff->counts[change];
}

size_t diff_changes(const struct diff *diff) {
  return diff->item_count;
}

struct diff_change diff_change(const struct diff *diff, size_t index) {
  const struct item *item = &diff->items[index];
  return (struct diff_change){
      .change = (enum change)item->change,
      .domain = diff->domains.rows[item->row].text,
      .before = &diff->pairs[item->row].before,
      .after = &diff->pairs[item->row].after,
  };
}
