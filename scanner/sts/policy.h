/* The policy file of RFC 8461 section 3.2. */
#ifndef SCANNER_STS_POLICY_H
#define SCANNER_STS_POLICY_H

#include "output/record/result.h"
#include "scanner/sts/finding_list.h"

enum {
  POLICY_SIZE_DEFAULT = 65536,   /* RFC 8461 section 3.3 */
  POLICY_MAX_AGE_MAX = 31557600, /* section 3.2 */
  POLICY_MAX_AGE_SHORT = 86400,  /* under this: a warning */
  POLICY_EXTENSION_NAME_MAX = 32,
};

/* Fills version, mode, max_age and mx (spans into text or the arena) and raises the findings of
 * stage policy-syntax. text, sha256 and here are the caller's. */
void policy_parse(struct span text, struct finding_list *findings, struct result_policy *policy);

/* Raises policy-http-content-type unless the media type is text/plain (section 3.2). */
void policy_judge_content_type(struct span content_type, struct finding_list *findings);
/* Of several fields, of which senders may take any. */
void policy_judge_content_types(struct spans content_types, struct finding_list *findings);

#endif
