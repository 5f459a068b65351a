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

/* Sets tlsa->dane of records that are here and validated, so many of which are usable, and raises
 * what is wrong with them. DANE_COUNT: a certificate has to be held against them. */
void dane_judge(struct result_tlsa *tlsa, size_t usable, struct finding_list *findings);

/* What a certificate fits. */
enum dane_fit {
  DANE_FIT_UNTOLD,  /* none was shown */
  DANE_FIT_NOTHING, /* no record */
  DANE_FIT_ISSUER,  /* one of usage 2: its chain leads there, names apart */
  DANE_FIT_KEY,     /* one of usage 3: its names do not count (RFC 7672 section 3.1.1) */
};

/* Sets tlsa->dane by what the certificate fits, and raises a mismatch. Under an issuer it needs the
 * name of the host or of whose the records are (RFC 7672 section 3.2.2); where it has neither, that
 * is the reason, and the recipient domain's name may still do (sts/mx_tls.h). */
void dane_conclude(struct result_tlsa *tlsa, enum dane_fit fit, struct spans names,
                   struct span host, struct span base, struct finding_list *findings);

#endif
