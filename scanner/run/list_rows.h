/* The rows of one list, whatever its form: names, CSV, a zone file, results of a scan.
 *
 * Recognises the form by the first lines, numbers the lines, and reports once for each kind what is
 * odd about them. A row that does not fit the form is given as an entry that is no domain, so that
 * every row becomes a record. Borrows the list's file. Used by one thread.
 */
#ifndef SCANNER_RUN_LIST_ROWS_H
#define SCANNER_RUN_LIST_ROWS_H

#include "output/stats/filter.h"
#include "scanner/run/list_file.h"
#include "scanner/sts/list_form.h"

enum {
  LIST_ROWS_JOINED_MAX = 256, /* lines that quotes of CSV may join */
  LIST_ROWS_HEADER_MAX = 512, /* octets of a header that is known again where files were joined */
  LIST_ROWS_CHECKED = 1000,   /* entries at the front that are looked at, ... */
  LIST_ROWS_BAD_PERCENT = 90, /* ... and said something of when so many are no domains */
  LIST_ROWS_TEXT_MAX = 640,
};

struct list_rows_config {
  struct list_form_wish wish;
  const struct filter *where;                 /* of results: only these; NULL: all */
  void (*tell)(void *data, const char *text); /* one line for people, without the list's name */
  void *data;
};

struct list_rows_row {
  uint64_t lines; /* that it takes up; its number is that of the first */
  bool here;      /* false: passed over, without a record */
  struct list_entry entry;
};

struct list_rows;

/* Reads on until the form is known. The file stays the caller's. On ERR_SYNTAX why says what is
 * wrong with the list, for people; else as list_file_line(). */
enum err list_rows_new(struct list_rows **rows, struct list_file *file,
                       const struct list_rows_config *config, char why[LIST_ROWS_TEXT_MAX]);
void list_rows_free(struct list_rows *rows);

/* The form, for people; empty: names a line, as was to be expected. */
const char *list_rows_form(const struct list_rows *rows);

/* The next row; its spans are valid until the next call. As list_file_line(). */
enum err list_rows_next(struct list_rows *rows, struct list_rows_row *row);

/* Whether one of the first entries was a domain. At the end, also says when hardly any were. */
bool list_rows_has_domains(struct list_rows *rows);

/* What is wrong with a file after ERR_SYNTAX, for people. */
void list_rows_why(const struct list_file *file, const char *path, char why[LIST_ROWS_TEXT_MAX]);

#endif
