/* A row of CSV (RFC 4180), field by field; the separator may be another than the comma. Pure.
 *
 * A field that begins with a quote ends with one, may hold separators and line ends, and says a
 * quote as two. In any other field a quote is a character like others. Blanks around a field are
 * dropped. Spans point into the row's text.
 */
#ifndef SCANNER_STS_CSV_ROW_H
#define SCANNER_STS_CSV_ROW_H

#include "output/base/span.h"

/* Columns that are looked at; what stands beyond is passed over. */
enum { CSV_ROW_FIELDS_MAX = 256 };

struct csv_row {
  struct span rest;
  char separator; /* 0: the row is one field */
  bool ended;
  bool open; /* a quote was not closed: the row goes on in the next line */
};

struct csv_field {
  struct span text; /* without its quotes */
  bool doubled;     /* it holds quotes, each written as two */
};

/* text: the row without its line end. */
struct csv_row csv_row_of(struct span text, char separator);

/* The next field; false: there is none. A row has at least one. */
bool csv_row_next(struct csv_row *row, struct csv_field *field);

/* Whether a quote of the row is not closed at its end. */
bool csv_row_is_open(struct span text, char separator);

/* How many fields it has, at most CSV_ROW_FIELDS_MAX. */
unsigned csv_row_count(struct span text, char separator);

/* The field's text with its quotes said once, as far as it fits; returns the length. */
size_t csv_row_unquote(const struct csv_field *field, char *out, size_t size);

#endif
