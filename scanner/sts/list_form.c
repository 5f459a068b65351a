#include "scanner/sts/list_form.h"

#include "scanner/sts/csv_row.h"
#include "scanner/sts/host_part.h"
#include "scanner/sts/zone_line.h"
#include <stdio.h>

/* Names of columns, in lower case, the likeliest first. */
static const char *const list_form_domain_names[] = {
    "domain", "domains",    "domain_name", "domainname", "domain name", "fqdn",
    "host",   "hostname",   "origin",      "url",        "site",        "website",
    "name",   "idn_domain", "domaine",     "domäne",     "dominio",
};
static const char *const list_form_rank_names[] = {"rank", "globalrank", "global_rank",
                                                   "global rank", "position"};

enum {
  DOMAIN_NAMES = sizeof list_form_domain_names / sizeof *list_form_domain_names,
  RANK_NAMES = sizeof list_form_rank_names / sizeof *list_form_rank_names,
};

/* Providers' headers, by how they begin. */
static const struct {
  const char *header, *name;
} list_form_providers[] = {
    {"GlobalRank,TldRank,Domain,TLD,", "Majestic CSV"},
    {"origin,rank", "CrUX CSV"},
    {"rank,domain,categories", "Cloudflare Radar CSV"},
    {"domain", "Cloudflare Radar CSV"},
};

static struct span list_form_line(struct span *rest) {
  struct span line = span_cut(rest, '\n');
  if (line.len && line.ptr[line.len - 1] == '\r') line.len--;
  return line;
}

/* The next line that is not blank and no '#' comment; one that is not whole counts at the end
 * alone. */
static bool list_form_next(struct span *rest, bool ended, struct span *line) {
  while (rest->len) {
    if (!ended && span_find(*rest, '\n') == rest->len) return false;
    *line = list_form_line(rest);
    struct span trimmed = span_trim(*line);
    if (trimmed.len && trimmed.ptr[0] != '#') return true;
  }
  return false;
}

/* A row of CSV, with the lines that its quotes take in. */
static bool list_form_row(struct span *rest, bool ended, char separator, struct span *row) {
  if (!list_form_next(rest, ended, row)) return false;
  struct span line = *row, more = *rest;
  while (csv_row_is_open(*row, separator)) {
    if (more.len == 0 || (!ended && span_find(more, '\n') == more.len)) {
      *row = line; /* never closed, as far as one can see */
      return true;
    }
    line = line.len ? line : *row;
    struct span next = list_form_line(&more);
    row->len = (size_t)(next.ptr + next.len - row->ptr);
  }
  if (more.ptr > rest->ptr) *rest = more;
  return true;
}

static bool list_form_field(struct span row, char separator, unsigned column,
                            struct csv_field *field) {
  struct csv_row walk = csv_row_of(row, separator);
  for (unsigned i = 0; i < column; i++)
    if (!csv_row_next(&walk, field)) return false;
  return column > 0;
}

static bool list_form_is_number(struct span text) {
  uint64_t number;
  return span_number(text, &number);
}

/* Whether it can only be a host name, a URL or an address: letters, a dot inside, a top label that
 * is not a number. */
static bool list_form_is_name(struct span text) {
  struct span host = host_part(text);
  if (host.len > 1 && host.ptr[host.len - 1] == '.') host.len--;
  const char *dot = host.len ? memrchr(host.ptr, '.', host.len) : NULL;
  if (!dot || dot == host.ptr) return false;
  struct span top = span_skip(host, (size_t)(dot - host.ptr) + 1);
  if (top.len == 0 || list_form_is_number(top)) return false;
  for (size_t i = 0; i < host.len; i++) {
    char c = host.ptr[i];
    if (!span_is_alphanum(c) && c != '.' && c != '-' && c != '_' && (unsigned char)c < 0x80)
      return false;
  }
  return true;
}

static bool list_form_is_word(struct span text, const char *const *words, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (span_equal_nocase(text, span_of(words[i]))) return true;
  return false;
}

/* Of the separators, the one that gives most fields in the first row; 0: none does. */
static char list_form_separator(struct span text, bool ended) {
  static const char separators[] = {',', ';', '\t'};
  char best = 0;
  unsigned most = 1;
  for (size_t i = 0; i < sizeof separators; i++) {
    struct span rest = text, row = {0};
    list_form_row(&rest, ended, separators[i], &row);
    unsigned count = csv_row_count(span_trim(row), separators[i]);
    if (count <= most) continue;
    most = count;
    best = separators[i];
  }
  return best;
}

