/* The TXT record of RFC 8461 section 3.1, judged from the whole set that DNS gave. */
#ifndef SCANNER_STS_RECORD_H
#define SCANNER_STS_RECORD_H

#include "output/record/result.h"
#include "scanner/sts/finding_list.h"

enum {
  RECORD_ID_MAX = 32,
  RECORD_EXTENSION_NAME_MAX = 32,
};

enum record_presence {
  RECORD_NONE,    /* no record: nothing further is asked */
  RECORD_ATTEMPT, /* there is one, or an attempt at one, that senders must not use */
  RECORD_SOUND,   /* exactly one, well formed */
};

/* txt: the strings of each TXT record, joined without spaces (RFC 8461 section 3.1); there may be
 * none. *id is set when one can be told, sound or not. Raises all findings of stage record,
 * record-absent included, but for those of a DNS lookup that failed. */
enum record_presence record_judge(struct spans txt, struct finding_list *findings, struct span *id);

#endif
