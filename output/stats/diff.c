#include "output/stats/diff.h"

#include "output/record/record_write.h"
#include <stdlib.h>

struct pair {
  struct state before, after;
  uint32_t before_detail, after_detail; /* rows of details, from 1; 0: none */
  uint32_t labels;                      /* where those of the newer stand, from 1; 0: none */
  bool before_chosen, after_chosen;     /* they meet the conditions */
};

struct item {
  uint32_t row;
  uint32_t change;
};

/* Of domains. */
struct rows {
  uint32_t *at;
  size_t count, room;
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
  uint64_t trends[CHANGE_BETTER + 1]; /* domains by their worst */
  uint64_t not_asked;
  bool heads; /* NEW says which scans it is of */
  struct rows still, known_rows;
  const struct known *known; /* may be NULL */
  struct text_counts details;
  char *labels; /* texts with a NUL behind each */
  size_t labels_len, labels_room;
  const struct filter *where;
  struct tally *tally; /* makes the facts that the conditions need */
};

enum err diff_new(struct diff **diff) {
  struct diff *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->key = siphash_key();
  *diff = made;
  return tally_new(&made->tally);
}

void diff_free(struct diff *diff) {
  if (!diff) return;
  text_counts_free(&diff->domains);
  free(diff->pairs);
  free(diff->items);
  free(diff->still.at);
  free(diff->known_rows.at);
  text_counts_free(&diff->details);
  free(diff->labels);
  tally_free(diff->tally);
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
  if (diff->domains.count > count)
    *pair = (struct pair){.before = state_unseen(), .after = state_unseen()};
  return pair;
}

static struct pair *diff_find(const struct diff *diff, struct span domain) {
  const struct text_counts_row *row = text_counts_find(&diff->domains, domain);
  return row ? &diff->pairs[row - diff->domains.rows] : NULL;
}

static bool result_deployed(const struct result *result) {
  return result->status == STATUS_VALID || result->status == STATUS_BROKEN;
}

/* The detail of the first error that the other state lacks, else of the first there is. */
static enum err detail_of(struct diff *diff, const struct result *result, const struct state *other,
                          uint32_t *row) {
  struct span chosen = {0};
  bool is_new = false;
  *row = 0;
  for (const struct finding *f = result->findings; f && !is_new; f = f->next) {
    if (finding_info(f->code)->severity != FINDING_ERROR || f->detail.len == 0) continue;
    is_new = !(other->codes[f->code / 64] >> (f->code % 64) & 1);
    if (is_new || !chosen.len) chosen = f->detail;
  }
  if (chosen.len == 0 ||
      (diff->details.count >= DIFF_DETAILS_MAX && !text_counts_find(&diff->details, chosen)))
    return ERR_NONE;
  const struct text_counts_row *found = text_counts_at(&diff->details, chosen);
  if (!found) return ERR_MEMORY;
  *row = (uint32_t)(found - diff->details.rows) + 1;
  return ERR_NONE;
}

static enum err is_chosen(struct diff *diff, const struct result *result, bool *chosen) {
  struct domain_facts facts;
  *chosen = true;
  if (diff->where->count == 0) return ERR_NONE;
  enum err err = tally_facts(diff->tally, result, &facts);
  struct dimension_domain domain = {.result = result, .facts = &facts, .tally = diff->tally};
  *chosen = err == ERR_NONE && filter_holds(diff->where, &domain);
  return err;
}

static enum err labels_append(struct diff *diff, struct span text) {
  size_t need = diff->labels_len + text.len + 1;
  if (need > diff->labels_room) {
    size_t room = 2 * need;
    char *grown = realloc(diff->labels, room);
    if (!grown) return ERR_MEMORY;
    diff->labels = grown;
    diff->labels_room = room;
  }
  memcpy(diff->labels + diff->labels_len, text.ptr, text.len);
  diff->labels[need - 1] = 0;
  diff->labels_len = need;
  return ERR_NONE;
}