/* The names of a header, as far as there is room: for the message that one is not among them. */
static void list_form_list(char *out, size_t size, struct span header, char separator) {
  struct csv_row row = csv_row_of(header, separator);
  struct csv_field field;
  size_t used = 0;
  out[0] = 0;
  for (bool first = true; csv_row_next(&row, &field) && used + 4 < size; first = false) {
    int len = snprintf(out + used, size - used, "%s%.*s", first ? "" : ", ",
                       (int)(field.text.len < 40 ? field.text.len : 40), field.text.ptr);
    used += len > 0 ? (size_t)len : 0;
  }
}

/* The column of that name in the first row, 0: none, or (*twice) several. */
static unsigned list_form_named(struct span header, char separator, struct span name,
                                unsigned *twice) {
  struct csv_row row = csv_row_of(header, separator);
  struct csv_field field;
  unsigned found = 0;
  *twice = 0;
  for (unsigned i = 1; i <= CSV_ROW_FIELDS_MAX && csv_row_next(&row, &field); i++) {
    if (!span_equal_nocase(field.text, name)) continue;
    if (found && !*twice) *twice = i;
    if (!found) found = i;
  }
  return found;
}

/* What is known of the first rows. */
struct list_form_look {
  struct span first;         /* the first row */
  unsigned count;            /* its fields */
  unsigned names, numbers;   /* its fields that are host names, and numbers */
  unsigned words;            /* ... and known names of columns */
  bool second;               /* there is a second row ... */
  bool second_names;         /* ... with a host name in it */
  unsigned likeliest;        /* the column with most host names in the rows behind the first */
  unsigned likeliest_of_all; /* ... the first among them */
};

static void list_form_score(struct span row, char separator, unsigned char *scores, bool *any) {
  struct csv_row walk = csv_row_of(row, separator);
  struct csv_field field;
  for (unsigned i = 1; i <= CSV_ROW_FIELDS_MAX && csv_row_next(&walk, &field); i++) {
    bool name = list_form_is_name(field.text);
    scores[i] = (unsigned char)(scores[i] + name);
    *any |= name;
  }
}

static unsigned list_form_best(const unsigned char *scores) {
  unsigned best = 0;
  for (unsigned i = 1; i <= CSV_ROW_FIELDS_MAX; i++)
    if (scores[i] > scores[best]) best = i;
  return best;
}

static void list_form_look_first(struct list_form_look *look, char separator) {
  struct csv_row walk = csv_row_of(look->first, separator);
  struct csv_field field;
  while (look->count < CSV_ROW_FIELDS_MAX && csv_row_next(&walk, &field)) {
    look->count++;
    look->names += list_form_is_name(field.text);
    look->numbers += list_form_is_number(field.text);
    look->words += list_form_is_word(field.text, list_form_domain_names, DOMAIN_NAMES);
  }
}

static void list_form_look_at(struct list_form_look *look, struct span rest, bool ended,
                              char separator) {
  unsigned char scores[CSV_ROW_FIELDS_MAX + 1] = {0};
  bool any = false;
  struct span row;
  list_form_look_first(look, separator);
  for (int i = 0; i < LIST_FORM_ROWS_LOOKED_AT; i++) {
    if (!list_form_row(&rest, ended, separator, &row)) break;
    list_form_score(row, separator, scores, &any);
    if (i == 0) look->second_names = any;
    look->second = true;
  }
  look->likeliest = list_form_best(scores);
  list_form_score(look->first, separator, scores, &any);
  look->likeliest_of_all = list_form_best(scores);
}

/* A column by the user's word for it. */
static enum err list_form_pick(struct list_form *form, const struct list_form_look *look,
                               const char *option, const char *word, unsigned *column) {
  struct span name = span_of(word);
  char header[LIST_FORM_TEXT_MAX / 2];
  uint64_t number;
  unsigned twice = 0;
  if (span_number(name, &number)) {
    *column = (unsigned)(number < CSV_ROW_FIELDS_MAX ? number : CSV_ROW_FIELDS_MAX);
    if (number >= 1 && number <= look->count) return ERR_NONE;
    snprintf(form->text, sizeof form->text, "%s %s: the first row has columns 1 to %u", option,
             word, look->count);
    return ERR_SYNTAX;
  }
  *column = list_form_named(look->first, form->separator, name, &twice);
  if (*column && !twice) {
    form->header = true;
    return ERR_NONE;
  }
  list_form_list(header, sizeof header, look->first, form->separator);
  if (twice)
    snprintf(form->text, sizeof form->text,
             "%s %s stands twice in the header, as columns %u and %u: give the number", option,
             word, *column, twice);
  else
    snprintf(form->text, sizeof form->text, "%s %s is not in the first row, which has: %s", option,
             word, header);
  return ERR_SYNTAX;
}

