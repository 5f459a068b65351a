#include "output/stats/completeness.h"

#include "output/base/number.h"
#include <stdlib.h>

enum { NOTE_SIZE = 512 };

static struct completeness_set *set_of(struct completeness *made, const struct scan_mark *mark) {
  for (size_t i = 0; i < made->set_count; i++)
    if (made->sets[i].lists == mark->lists && made->sets[i].shards == mark->shards)
      return &made->sets[i];
  if (made->set_count == COMPLETENESS_SETS_MAX) return NULL;
  bool is_new = true;
  for (size_t i = 0; i < made->set_count; i++) is_new &= made->sets[i].lists != mark->lists;
  struct completeness_set *set = &made->sets[made->set_count];
  *set = (struct completeness_set){.lists = mark->lists, .shards = mark->shards};
  set->seen = calloc(mark->shards, 1);
  if (!set->seen) return NULL;
  made->set_count++;
  made->lists += is_new;
  return set;
}

/* Of several scans of one shard the last in the order of the files counts. */
static enum err take_file(struct completeness *made, const struct aggregate_file *file) {
  if (file->marks.err != ERR_NONE) return file->marks.err;
  made->unknown += file->marks.count == 0;
  for (size_t i = 0; i < file->marks.count; i++) {
    const struct scan_mark *mark = &file->marks.at[i];
    struct completeness_set *set = set_of(made, mark);
    if (!set) return made->set_count == COMPLETENESS_SETS_MAX ? ERR_LIMIT : ERR_MEMORY;
    set->seen[mark->shard] = mark->ended ? COMPLETENESS_ENDED : COMPLETENESS_UNFINISHED;
  }
  return ERR_NONE;
}

enum err completeness_make(struct completeness *made, const struct aggregate *aggregate) {
  *made = (struct completeness){0};
  made->sets = calloc(COMPLETENESS_SETS_MAX, sizeof *made->sets);
  enum err err = made->sets ? ERR_NONE : ERR_MEMORY;
  for (unsigned i = 0; err == ERR_NONE && i < aggregate->file_count; i++)
    err = take_file(made, &aggregate->files[i]);
  for (size_t i = 0; i < made->set_count; i++)
    for (unsigned shard = 0; shard < made->sets[i].shards; shard++) {
      made->sets[i].there += made->sets[i].seen[shard] != COMPLETENESS_MISSING;
      made->sets[i].unfinished += made->sets[i].seen[shard] == COMPLETENESS_UNFINISHED;
    }
  return err;
}

void completeness_free(struct completeness *made) {
  for (size_t i = 0; i < made->set_count; i++) free(made->sets[i].seen);
  free(made->sets);
  *made = (struct completeness){0};
}

bool completeness_is_whole(const struct completeness *made) {
  for (size_t i = 0; i < made->set_count; i++)
    if (made->sets[i].there < made->sets[i].shards || made->sets[i].unfinished) return false;
  return made->set_count && made->unknown == 0;
}

/* "1, 3-7, 9", cut off after COMPLETENESS_TOLD_MAX of these. */
static void print_missing(char text[NOTE_SIZE], const struct completeness_set *set) {
  int used = 0, told = 0;
  for (unsigned first = 0; first < set->shards; first++) {
    if (set->seen[first] != COMPLETENESS_MISSING) continue;
    unsigned last = first;
    while (last + 1 < set->shards && set->seen[last + 1] == COMPLETENESS_MISSING) last++;
    if (told++ == COMPLETENESS_TOLD_MAX) {
      snprintf(text + used, (size_t)(NOTE_SIZE - used), " and more");
      return;
    }
    used += snprintf(text + used, (size_t)(NOTE_SIZE - used), "%s%u", told > 1 ? ", " : "", first);
    if (last > first) used += snprintf(text + used, (size_t)(NOTE_SIZE - used), "-%u", last);
    first = last;
  }
}

static void note_set(const struct completeness_set *set, input_tell *tell, void *context) {
  char note[2 * NOTE_SIZE], missing[NOTE_SIZE] = "";
  unsigned told = 0;
  if (set->there < set->shards) {
    print_missing(missing, set);
    bool one = set->shards - set->there == 1;
    snprintf(note, sizeof note, "shard%s %s of %u %s missing", one ? "" : "s", missing, set->shards,
             one ? "is" : "are");
    tell(context, NULL, note);
  }
  for (unsigned i = 0; i < set->shards && told < COMPLETENESS_TOLD_MAX; i++) {
    if (set->seen[i] != COMPLETENESS_UNFINISHED) continue;
    told++;
    if (set->shards > 1)
      snprintf(note, sizeof note, "shard %u of %u is not complete", i, set->shards);
    else
      snprintf(note, sizeof note, "the scan is not complete: it did not end");
    tell(context, NULL, note);
  }
  if (set->unfinished <= told) return;
  snprintf(note, sizeof note, "and %u more shards are not complete", set->unfinished - told);
  tell(context, NULL, note);
}

void completeness_notes(const struct completeness *made, input_tell *tell, void *context) {
  char note[NOTE_SIZE];
  if (made->lists == 2) tell(context, NULL, "two lists are mixed");
  if (made->lists > 2) {
    snprintf(note, sizeof note, "%u lists are mixed", made->lists);
    tell(context, NULL, note);
  }
  for (size_t i = 0; i < made->set_count; i++) note_set(&made->sets[i], tell, context);
}

static void write_shards(struct json_writer *json, const char *key,
                         const struct completeness_set *set, bool there,
                         enum completeness_state state) {
  json_writer_open(json, key, '[');
  for (unsigned i = 0; i < set->shards; i++)
    if (there ? set->seen[i] != COMPLETENESS_MISSING : set->seen[i] == state)
      json_writer_uint(json, NULL, i);
  json_writer_close(json, ']');
}

void completeness_write(struct json_writer *json, const struct completeness *made) {
  json_writer_open(json, "shards", '[');
  for (size_t i = 0; i < made->set_count; i++) {
    const struct completeness_set *set = &made->sets[i];
    json_writer_open(json, NULL, '{');
    json_writer_uint(json, "of", set->shards);
    write_shards(json, "there", set, true, COMPLETENESS_ENDED);
    write_shards(json, "missing", set, false, COMPLETENESS_MISSING);
    write_shards(json, "unfinished", set, false, COMPLETENESS_UNFINISHED);
    json_writer_close(json, '}');
  }
  json_writer_close(json, ']');
}
