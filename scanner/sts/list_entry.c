#include "scanner/sts/list_entry.h"

enum { RANK_DIGITS_MAX = 18 };

static struct span list_entry_unquote(struct span field) {
  field = span_trim(field);
  if (field.len < 2 || field.ptr[0] != '"' || field.ptr[field.len - 1] != '"') return field;
  return span_first(span_skip(field, 1), field.len - 2);
}

static bool list_entry_rank(struct span field, uint64_t *rank) {
  return field.len <= RANK_DIGITS_MAX && span_number(field, rank);
}

static void list_entry_columns(struct list_entry *entry) {
  struct span rest = entry->text;
  struct span first = list_entry_unquote(span_cut(&rest, ','));
  if (rest.len == 0 || !list_entry_rank(first, &entry->rank)) return;
  entry->has_rank = true;
  entry->name = list_entry_unquote(span_cut(&rest, ','));
}

bool list_entry_parse(struct span line, enum list_entry_format format, bool first,
                      struct list_entry *entry) {
  if (first && span_starts(line, SPAN("\xef\xbb\xbf"))) line = span_skip(line, 3);
  if (line.len && line.ptr[line.len - 1] == '\n') line.len--;
  if (line.len && line.ptr[line.len - 1] == '\r') line.len--;
  line = span_trim(line);
  if (line.len == 0 || line.ptr[0] == '#') return false;
  *entry = (struct list_entry){.text = line, .name = line};
  if (format != LIST_ENTRY_LINES) list_entry_columns(entry);
  return true;
}
