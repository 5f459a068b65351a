/* The findings of one domain while they are being gathered.
 *
 * A code stands once in a record: added again, its further details are joined to the first one's,
 * its reasons to the first one's set, and the other members for machines stay those of the first;
 * it is lenient as long as all that was added is. What strangers send can hold one fault thousands
 * of times: a detail that is full ends in "; and more", and takes nothing further. The list is in
 * the order of the table, which is that of the journey; it lives in the arena, and a failed
 * allocation shows there (arena->err).
 */
#ifndef SCANNER_STS_FINDING_LIST_H
#define SCANNER_STS_FINDING_LIST_H

#include "output/record/result.h"
#include "scanner/base/arena.h"
#include "scanner/sts/reasons.h"
#include <stdint.h>

enum {
  FINDING_LIST_DETAIL_MAX = 1024, /* bytes that details are joined to */
  FINDING_LIST_DETAILS_MAX = 16,  /* details that are joined */
  FINDING_LIST_QUOTE_MAX = 100,   /* bytes that are quoted of a stranger's text */
};

/* Initialise with {.arena = ...}; all else zero. */
struct finding_list {
  struct arena *arena;
  struct finding *first;
  uint8_t details[FOUND_COUNT]; /* joined so far, of each code */
};

/* Adds a copy of finding, whose reasons and leniency follow from its reason, unless reasons is set;
 * its spans must live as long as the arena or longer. */
void finding_list_add(struct finding_list *findings, struct finding finding);

/* Adds finding with the detail "line N: what: text (holds cause)", of which only what is always
 * there. text is quoted up to FINDING_LIST_QUOTE_MAX bytes, and " ..." tells of more; the cause is
 * what cause_of() finds in it. */
void finding_list_tell(struct finding_list *findings, struct finding finding, const char *what,
                       struct span text);

/* The same with one reason, whose text is what; or with several, all of which are told. Some reason
 * there must be. */
void finding_list_tell_reason(struct finding_list *findings, struct finding finding,
                              enum reason reason, struct span text);
void finding_list_tell_reasons(struct finding_list *findings, struct finding finding,
                               const struct reasons *reasons, struct span text);

/* Takes back that most senders go on in spite of code. */
void finding_list_set_strict(struct finding_list *findings, enum finding_code code);

/* Whether the detail of code takes nothing further, so that making one would be in vain. */
bool finding_list_full(const struct finding_list *findings, enum finding_code code);

bool finding_list_has(const struct finding_list *findings, enum finding_code code);

/* Whether there is a finding of severity error at the stage. */
bool finding_list_error_at(const struct finding_list *findings, enum finding_stage stage);

#endif