/* Neighbours in a list often have the same: those of the last are not kept again. */
static enum err labels_keep(struct diff *diff, const struct result *result, uint32_t *at) {
  char text[DIFF_LABELS_SIZE];
  if (result->labels.count == 0) return ERR_NONE;
  struct json_writer json = json_writer_into(text, sizeof text);
  record_write_labels(&json, NULL, result->labels);
  struct span labels = json_writer_text(&json);
  if (json_writer_overflow(&json) || diff->labels_len + labels.len >= DIFF_LABELS_MAX)
    return ERR_NONE;
  size_t last = labels.len + 1;
  if (diff->labels_len < last ||
      memcmp(diff->labels + diff->labels_len - last, labels.ptr, labels.len) != 0) {
    enum err err = labels_append(diff, labels);
    if (err != ERR_NONE) return err;
  }
  *at = (uint32_t)(diff->labels_len - last) + 1;
  return ERR_NONE;
}

/* The newer of the two. */
static enum err pair_update(struct diff *diff, struct pair *pair, bool after,
                            const struct result *result) {
  struct state *state = after ? &pair->after : &pair->before;
  if (state->status != STATE_UNSEEN && result->at < state->at) return ERR_NONE;
  *state = state_of(result, diff->key);
  enum err err = is_chosen(diff, result, after ? &pair->after_chosen : &pair->before_chosen);
  if (err == ERR_NONE && (after || pair->after.status == STATE_UNSEEN))
    err = labels_keep(diff, result, &pair->labels);
  if (err != ERR_NONE) return err;
  return detail_of(diff, result, after ? &pair->before : &pair->after,
                   after ? &pair->after_detail : &pair->before_detail);
}

static enum err take_side(struct diff *diff, const struct result *result, bool after) {
  if (result->domain.len == 0) return ERR_NONE;
  bool deployed = result_deployed(result);
  struct pair *pair = deployed ? diff_pair(diff, result->domain) : diff_find(diff, result->domain);
  if (!pair) return deployed ? ERR_MEMORY : ERR_NONE;
  if (after) diff->only_new |= pair->before.status == STATE_UNSEEN;
  return pair_update(diff, pair, after, result);
}

static enum err take_old(void *context, const struct result *result) {
  return take_side(context, result, false);
}

static enum err take_new(void *context, const struct result *result) {
  return take_side(context, result, true);
}

/* OLD again, for the domains that it has only an older, or no, state of: those that were found in
 * NEW, and those whose first records were not of a deployed domain. */
static enum err take_again(void *context, const struct result *result) {
  struct diff *diff = context;
  struct pair *pair = result->domain.len ? diff_find(diff, result->domain) : NULL;
  return pair ? pair_update(diff, pair, false, result) : ERR_NONE;
}

