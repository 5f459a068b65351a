/* The form of a list: what its first lines say of it, and of its columns. Pure.
 *
 * Names a line; CSV with or without a header, of which the forms of Tranco, Umbrella, Majestic,
 * CrUX and Cloudflare Radar are known; a zone file; results of a scan. Plain data, owns nothing.
 */
#ifndef SCANNER_STS_LIST_FORM_H
#define SCANNER_STS_LIST_FORM_H

#include "scanner/sts/carried.h"
#include "scanner/sts/list_entry.h"

enum {
  LIST_FORM_LABELS_MAX = RESULT_LABELS_MAX, /* columns that are carried along */
  LIST_FORM_LABEL_NAME_MAX = CARRIED_LABEL_NAME_MAX,
  LIST_FORM_TEXT_MAX = 512,
  LIST_FORM_ROWS_LOOKED_AT = 20, /* to find the column with the names */
};

/* What the user wants of the lists. Strings must stay valid. */
struct list_form_wish {
  enum list_entry_format format;
  const char *column; /* a header's name or a number; NULL: to be found */
  const char *labels[LIST_FORM_LABELS_MAX];
  unsigned label_count;
};

struct list_form_label {
  unsigned column;
  char name[LIST_FORM_LABEL_NAME_MAX + 1];
};

struct list_form {
  enum list_entry_format format; /* one of LINES, CSV, ZONE, RESULTS; or AUTO: names a line */
  char separator;                /* of CSV; 0: one column */
  bool header;                   /* the first row is one */
  unsigned column, rank;         /* from 1; rank 0: there is none */
  unsigned last;                 /* the last column that is looked at */
  unsigned label_count;
  struct list_form_label labels[LIST_FORM_LABELS_MAX];
  char text[LIST_FORM_TEXT_MAX]; /* for people: the form, or what is wrong with it */
};

/* Recognises the form from the list's first bytes; ended: they are all of it. Also where text ends
 * inside a line, that line is not looked at. ERR_NOT_FOUND: more text is needed (never when ended).
 * ERR_SYNTAX: what is wished cannot be, form->text says why. */
enum err list_form_recognise(struct list_form *form, const struct list_form_wish *wish,
                             struct span text, bool ended);

#endif
