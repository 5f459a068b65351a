#include "output/stats/series.h"

#include <stdlib.h>

enum err series_make(struct series *series, unsigned points) {
  *series = (struct series){.room = points};
  series->points = calloc(points, sizeof *series->points);
  if (!series->points) return ERR_MEMORY;
  return follow_new(&series->follow, points);
}

void series_free(struct series *series) {
  free(series->points);
  free(series->broken);
  follow_free(series->follow);
  *series = (struct series){0};
}

bool series_keep(const struct result *result, struct result *kept) {
  if (!follow_wants(result)) return false;
  *kept = (struct result){.domain = result->domain, .status = result->status, .n = result->n};
  return true;
}

enum err series_take(struct series *series, const struct result *kept, bool counts) {
  if (!counts) return ERR_NONE; /* there is a newer one, or it is not chosen */
  return follow_take(series->follow, series->reading, kept);
}

static uint64_t deployed_of(const uint64_t columns[COUNTS_COLUMNS]) {
  return columns[COUNTS_VALID] + columns[COUNTS_BROKEN];
}

static struct series_asked series_asked_of(const struct statistics *statistics) {
  const struct counts *counts = &statistics->counts;
  struct series_asked asked = {.probed = statistics->mail.counts.all.at[MAIL_PROBED]};
  if (statistics_asked_mx(statistics)) {
    asked.mx = counts->mx_known;
    asked.with_mx = counts->with_mx[COUNTS_DOMAINS];
    asked.with_mx_deployed = deployed_of(counts->with_mx);
  }
  for (int i = 0; i < ASKED_DMARC_COUNT; i++) {
    asked.dmarc += counts->dmarc[i][COUNTS_DOMAINS];
    asked.dmarc_deployed[i] = deployed_of(counts->dmarc[i]);
  }
  for (int i = 0; i < ASKED_SPF_COUNT; i++) {
    asked.spf += counts->spf[i][COUNTS_DOMAINS];
    asked.spf_deployed[i] = deployed_of(counts->spf[i]);
    if (i < ASKED_SPF_NO_ALL || i > ASKED_SPF_MULTIPLE) continue;
    asked.spf_faulty += counts->spf[i][COUNTS_DOMAINS];
    asked.spf_faulty_deployed += deployed_of(counts->spf[i]);
  }
  return asked;
}

enum err series_add(struct series *series, const char *name, const struct aggregate *aggregate,
                    const struct statistics *statistics) {
  if (series->count == series->room) return ERR_LIMIT;
  struct series_point *point = &series->points[series->count];
  *point = (struct series_point){
      .number = series->reading,
      .records = aggregate->records,
      .deployed = statistics_deployed(statistics),
      .counts = statistics->counts,
      .asked = series_asked_of(statistics),
  };
  memcpy(point->name, name, strnlen(name, SERIES_NAME_MAX));
  for (unsigned i = 0; i < aggregate->file_count; i++) {
    const struct aggregate_file *file = &aggregate->files[i];
    if (file->first == 0) continue;
    if (point->from == 0 || file->first < point->from) point->from = file->first;
    if (file->last > point->to) point->to = file->last;
  }
  if (point->from == 0) return ERR_END;
  series->count++;
  series->reading++;
  return ERR_NONE;
}

static int point_compare(const void *left, const void *right) {
  const struct series_point *a = left, *b = right;
  if (a->from != b->from) return a->from < b->from ? -1 : 1;
  if (a->to != b->to) return a->to < b->to ? -1 : 1;
  return a->number < b->number ? -1 : a->number > b->number;
}

static bool is_same_scan(const struct series_point *one, const struct series_point *other) {
  return one->from == other->from && one->to == other->to && one->records == other->records &&
         memcmp(&one->counts, &other->counts, sizeof one->counts) == 0;
}

static enum err series_follow(struct series *series) {
  unsigned order[SERIES_POINTS_MAX];
  struct follow_changes *changes = calloc(series->room, sizeof *changes);
  if (!changes) return ERR_MEMORY;
  for (unsigned i = 0; i < series->count; i++) order[i] = series->points[i].number;
  follow_count(series->follow, order, changes);
  for (unsigned i = 0; i < series->count; i++) series->points[i].changes = changes[i];
  free(changes);
  return follow_list(series->follow, order, &series->broken, &series->broken_count);
}

enum err series_order(struct series *series, unsigned *one) {
  qsort(series->points, series->count, sizeof *series->points, point_compare);
  for (*one = 0; *one + 1 < series->count; ++*one)
    if (is_same_scan(&series->points[*one], &series->points[*one + 1])) return ERR_REFUSED;
  return series_follow(series);
}

/* Without the suffix, if something is left. */
static struct span without(struct span name, struct span suffix) {
  bool ends = span_ends(name, suffix) && name.len > suffix.len &&
              name.ptr[name.len - suffix.len - 1] != '/';
  return ends ? span_first(name, name.len - suffix.len) : name;
}

void series_name(const char *path, bool whole, char name[SERIES_NAME_MAX + 1]) {
  struct span text = span_of(path);
  while (text.len > 1 && text.ptr[text.len - 1] == '/') text.len--;
  const char *slash = memrchr(text.ptr, '/', text.len);
  if (slash && !whole && text.len > 1) text = span_skip(text, (size_t)(slash - text.ptr) + 1);
  struct span suffixes[] = {SPAN(".gz"), SPAN(".ndjson"), SPAN(".jsonl"), SPAN(".json")};
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) text = without(text, suffixes[i]);
  if (text.len > SERIES_NAME_MAX) text = span_skip(text, text.len - SERIES_NAME_MAX);
  memcpy(name, text.ptr, text.len);
  name[text.len] = 0;
}