static enum err diff_read(struct diff *diff, const struct diff_side *side, aggregate_each *each,
                          struct aggregate *aggregate) {
  struct aggregate_config config = {
      .paths = side->paths,
      .path_count = side->path_count,
      .threads = 1,
      .where = diff->where,
      .each = each,
      .context = diff,
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

static int still_compare(const void *left, const void *right, void *context) {
  struct item a = {*(const uint32_t *)left, 0}, b = {*(const uint32_t *)right, 0};
  return item_compare(&a, &b, context);
}

static enum err rows_add(struct rows *rows, size_t row) {
  if (rows->count == rows->room) {
    size_t room = rows->room ? 2 * rows->room : 256;
    uint32_t *grown = reallocarray(rows->at, room, sizeof *grown);
    if (!grown) return ERR_MEMORY;
    rows->at = grown;
    rows->room = room;
  }
  rows->at[rows->count++] = (uint32_t)row;
  return ERR_NONE;
}

static void rows_sort(struct rows *rows, struct diff *diff) {
  if (rows->count) qsort_r(rows->at, rows->count, sizeof *rows->at, still_compare, diff);
}

/* Whether a domain has errors, and all of them are known. */
static bool pair_is_known(const struct diff *diff, size_t row) {
  enum finding_code codes[FOUND_COUNT];
  const struct state *after = &diff->pairs[row].after;
  struct state none = state_unseen();
  if (!diff->known || after->status == STATE_UNSEEN) return false;
  size_t count = change_errors(after, &none, codes);
  for (size_t i = 0; i < count; i++)
    if (!known_has(diff->known, diff->domains.rows[row].text, codes[i], after->at)) return false;
  return count > 0;
}

static uint32_t changes_not_worse(uint32_t changes) {
  for (int i = 0; i < CHANGE_COUNT; i++)
    if (change_info((enum change)i)->trend == CHANGE_WORSE) changes &= ~((uint32_t)1 << i);
  return changes;
}

static enum err diff_compare_pair(struct diff *diff, size_t row) {
  struct pair *pair = &diff->pairs[row];
  if (!pair->before_chosen && !pair->after_chosen) return ERR_NONE;
  change_align(&pair->before, &pair->after);
  uint32_t changes = change_between(&pair->before, &pair->after);
  bool known = pair_is_known(diff, row);
  bool still = pair->before.status == STATUS_BROKEN && pair->after.status == STATUS_BROKEN;
  enum err err = ERR_NONE;
  if (known)
    err = rows_add(&diff->known_rows, row);
  else if (still)
    err = rows_add(&diff->still, row);
  if (err != ERR_NONE) return err;
  if (known) changes = changes_not_worse(changes);
  if (changes == (uint32_t)1 << CHANGE_GONE && diff->heads) {
    diff->not_asked++;
    return ERR_NONE;
  }
  /* The worst come first. */
  if (changes) diff->trends[change_info((enum change)__builtin_ctz(changes))->trend]++;
  return diff_add(diff, row, changes);
}

static enum err diff_compare(struct diff *diff) {
  enum err err = ERR_NONE;
  for (size_t row = 0; err == ERR_NONE && row < diff->domains.count; row++)
    err = diff_compare_pair(diff, row);
  if (diff->item_count)
    qsort_r(diff->items, diff->item_count, sizeof *diff->items, item_compare, diff);
  rows_sort(&diff->still, diff);
  rows_sort(&diff->known_rows, diff);
  return err;
}

/* Whether every file of NEW says which scan it is of. */
static bool has_heads(const struct aggregate *aggregate) {
  for (unsigned i = 0; i < aggregate->file_count; i++)
    if (aggregate->files[i].marks.count == 0) return false;
  return aggregate->file_count > 0;
}

enum err diff_run(struct diff *diff, const struct filter *where, const struct known *known,
                  const struct diff_side *old_side, const struct diff_side *new_side) {
  struct aggregate again = {0};
  diff->where = where;
  diff->known = known;
  enum err err = diff_read(diff, old_side, take_old, old_side->aggregate);
  if (err == ERR_NONE) err = diff_read(diff, new_side, take_new, new_side->aggregate);
  bool twice = diff->only_new || old_side->path_count > 1;
  if (err == ERR_NONE && twice) err = diff_read(diff, old_side, take_again, &again);
  aggregate_free(&again);
  if (err == ERR_NONE) diff->heads = has_heads(new_side->aggregate);
  return err == ERR_NONE ? diff_compare(diff) : err;
}

uint64_t diff_count(const struct diff *diff, enum change change) {
  return diff->counts[change];
}

uint64_t diff_domains(const struct diff *diff, enum change_trend trend) {
  return diff->trends[trend];
}

uint64_t diff_not_asked(const struct diff *diff) {
  return diff->not_asked;
}

size_t diff_changes(const struct diff *diff) {
  return diff->item_count;
}

static struct span detail_text(const struct diff *diff, uint32_t row) {
  return row ? diff->details.rows[row - 1].text : (struct span){0};
}

static struct diff_change change_of_row(const struct diff *diff, uint32_t row, uint32_t change) {
  const struct pair *pair = &diff->pairs[row];
  return (struct diff_change){
      .change = (enum change)change,
      .domain = diff->domains.rows[row].text,
      .before = &pair->before,
      .after = &pair->after,
      .before_detail = detail_text(diff, pair->before_detail),
      .after_detail = detail_text(diff, pair->after_detail),
      .labels = pair->labels ? span_of(diff->labels + pair->labels - 1) : (struct span){0},
  };
}

struct diff_change diff_change(const struct diff *diff, size_t index) {
  return change_of_row(diff, diff->items[index].row, diff->items[index].change);
}

size_t diff_still_broken(const struct diff *diff) {
  return diff->still.count;
}

struct diff_change diff_still(const struct diff *diff, size_t index) {
  return change_of_row(diff, diff->still.at[index], 0);
}

size_t diff_known(const struct diff *diff) {
  return diff->known_rows.count;
}

struct diff_change diff_known_at(const struct diff *diff, size_t index) {
  return change_of_row(diff, diff->known_rows.at[index], 0);
}
