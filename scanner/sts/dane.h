/* The TLSA records of a mail server, and what they come to (RFC 6698, RFC 7672).
 *
 * What a sender with DANE does stands beside the judgement of MTA-STS and changes neither status
 * nor effect.
 */
#ifndef SCANNER_STS_DANE_H
#define SCANNER_STS_DANE_H

#include "scanner/sts/finding_list.h"

/* One record as it stands in DNS: at least its three octets and one more. Whether a sender can use
 * it: DANE-TA or DANE-EE (RFC 7672 section 3.1), a selector and a matching type that are known, and
 * as many octets as that type has. */
bool dane_is_usable(struct span record);

/* As text: "3 1 1 8bd2". */
struct span dane_text(struct span record, struct arena *arena);

/* What is known of a host's records once it was probed. */
struct dane_evidence {
  size_t usable;  /* how many of the records are */
  bool has_chain; /* a certificate was shown, to hold against them */
  bool matches;   /* one of the usable ones */
};

/* Sets tlsa->dane of records that are here and validated, and raises what is wrong with them. */
void dane_judge(struct result_tlsa *tlsa, const struct dane_evidence *evidence,
                struct finding_list *findings);

#endif
