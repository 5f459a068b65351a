#include "scanner/run/list_rows.h"

#include "output/record/record_read.h"
#include "scanner/run/list_record.h"
#include "scanner/sts/csv_row.h"
#include "scanner/sts/domain.h"
#include "scanner/sts/zone_line.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Kinds of oddities, each told once. */
enum list_rows_oddity {
  ODD_FORM,
  ODD_QUOTE,
  ODD_LABEL,
  ODD_ORIGIN,
  ODD_INCLUDE,
  ODD_GENERATE,
  ODD_LATER,
  ODD_TORN,
  ODD_COUNT,
};

struct list_rows {
  struct list_rows_config config;
  struct list_file *file;
  struct list_form form;
  uint64_t line;   /* of the row, from 1 */
  uint64_t behind; /* lines of the row given last */
  bool begun;      /* a line was read */
  bool header_due; /* the next row is the header */
  char header[LIST_ROWS_HEADER_MAX];
  size_t header_len; /* 0: it has none, or a longer one */
  bool told[ODD_COUNT];
  struct zone_line zone;
  struct list_record *record; /* of results */
  struct carried carried;
  struct arena scratch;
  unsigned checked, bad; /* of the first entries */
  bool judged;
  uint64_t bad_line; /* the first of them */
  char bad_text[64];
};