/* The column whose name is the first of the words in the header. */
static enum err list_form_known(struct list_form *form, const struct list_form_look *look,
                                const char *const *words, size_t count, unsigned *column) {
  unsigned twice = 0;
  *column = 0;
  for (size_t i = 0; i < count && *column == 0; i++)
    *column = list_form_named(look->first, form->separator, span_of(words[i]), &twice);
  if (!twice) return ERR_NONE;
  snprintf(form->text, sizeof form->text,
           "the header has the same name twice, in columns %u and %u: give --column and the number",
           *column, twice);
  return ERR_SYNTAX;
}

/* The column's name in the header, or its number. */
static void list_form_name(const struct list_form *form, struct span header, unsigned column,
                           char name[LIST_FORM_LABEL_NAME_MAX + 1]) {
  struct csv_field field = {0};
  size_t len = 0;
  if (form->header && list_form_field(header, form->separator, column, &field))
    len = csv_row_unquote(&field, name, LIST_FORM_LABEL_NAME_MAX);
  name[len] = 0;
  if (len == 0) snprintf(name, LIST_FORM_LABEL_NAME_MAX + 1, "%u", column);
}

static enum err list_form_labels(struct list_form *form, const struct list_form_wish *wish,
                                 const struct list_form_look *look) {
  for (unsigned i = 0; i < wish->label_count; i++) {
    struct list_form_label *label = &form->labels[form->label_count];
    enum err err = list_form_pick(form, look, "--label", wish->labels[i], &label->column);
    if (err != ERR_NONE) return err;
    form->label_count++;
    if (label->column > form->last) form->last = label->column;
  }
  for (unsigned i = 0; i < form->label_count; i++) {
    list_form_name(form, look->first, form->labels[i].column, form->labels[i].name);
    for (unsigned j = 0; j < i; j++)
      if (form->labels[i].column == form->labels[j].column) {
        snprintf(form->text, sizeof form->text,
                 "--label %s is given twice, by its name and its number", form->labels[i].name);
        return ERR_SYNTAX;
      }
  }
  return ERR_NONE;
}

static const char *list_form_provider(const struct list_form *form, struct span header) {
  if (!form->header) return NULL;
  for (size_t i = 0; i < sizeof list_form_providers / sizeof *list_form_providers; i++) {
    struct span known = span_of(list_form_providers[i].header);
    bool open = span_ends(known, SPAN(","));
    if (open ? span_equal_nocase(span_first(header, known.len), known)
             : span_equal_nocase(header, known))
      return list_form_providers[i].name;
  }
  return NULL;
}

static void list_form_describe(struct list_form *form, struct span header) {
  char name[LIST_FORM_LABEL_NAME_MAX + 1];
  const char *provider = list_form_provider(form, header);
  list_form_name(form, header, form->column, name);
  size_t used = 0, size = sizeof form->text;
  used += (size_t)snprintf(form->text, size, "%s: column %s",
                           provider                           ? provider
                           : form->rank == 1 && !form->header ? "rank,domain CSV"
                           : form->separator == ';'           ? "CSV with ;"
                           : form->separator == '\t'          ? "CSV with tabs"
                                                              : "CSV",
                           name);
  if (form->rank) {
    list_form_name(form, header, form->rank, name);
    used += (size_t)snprintf(form->text + used, size - used, ", rank %s", name);
  }
  for (unsigned i = 0; i < form->label_count && used < size; i++)
    used += (size_t)snprintf(form->text + used, size - used, ", label %s", form->labels[i].name);
}

/* Whether the first row holds names of columns. */
static bool list_form_has_header(const struct list_form_look *look) {
  if (look->names) return false;
  if (look->words) return true;
  return look->count > 1 && look->numbers == 0 && look->second && look->second_names;
}

static enum err list_form_column(struct list_form *form, const struct list_form_wish *wish,
                                 const struct list_form_look *look) {
  enum err err = ERR_NONE;
  if (wish->column) {
    err = list_form_pick(form, look, "--column", wish->column, &form->column);
  } else if (form->header) {
    err = list_form_known(form, look, list_form_domain_names, DOMAIN_NAMES, &form->column);
    if (form->column == 0) form->column = look->likeliest;
  } else {
    form->column = look->likeliest_of_all;
  }
  return err;
}

