#include "scanner/run/list_record.h"

#include "output/record/record_read.h"
#include <stdlib.h>

enum { LIST_RECORD_ROOM = 4096 /* more than a line needs, for the next */ };

struct list_record {
  struct record_read *reading;
  const struct filter *where;
  struct list_form_wish wish;
  struct tally *tally; /* for what the conditions ask of it */
  char *line;          /* a copy: reading changes it */
  size_t size;
  bool later;
};

enum err list_record_new(struct list_record **record, const struct filter *where,
                         const struct list_form_wish *wish) {
  struct list_record *made = calloc(1, sizeof *made);
  if (!made) return ERR_MEMORY;
  made->where = where;
  made->wish = *wish;
  enum err err = record_read_new(&made->reading);
  if (err == ERR_NONE && where) err = tally_new(&made->tally);
  if (err == ERR_NONE)
    *record = made;
  else
    list_record_free(made);
  return err;
}

void list_record_free(struct list_record *record) {
  if (!record) return;
  record_read_free(record->reading);
  tally_free(record->tally);
  free(record->line);
  free(record);
}

static enum err list_record_parse(struct list_record *record, struct span text) {
  if (text.len >= record->size) {
    size_t size = text.len + LIST_RECORD_ROOM;
    char *grown = realloc(record->line, size);
    if (!grown) return ERR_MEMORY;
    record->line = grown;
    record->size = size;
  }
  memcpy(record->line, text.ptr, text.len);
  enum err err = record_read_line(record->reading, record->line, text.len);
  record->later = err == ERR_NONE && record_read_version(record->reading) > RESULT_VERSION;
  return err;
}

static enum err list_record_holds(struct list_record *record, bool *holds) {
  struct domain_facts facts;
  *holds = true;
  if (!record->where) return ERR_NONE;
  const struct result *result = record_read_result(record->reading);
  enum err err = tally_facts(record->tally, result, &facts);
  struct dimension_domain domain = {.result = result, .facts = &facts, .tally = record->tally};
  if (err == ERR_NONE) *holds = filter_holds(record->where, &domain);
  return err;
}

static bool list_record_wants(const struct list_form_wish *wish, struct span name) {
  for (unsigned i = 0; i < wish->label_count; i++)
    if (span_equal(span_of(wish->labels[i]), name)) return true;
  return wish->label_count == 0;
}

static void list_record_take(const struct list_record *record, struct list_entry *entry,
                             struct carried *carried) {
  const struct result *result = record_read_result(record->reading);
  bool named = result->domain.len > 0;
  if (result->line.len) entry->text = result->line;
  entry->name = named ? result->domain : entry->text;
  entry->has_rank = result->has_rank;
  entry->rank = result->rank;
  entry->given = named && result->line.len;
  carried_begin(carried, entry->given ? result->line : SPAN(""));
  for (size_t i = 0; i < result->labels.count; i++) {
    const struct result_label *label = &result->labels.at[i];
    if (list_record_wants(&record->wish, label->name))
      carried_label(carried, label->name, label->value);
  }
  entry->carried = carried_piece(carried);
}

enum list_record_end list_record_read(struct list_record *record, struct list_entry *entry,
                                      struct carried *carried) {
  bool holds;
  enum err err = list_record_parse(record, entry->text);
  if (err == ERR_MEMORY) return LIST_RECORD_MEMORY;
  if (err != ERR_NONE) return LIST_RECORD_FOREIGN;
  if (list_record_holds(record, &holds) != ERR_NONE) return LIST_RECORD_MEMORY;
  if (!holds) return LIST_RECORD_LEFT;
  list_record_take(record, entry, carried);
  return LIST_RECORD_TAKEN;
}

bool list_record_is_later(const struct list_record *record) {
  return record->later;
}