__attribute__((format(printf, 2, 3))) static void list_rows_tell(struct list_rows *rows,
                                                                 const char *format, ...) {
  char text[LIST_ROWS_TEXT_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  rows->config.tell(rows->config.data, text);
}

static bool list_rows_first(struct list_rows *rows, enum list_rows_oddity oddity) {
  bool first = !rows->told[oddity];
  rows->told[oddity] = true;
  return first;
}

void list_rows_why(const struct list_file *file, const char *path, char why[LIST_ROWS_TEXT_MAX]) {
  const struct list_file_packing *packing = list_file_packing(file);
  if (packing)
    snprintf(why, LIST_ROWS_TEXT_MAX, "it is %s: unpack it, %s %s | stscan scan ... -",
             packing->what, packing->command, path);
  else
    snprintf(why, LIST_ROWS_TEXT_MAX, "the gzip data is damaged or ends early");
}

static enum err list_rows_recognise(struct list_rows *rows) {
  bool more = false, ended;
  for (;;) {
    struct span text;
    enum err err = list_file_peek(rows->file, more, &text, &ended);
    if (err != ERR_NONE) return err;
    err = list_form_recognise(&rows->form, &rows->config.wish, text, ended);
    if (err != ERR_NOT_FOUND) return err;
    more = true;
  }
}

static enum err list_rows_prepare(struct list_rows *rows, char why[LIST_ROWS_TEXT_MAX]) {
  enum list_entry_format format = rows->form.format;
  rows->header_due = rows->form.header;
  if (format == LIST_ENTRY_CSV || format == LIST_ENTRY_ZONE)
    list_file_limit(rows->file, LIST_FILE_ROW_MAX);
  if (format == LIST_ENTRY_RESULTS) {
    list_file_limit(rows->file, RECORD_READ_LINE_MAX);
    return list_record_new(&rows->record, rows->config.where, &rows->config.wish);
  }
  if (!rows->config.where || !rows->form.text[0]) return ERR_NONE;
  snprintf(why, LIST_ROWS_TEXT_MAX, "--where is for results of a scan, and this is %s",
           rows->form.text);
  return ERR_SYNTAX;
}

enum err list_rows_new(struct list_rows **rows, struct list_file *file,
                       const struct list_rows_config *config, char why[LIST_ROWS_TEXT_MAX]) {
  struct list_rows *made = calloc(1, sizeof *made);
  why[0] = 0;
  if (!made) return ERR_MEMORY;
  made->config = *config;
  made->file = file;
  enum err err = list_rows_recognise(made);
  if (err == ERR_SYNTAX) snprintf(why, LIST_ROWS_TEXT_MAX, "%s", made->form.text);
  if (err == ERR_NONE) err = list_rows_prepare(made, why);
  if (err != ERR_NONE) {
    list_rows_free(made);
    return err;
  }
  *rows = made;
  return ERR_NONE;
}

void list_rows_free(struct list_rows *rows) {
  if (!rows) return;
  arena_free(&rows->scratch);
  list_record_free(rows->record);
  free(rows);
}

const char *list_rows_form(const struct list_rows *rows) {
  bool names = rows->form.format == LIST_ENTRY_AUTO || rows->form.format == LIST_ENTRY_LINES;
  return names ? "" : rows->form.text;
}

/* An entry that is no domain, with the reason. */
static void list_rows_misfit(struct list_rows *rows, struct list_rows_row *row,
                             const char *reason) {
  row->here = true;
  row->entry = (struct list_entry){.text = row->entry.text, .name = row->entry.text};
  row->entry.reason = reason;
  if (list_rows_first(rows, ODD_FORM))
    list_rows_tell(rows,
                   "line %" PRIu64 " is not as the first lines are (%s): invalid, as are others",
                   rows->line, rows->form.text);
}

/* A row with the lines that its quotes take in; false: a quote was not closed. */
static enum err list_rows_join(struct list_rows *rows, struct list_rows_row *row, struct span *line,
                               bool *closed) {
  size_t first = line->len;
  *closed = true;
  while (csv_row_is_open(*line, rows->form.separator)) {
    enum err err = ERR_LIMIT;
    bool cut = line->len && line->ptr[line->len - 1] != '\n';
    if (!cut && row->lines < LIST_ROWS_JOINED_MAX && !rows->told[ODD_QUOTE])
      err = list_file_join(rows->file, line);
    if (err == ERR_NONE) {
      row->lines++;
      continue;
    }
    if (err != ERR_LIMIT && err != ERR_END) return err;
    *closed = false;
    list_file_part(rows->file, line, first);
    row->lines = 1;
    break;
  }
  return ERR_NONE;
}

static void list_rows_unclosed(struct list_rows *rows, struct list_rows_row *row) {
  bool first = list_rows_first(rows, ODD_QUOTE);
  rows->told[ODD_FORM] |= first;
  list_rows_misfit(rows, row, "quote");
  if (first)
    list_rows_tell(rows,
                   "line %" PRIu64 " opens a quote that is never closed: invalid, the next line is "
                   "read as a row of its own",
                   rows->line);
}

/* A label of the row, by the form's labels; fields come in the order of the columns. */
static void list_rows_label(struct list_rows *rows, unsigned column,
                            const struct csv_field *field) {
  char value[CARRIED_LABEL_VALUE_MAX + 1];
  for (unsigned i = 0; i < rows->form.label_count; i++) {
    const struct list_form_label *label = &rows->form.labels[i];
    if (label->column != column) continue;
    struct span text = {value, csv_row_unquote(field, value, sizeof value)};
    if (!carried_label(&rows->carried, span_of(label->name), text) &&
        list_rows_first(rows, ODD_LABEL))
      list_rows_tell(rows, "line %" PRIu64 ": label %s is over %d octets: cut, as are others",
                     rows->line, label->name, CARRIED_LABEL_VALUE_MAX);
  }
}

/* The line goes along where the name is only a part of what is given for it. */
static void list_rows_carry(struct list_rows *rows, struct list_entry *entry) {
  struct csv_row walk = csv_row_of(entry->text, rows->form.separator);
  struct csv_field field;
  carried_begin(&rows->carried, entry->given ? entry->text : SPAN(""));
  for (unsigned i = 1; rows->form.label_count && i <= rows->form.last; i++) {
    if (!csv_row_next(&walk, &field)) break;
    list_rows_label(rows, i, &field);
  }
  entry->carried = carried_piece(&rows->carried);
}

static bool list_rows_fields(const struct list_form *form, struct list_entry *entry) {
  struct csv_row walk = csv_row_of(entry->text, form->separator);
  struct csv_field field;
  unsigned i = 0;
  bool here = false;
  while (i < form->last && csv_row_next(&walk, &field)) {
    i++;
    if (i == form->column) {
      entry->name = field.text;
      here = true;
    }
    if (i == form->rank) list_entry_rank(entry, field.text);
  }
  if (i == 1 && !here && !form->header) { /* the name alone */
    entry->name = field.text;
    entry->has_rank = false;
    return true;
  }
  return here;
}

/* Where tabs separate, those before the first word are empty fields. */
static void list_rows_untrim(const struct list_rows *rows, struct span line, struct span *text) {
  if (rows->form.separator != '\t') return;
  for (; text->ptr > line.ptr && span_is_wsp(text->ptr[-1]); text->len++) text->ptr--;
}

/* The header, which is there once more where files were joined. */
static bool list_rows_is_header(struct list_rows *rows, struct span text) {
  if (rows->header_due) {
    rows->header_due = false;
    rows->header_len = text.len <= sizeof rows->header ? text.len : 0;
    memcpy(rows->header, text.ptr, rows->header_len);
    return true;
  }
  return rows->header_len && span_equal(text, (struct span){rows->header, rows->header_len});
}

static enum err list_rows_csv(struct list_rows *rows, struct list_rows_row *row, struct span line,
                              bool first) {
  bool closed;
  enum err err = list_rows_join(rows, row, &line, &closed);
  if (err != ERR_NONE || !list_entry_text(line, first, &row->entry.text)) return err;
  list_rows_untrim(rows, line, &row->entry.text);
  if (!closed) {
    list_rows_unclosed(rows, row);
  } else if (list_rows_is_header(rows, row->entry.text)) {
    return ERR_NONE;
  } else if (list_rows_fields(&rows->form, &row->entry)) {
    row->here = true;
    list_entry_host(&row->entry);
  } else {
    list_rows_misfit(rows, row, "column");
  }
  return ERR_NONE;
}

static void list_rows_no_origin(struct list_rows *rows, struct list_rows_row *row) {
  if (list_rows_first(rows, ODD_ORIGIN)) {
    rows->told[ODD_FORM] = true;
    list_rows_tell(rows,
                   "line %" PRIu64
                   " has a relative name, and no $ORIGIN stands before it: invalid, "
                   "as are others",
                   rows->line);
  }
  list_rows_misfit(rows, row, "origin");
}

static void list_rows_zone(struct list_rows *rows, struct list_rows_row *row, struct span line,
                           bool first) {
  struct list_entry *entry = &row->entry;
  if (first && span_starts(line, SPAN("\xef\xbb\xbf"))) line = span_skip(line, 3);
  while (line.len && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r')) line.len--;
  entry->text = span_trim(line);
  switch (zone_line_read(&rows->zone, line, &entry->name)) {
  case ZONE_LINE_NONE: break;
  case ZONE_LINE_NAME: row->here = true; break;
  case ZONE_LINE_SYNTAX: list_rows_misfit(rows, row, "zone"); break;
  case ZONE_LINE_NO_ORIGIN: list_rows_no_origin(rows, row); break;
  case ZONE_LINE_INCLUDE:
    if (list_rows_first(rows, ODD_INCLUDE))
      list_rows_tell(rows,
                     "line %" PRIu64 ": $INCLUDE is not followed: give that file as a list too",
                     rows->line);
    break;
  case ZONE_LINE_GENERATE:
    if (list_rows_first(rows, ODD_GENERATE))
      list_rows_tell(rows, "line %" PRIu64 ": the names that $GENERATE makes are left out",
                     rows->line);
    break;
  }
}

/* What is torn at the end was never a whole record. */
static enum err list_rows_torn(struct list_rows *rows) {
  if (list_rows_first(rows, ODD_TORN))
    list_rows_tell(rows,
                   "the results end in an incomplete record, after line %" PRIu64
                   ": the complete ones before it are taken",
                   rows->line);
  return ERR_END;
}

static enum err list_rows_result(struct list_rows *rows, struct list_rows_row *row,
                                 struct span line) {
  bool whole = line.ptr[line.len - 1] == '\n';
  row->here = list_entry_text(line, rows->line == 1, &row->entry.text);
  if (!row->here) return ERR_NONE;
  switch (list_record_read(rows->record, &row->entry, &rows->carried)) {
  case LIST_RECORD_TAKEN: break;
  case LIST_RECORD_LEFT: row->here = false; break;
  case LIST_RECORD_FOREIGN:
    if (!whole && line.ptr[0] == '{') return list_rows_torn(rows);
    list_rows_misfit(rows, row, "record");
    break;
  case LIST_RECORD_MEMORY: return ERR_MEMORY;
  }
  if (list_record_is_later(rows->record) && list_rows_first(rows, ODD_LATER))
    list_rows_tell(rows,
                   "line %" PRIu64 " was written by a later version: its domain, rank and labels "
                   "are taken",
                   rows->line);
  return ERR_NONE;
}

/* Whether hardly any of the first entries are domains. */
static void list_rows_judge(struct list_rows *rows) {
  rows->judged = true;
  if (rows->bad * 100 < rows->checked * LIST_ROWS_BAD_PERCENT || rows->bad == 0) return;
  list_rows_tell(rows,
                 "%u of the first %u names are no domains; the first is line %" PRIu64 ": %s "
                 "(give --format or --column?)",
                 rows->bad, rows->checked, rows->bad_line, rows->bad_text);
}

static enum err list_rows_check(struct list_rows *rows, const struct list_entry *entry) {
  struct domain domain;
  const char *why;
  enum err err = ERR_SYNTAX;
  arena_reset(&rows->scratch);
  if (!entry->reason) err = domain_parse(entry->name, &rows->scratch, &domain, &why);
  if (err == ERR_MEMORY) return err;
  rows->checked++;
  if (err != ERR_NONE && rows->bad++ == 0) {
    rows->bad_line = rows->line;
    struct span text = span_first(entry->text, sizeof rows->bad_text - 1);
    memcpy(rows->bad_text, text.ptr, text.len);
    rows->bad_text[text.len] = 0;
  }
  if (rows->checked == LIST_ROWS_CHECKED) list_rows_judge(rows);
  return ERR_NONE;
}

enum err list_rows_next(struct list_rows *rows, struct list_rows_row *row) {
  struct span line;
  bool first = !rows->begun;
  enum err err = list_file_line(rows->file, &line);
  if (err == ERR_SYNTAX && rows->record && list_file_is_torn(rows->file))
    return list_rows_torn(rows);
  if (err != ERR_NONE) return err;
  *row = (struct list_rows_row){.lines = 1};
  rows->line += first ? 1 : rows->behind;
  rows->begun = true;
  if (rows->form.format == LIST_ENTRY_CSV)
    err = list_rows_csv(rows, row, line, first);
  else if (rows->form.format == LIST_ENTRY_ZONE)
    list_rows_zone(rows, row, line, first);
  else if (rows->record)
    err = list_rows_result(rows, row, line);
  else
    row->here = list_entry_parse(line, rows->form.format, first, &row->entry);
  rows->behind = row->lines;
  bool carried = row->entry.given || rows->form.label_count;
  if (row->here && carried && rows->form.format != LIST_ENTRY_RESULTS)
    list_rows_carry(rows, &row->entry);
  if (err == ERR_NONE && row->here && !rows->judged) err = list_rows_check(rows, &row->entry);
  return err;
}

bool list_rows_has_domains(struct list_rows *rows) {
  if (!rows->judged) list_rows_judge(rows);
  return rows->bad < rows->checked;
}
