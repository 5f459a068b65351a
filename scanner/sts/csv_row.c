#include "scanner/sts/csv_row.h"

struct csv_row csv_row_of(struct span text, char separator) {
  return (struct csv_row){.rest = text, .separator = separator};
}

/* Up to the separator, which is dropped; without one the row has ended. */
static struct span csv_row_cut(struct csv_row *row) {
  size_t at = row->separator ? span_find(row->rest, row->separator) : row->rest.len;
  struct span head = span_first(row->rest, at);
  row->ended = at == row->rest.len;
  row->rest = span_skip(row->rest, at + 1);
  return head;
}

/* A field in quotes; rest begins with the first of them. */
static void csv_row_quoted(struct csv_row *row, struct csv_field *field) {
  struct span whole = row->rest, inside = span_skip(whole, 1);
  for (size_t from = 0;;) {
    from += span_find(span_skip(inside, from), '"');
    if (from >= inside.len) { /* not closed */
      field->text = inside;
      row->rest = span_skip(inside, inside.len);
      row->open = row->ended = true;
      return;
    }
    if (from + 1 == inside.len || inside.ptr[from + 1] != '"') {
      field->text = span_first(inside, from);
      row->rest = span_skip(inside, from + 1);
      break;
    }
    field->doubled = true;
    from += 2;
  }
  struct span behind = csv_row_cut(row);
  if (span_trim(behind).len == 0) return;
  /* Something follows the quotes: then they are no quotes of the field's. */
  field->text = (struct span){whole.ptr, (size_t)(behind.ptr + behind.len - whole.ptr)};
  field->doubled = false;
}

bool csv_row_next(struct csv_row *row, struct csv_field *field) {
  if (row->ended) return false;
  *field = (struct csv_field){0};
  while (row->rest.len && span_is_wsp(row->rest.ptr[0]) && row->rest.ptr[0] != row->separator)
    row->rest = span_skip(row->rest, 1);
  if (row->rest.len && row->rest.ptr[0] == '"')
    csv_row_quoted(row, field);
  else
    field->text = span_trim(csv_row_cut(row));
  return true;
}

bool csv_row_is_open(struct span text, char separator) {
  if (span_find(text, '"') == text.len) return false;
  struct csv_row row = csv_row_of(text, separator);
  struct csv_field field;
  while (csv_row_next(&row, &field)) continue;
  return row.open;
}

unsigned csv_row_count(struct span text, char separator) {
  struct csv_row row = csv_row_of(text, separator);
  struct csv_field field;
  unsigned count = 0;
  while (count < CSV_ROW_FIELDS_MAX && csv_row_next(&row, &field)) count++;
  return count;
}

size_t csv_row_unquote(const struct csv_field *field, char *out, size_t size) {
  size_t len = 0;
  for (size_t i = 0; i < field->text.len && len < size; i++) {
    out[len++] = field->text.ptr[i];
    if (field->doubled && field->text.ptr[i] == '"') i++;
  }
  return len;
}
