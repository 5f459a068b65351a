#include "output/stats/columns.h"

#include "output/base/csv_writer.h"
#include <inttypes.h>
#include <stdlib.h>

static const char *const further_texts[] = {
#define X(name, text) text,
    COLUMNS_FURTHER_MAP(X)
#undef X
};

static const char *column_text(int column) {
  return column < DIMENSION_COUNT ? dimension_text((enum dimension)column)
                                  : further_texts[column - DIMENSION_COUNT];
}

static int column_by_text(struct span text) {
  int column = (int)dimension_by_text(text);
  while (column >= DIMENSION_COUNT && column < COLUMNS_END &&
         !span_equal(text, span_of(column_text(column))))
    column++;
  return column;
}

enum err columns_parse(struct columns *columns, struct span text, struct span *bad) {
  do {
    struct span name = span_cut(&text, ',');
    int column = column_by_text(name);
    *bad = name;
    if (columns->count == COLUMNS_MAX) return ERR_LIMIT;
    if (column == COLUMNS_END) return ERR_SYNTAX;
    columns->names[columns->count] = name;
    columns->at[columns->count++] = column;
  } while (text.len);
  return ERR_NONE;
}

const char *columns_name(size_t i) {
  return i < COLUMNS_END ? column_text((int)i) : NULL;
}

void columns_print_names(FILE *out) {
  for (int i = 0; i < COLUMNS_END; i++) fprintf(out, "%s%s", i ? ", " : "", column_text(i));
}

bool columns_has(const struct columns *columns, int column) {
  for (size_t i = 0; i < columns->count; i++)
    if (columns->at[i] == column) return true;
  return false;
}

void columns_head(FILE *out, const struct columns *columns) {
  for (size_t i = 0; i < columns->count; i++) {
    if (i) fputc(',', out);
    csv_writer_field(out, columns->names[i]);
  }
  fputc('\n', out);
}

/* The details of a code, or of all that is worth a look. */
static void details_add(struct dimension_values *values, const struct result *result,
                        enum finding_code code) {
  for (const struct finding *f = result->findings; f; f = f->next) {
    bool told =
        code == FOUND_COUNT ? finding_info(f->code)->severity != FINDING_INFO : f->code == code;
    if (told && f->detail.len && values->count < DIMENSION_VALUES_MAX)
      values->at[values->count++] = f->detail;
  }
}

static void further_values(int column, const struct result *result, enum finding_code code,
                           struct dimension_values *values) {
  struct span text = {values->text, 0};
  values->count = 0;
  values->has_number = false;
  switch (column) {
  case COLUMNS_N:
    values->has_number = result->n != 0;
    values->number = (int64_t)result->n;
    if (result->n) text.len = (size_t)sprintf(values->text, "%" PRIu64, result->n);
    break;
  case COLUMNS_UNICODE: text = span_here(result->unicode) ? result->unicode : result->domain; break;
  case COLUMNS_AT:
    if (result->at) text.len = json_writer_time_text(result->at, values->text);
    break;
  case COLUMNS_MX:
    for (size_t i = 0; i < result->mx.count && values->count < DIMENSION_VALUES_MAX; i++)
      values->at[values->count++] = result->mx.at[i].host;
    break;
  default: details_add(values, result, code);
  }
  if (text.len) values->at[values->count++] = text;
}

static void column_values(const struct columns *columns, size_t i,
                          const struct dimension_domain *domain, enum finding_code code,
                          struct dimension_values *values) {
  int column = columns->at[i];
  struct dimension_domain asked = *domain;
  asked.label = dimension_label(columns->names[i]);
  if (column < DIMENSION_COUNT)
    dimension_values((enum dimension)column, &asked, values);
  else
    further_values(column, domain->result, code, values);
}

static bool has_several(int column) {
  return column == DIMENSION_STAGE || column == DIMENSION_CODE || column == DIMENSION_REASON ||
         column == DIMENSION_SEVERITY || column == DIMENSION_KIND ||
         column == DIMENSION_MAIL_VERDICT || column == COLUMNS_MX || column == COLUMNS_DETAIL;
}

static void print_text(FILE *out, struct span text) {
  for (size_t i = 0; i < text.len; i++) {
    unsigned char c = (unsigned char)text.ptr[i];
    fputc(c < ' ' || c == 0x7f ? '?' : c, out); /* a terminal's controls too */
  }
}

/* The values in one field. */
static void print_field(FILE *out, const struct dimension_values *values, bool csv) {
  char *text = NULL;
  size_t size = 0;
  if (values->count <= 1) {
    struct span one = values->count ? values->at[0] : (struct span){"", 0};
    if (csv)
      csv_writer_field(out, one);
    else
      print_text(out, one);
    return;
  }
  FILE *joined = open_memstream(&text, &size);
  if (!joined) return;
  for (size_t i = 0; i < values->count; i++) {
    if (i) fputc('|', joined);
    fwrite(values->at[i].ptr, 1, values->at[i].len, joined);
  }
  if (fclose(joined) == 0) {
    if (csv)
      csv_writer_field(out, (struct span){text, size});
    else
      print_text(out, (struct span){text, size});
  }
  free(text);
}

static void write_values(struct json_writer *json, struct span name, int column,
                         const struct dimension_values *values) {
  if (values->count || has_several(column)) json_writer_key(json, name);
  bool is_day = column < DIMENSION_COUNT && dimension_kind((enum dimension)column) == DIMENSION_DAY;
  if (has_several(column)) {
    json_writer_open(json, NULL, '[');
    for (size_t i = 0; i < values->count; i++) json_writer_string(json, NULL, values->at[i]);
    json_writer_close(json, ']');
  } else if (values->count && values->has_number && !is_day) {
    json_writer_int(json, NULL, values->number);
  } else if (values->count) {
    json_writer_string(json, NULL, values->at[0]);
  }
}

static void print_object(FILE *out, const struct columns *columns,
                         const struct dimension_domain *domain, enum finding_code code) {
  size_t size = 1024;
  for (;;) {
    char *text = malloc(size);
    if (!text) return;
    struct json_writer json = json_writer_into(text, size);
    json_writer_open(&json, NULL, '{');
    for (size_t i = 0; i < columns->count; i++) {
      struct dimension_values values;
      column_values(columns, i, domain, code, &values);
      write_values(&json, columns->names[i], columns->at[i], &values);
    }
    json_writer_close(&json, '}');
    bool whole = !json_writer_overflow(&json);
    if (whole) fwrite(text, 1, json_writer_text(&json).len, out);
    size = json.need;
    free(text);
    if (whole) return;
  }
}

void columns_row(FILE *out, const struct columns *columns, enum columns_form form,
                 const struct dimension_domain *domain, enum finding_code code) {
  if (form == COLUMNS_JSON) {
    print_object(out, columns, domain, code);
  } else {
    for (size_t i = 0; i < columns->count; i++) {
      struct dimension_values values;
      column_values(columns, i, domain, code, &values);
      if (i) fputc(form == COLUMNS_CSV ? ',' : '\t', out);
      print_field(out, &values, form == COLUMNS_CSV);
    }
  }
  fputc('\n', out);
}