static enum err list_form_rank(struct list_form *form, const struct list_form_look *look) {
  struct csv_field field;
  if (form->header)
    return list_form_known(form, look, list_form_rank_names, RANK_NAMES, &form->rank);
  if (form->column == 2 && list_form_field(look->first, form->separator, 1, &field) &&
      list_form_is_number(field.text))
    form->rank = 1;
  return ERR_NONE;
}

static enum err list_form_csv(struct list_form *form, const struct list_form_wish *wish,
                              const struct list_form_look *look) {
  form->format = LIST_ENTRY_CSV;
  form->header = list_form_has_header(look);
  for (unsigned i = 0; i < wish->label_count; i++) { /* what is named makes it a header */
    unsigned twice;
    form->header |= list_form_named(look->first, form->separator, span_of(wish->labels[i]), &twice);
  }
  enum err err = list_form_column(form, wish, look);
  if (err == ERR_NONE && form->column == 0) {
    snprintf(form->text, sizeof form->text,
             "no column of its first rows has domain names: give --column");
    return ERR_SYNTAX;
  }
  if (err == ERR_NONE) err = list_form_rank(form, look);
  form->last = form->column > form->rank ? form->column : form->rank;
  if (err == ERR_NONE) err = list_form_labels(form, wish, look);
  if (err == ERR_NONE) list_form_describe(form, look->first);
  return err;
}

/* What has no columns. */
static enum err list_form_plain(struct list_form *form, const struct list_form_wish *wish,
                                enum list_entry_format format, const char *text) {
  form->format = format;
  bool labels = wish->label_count && format != LIST_ENTRY_RESULTS; /* results have labels by name */
  if (!wish->column && !labels) {
    snprintf(form->text, sizeof form->text, "%s", text);
    return ERR_NONE;
  }
  snprintf(form->text, sizeof form->text, "%s %s: it is %s, which has no columns",
           wish->column ? "--column" : "--label", wish->column ? wish->column : wish->labels[0],
           text);
  return ERR_SYNTAX;
}

static bool list_form_is_zone(struct span line, struct span rest, bool ended, bool *more) {
  *more = false;
  while (line.ptr[0] == ';')
    if (!list_form_next(&rest, ended, &line)) {
      *more = !ended;
      return false;
    }
  return zone_line_is_one(line);
}

static enum err list_form_columns(struct list_form *form, const struct list_form_wish *wish,
                                  struct span text, bool ended) {
  struct list_form_look look = {0};
  form->separator = list_form_separator(text, ended);
  if (!list_form_row(&text, ended, form->separator, &look.first)) return ERR_NOT_FOUND;
  list_form_look_at(&look, text, ended, form->separator);
  bool forced = wish->format == LIST_ENTRY_CSV || wish->column || wish->label_count;
  bool columns = form->separator ? look.likeliest_of_all || look.words : look.words && !look.names;
  if (forced || columns) return list_form_csv(form, wish, &look);
  return list_form_plain(form, wish, LIST_ENTRY_AUTO, "names, one a line");
}

enum err list_form_recognise(struct list_form *form, const struct list_form_wish *wish,
                             struct span text, bool ended) {
  *form = (struct list_form){0};
  struct span line, rest;
  bool more = false;
  if (span_starts(text, SPAN("\xef\xbb\xbf"))) text = span_skip(text, 3);
  rest = text;
  if (list_entry_is_hint(list_form_line(&rest))) text = rest;
  rest = text;
  switch (wish->format) {
  case LIST_ENTRY_LINES: return list_form_plain(form, wish, LIST_ENTRY_LINES, "names, one a line");
  case LIST_ENTRY_ZONE: return list_form_plain(form, wish, LIST_ENTRY_ZONE, "a zone file");
  case LIST_ENTRY_RESULTS:
    return list_form_plain(form, wish, LIST_ENTRY_RESULTS, "results of a scan");
  default: break;
  }
  if (!list_form_next(&rest, ended, &line)) {
    if (!ended) return ERR_NOT_FOUND;
    form->format = LIST_ENTRY_AUTO; /* it is empty: whatever is wished is in order */
    return ERR_NONE;
  }
  if (wish->format == LIST_ENTRY_AUTO) {
    if (span_starts(line, SPAN("{\"v\":")))
      return list_form_plain(form, wish, LIST_ENTRY_RESULTS, "results of a scan");
    if (list_form_is_zone(line, rest, ended, &more))
      return list_form_plain(form, wish, LIST_ENTRY_ZONE, "a zone file");
  }
  return more ? ERR_NOT_FOUND : list_form_columns(form, wish, text, ended);
}
