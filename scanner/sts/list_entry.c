#include "scanner/sts/list_entry.h"

#include "scanner/sts/host_part.h"

enum { RANK_DIGITS_MAX = 18 };

static struct span list_entry_unquote(struct span field) {
  field = span_trim(field);
  if (field.len < 2 || field.ptr[0] != '"' || field.ptr[field.len - 1] != '"') return field;
  return span_first(span_skip(field, 1), field.len - 2);
}

bool list_entry_rank(struct list_entry *entry, struct span field) {
  uint64_t rank;
  if (field.len > RANK_DIGITS_MAX || !span_number(field, &rank)) return false;
  entry->has_rank = true;
  entry->rank = rank;
  return true;
}

static void list_entry_columns(struct list_entry *entry) {
  struct span rest = entry->text;
  struct span first = list_entry_unquote(span_cut(&rest, ','));
  if (rest.len && list_entry_rank(entry, first))
    entry->name = list_entry_unquote(span_cut(&rest, ','));
  else
    entry->name = list_entry_unquote(entry->text);
}

void list_entry_host(struct list_entry *entry) {
  struct span host = host_part(entry->name);
  entry->given = host.len != entry->name.len;
  entry->name = host;
}

bool list_entry_is_hint(struct span line) {
  return line.len == 5 && span_starts(line, SPAN("sep=")) && memchr(",;\t", line.ptr[4], 3);
}

bool list_entry_text(struct span line, bool first, struct span *text) {
  if (first && span_starts(line, SPAN("\xef\xbb\xbf"))) line = span_skip(line, 3);
  if (line.len && line.ptr[line.len - 1] == '\n') line.len--;
  if (line.len && line.ptr[line.len - 1] == '\r') line.len--;
  *text = span_trim(line);
  if (first && list_entry_is_hint(line)) return false;
  return text->len && text->ptr[0] != '#';
}

bool list_entry_parse(struct span line, enum list_entry_format format, bool first,
                      struct list_entry *entry) {
  *entry = (struct list_entry){0};
  if (!list_entry_text(line, first, &entry->text)) return false;
  entry->name = entry->text;
  if (format == LIST_ENTRY_LINES)
    entry->name = list_entry_unquote(entry->text);
  else
    list_entry_columns(entry);
  list_entry_host(entry);
  return true;
}
