/* A line of a list: what in it should be a domain name, its rank and labels. Pure. */
#ifndef SCANNER_STS_LIST_ENTRY_H
#define SCANNER_STS_LIST_ENTRY_H

#include "output/base/err.h"
#include "output/base/span.h"

enum list_entry_format {
  LIST_ENTRY_AUTO,    /* the form is told by the first lines (scanner/sts/list_form.h) */
  LIST_ENTRY_LINES,   /* the whole line is the name */
  LIST_ENTRY_CSV,     /* one column is */
  LIST_ENTRY_ZONE,    /* a zone file: the names delegated in it */
  LIST_ENTRY_RESULTS, /* records of an earlier scan */
};

struct list_entry {
  struct span text;    /* the line without its end and the blanks around it */
  struct span name;    /* often part of text */
  const char *reason;  /* a word for why it can be no domain; NULL: to be seen */
  bool given;          /* the name is taken out of a URL or an address */
  struct span carried; /* scanner/sts/carried.h: what goes into the record as it is */
  bool has_rank;
  uint64_t rank;
};

/* False: as list_entry_text(). first: a UTF-8 BOM at its start is dropped. The name is the
 * whole line, or what its quotes hold; under LIST_ENTRY_AUTO, of "rank,name" the name, and of a URL
 * or an address the host. */
bool list_entry_parse(struct span line, enum list_entry_format format, bool first,
                      struct list_entry *entry);

/* "sep=;", as exports for spreadsheets begin; line: without its end. */
bool list_entry_is_hint(struct span line);

/* The line without its end and the blanks around it; false: blank, a '#' comment, or a first line
 * that is a hint for spreadsheets. */
bool list_entry_text(struct span line, bool first, struct span *text);

/* Takes the host of a URL or an address. */
void list_entry_host(struct list_entry *entry);

/* A rank of at most 18 digits. */
bool list_entry_rank(struct list_entry *entry, struct span field);

#endif
