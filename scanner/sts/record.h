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

/* txt: each RR's strings already joined without spaces. *id is set when one can be told, sound or
 * not. Raises the findings of stage record but those of DNS itself and record-absent with no TXT at
 * all is raised too. */
enum record_presence record_judge(struct spans txt, struct finding_list *findings, struct span *id);

#endif
