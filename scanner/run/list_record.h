/* A record of an earlier scan as a line of a list: its domain, rank, line and labels, where the
 * conditions hold. Used by one thread. */
#ifndef SCANNER_RUN_LIST_RECORD_H
#define SCANNER_RUN_LIST_RECORD_H

#include "output/stats/filter.h"
#include "scanner/sts/list_form.h"

enum list_record_end {
  LIST_RECORD_TAKEN,
  LIST_RECORD_LEFT,    /* the conditions do not hold */
  LIST_RECORD_FOREIGN, /* not a record */
  LIST_RECORD_MEMORY,
};

struct list_record;

/* where: NULL: all records; must stay valid. wish: its labels, when there are any, are the only
 * ones taken along. */
enum err list_record_new(struct list_record **record, const struct filter *where,
                         const struct list_form_wish *wish);
void list_record_free(struct list_record *record);

/* entry->text is the line, and stays so; of LIST_RECORD_TAKEN the rest of the entry is set, in
 * spans that are valid until the next call. */
enum list_record_end list_record_read(struct list_record *record, struct list_entry *entry,
                                      struct carried *carried);

/* Whether the record read last was written by a later version. */
bool list_record_is_later(const struct list_record *record);

#endif
