/* The reasons of findings: words for machines, where one code has several causes.
 *
 * output/findings/reason.def is the only place that knows them; the record, `explain`, the
 * documentation and the statistics come from it. A finding holds the first reason that was met and
 * a set of all; a set has a bit for each row of its code, the code's first row being bit 0.
 */
#ifndef OUTPUT_FINDINGS_REASON_H
#define OUTPUT_FINDINGS_REASON_H

#include "output/findings/finding.h"
#include <stdint.h>

/* REASON_NONE and then in the order of the table. */
enum reason {
  REASON_NONE,
#define REASON(NAME, ...) REASON_##NAME,
#include "output/findings/reason.def"
#undef REASON
  REASON_COUNT
};

/* What the mark "*" behind a word says, where reasons are listed. */
#define REASON_LENIENT_TEXT                                                                        \
  "* Most senders go on all the same, so the finding has \"lenient\":true, unless it has other "   \
  "reasons too, or no sound mx is left."

enum {
  REASON_SENDERS = 13,     /* implementations that were looked at */
  REASON_SENDERS_MOST = 7, /* so many of them going on are most */
  REASON_SET_MAX = 64,     /* rows of one code */
};

struct reason_info {
  enum finding_code code;
  const char *word;
  unsigned senders; /* that go on all the same; 0: few, or not known */
  const char *text;
};

/* reason from 1 to REASON_COUNT - 1. */
const struct reason_info *reason_info(enum reason reason);

/* The reason of that word under code, or REASON_NONE. */
enum reason reason_by_word(enum finding_code code, struct span word);

/* The first row of code, REASON_NONE if it has none; and how many rows it has. */
enum reason reason_first(enum finding_code code);
unsigned reason_count(enum finding_code code);

/* The set that holds this reason alone; 0 for REASON_NONE. */
uint64_t reason_bit(enum reason reason);

/* Of the senders that were looked at, how many go on in spite of each reason of a set. */
unsigned reason_senders(enum finding_code code, uint64_t reasons);

/* Whether most senders go on all the same. */
bool reason_is_lenient(enum reason reason);

#endif
