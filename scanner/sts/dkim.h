/* The key record of a DKIM selector (RFC 6376 section 3.6.1, RFC 8463), judged for syntax.
 */
#ifndef SCANNER_STS_DKIM_H
#define SCANNER_STS_DKIM_H

#include "output/record/result.h"
#include "scanner/sts/finding_list.h"

enum {
  DKIM_ED25519_OCTETS = 32,
  DKIM_SELECTOR_MAX = 240, /* 253 of a name less "._domainkey." and a letter */
};

/* Whether a text is a selector: labels of letters, digits, hyphens and underscores, dots between,
 * in all at most DKIM_SELECTOR_MAX. */
bool dkim_is_selector(struct span text);

/* Fills type, bits and revoked of *key from all TXT under its selector, and txt where they are not
 * sound; raises the findings of stage dkim. False: none of them is a key record. */
bool dkim_judge(struct spans texts, struct result_dkim_key *key, struct finding_list *findings);

#endif
