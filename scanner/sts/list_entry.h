/* A line of a list: what in it should be a domain name, and its rank. Pure. */
#ifndef SCANNER_STS_LIST_ENTRY_H
#define SCANNER_STS_LIST_ENTRY_H

#include "output/base/span.h"
#include <stdint.h>

enum list_entry_format {
  LIST_ENTRY_AUTO,  /* rank,name where a number and a comma begin the line (no domain holds a comma)
                     */
  LIST_ENTRY_LINES, /* the whole line is the name */
  LIST_ENTRY_CSV,   /* rank,name; further columns are passed over */
};

struct list_entry {
  struct span text; /* the line without its end and the blanks around it */
  struct span name; /* part of text */
  bool has_rank;
  uint64_t rank;
};

/* False: a blank line or a '#' comment. first: a UTF-8 BOM at its start is dropped. Under
 * LIST_ENTRY_CSV a line that is not rank,name has the whole line as its name, which then is no
 * domain.
 */
bool list_entry_parse(struct span line, enum list_entry_format format, bool first,
                      struct list_entry *entry);

#endif
