/* What one probe at one address brought, judged: how it ended, facts and findings. Of a probe that
 * is told, and before it has ended. */
#ifndef SCANNER_SMTP_EVIDENCE_H
#define SCANNER_SMTP_EVIDENCE_H

#include "scanner/smtp/probe.h"
#include "scanner/sts/finding_list.h"

/* Trouble of our own, of which nothing can be said about the server: ERR_MEMORY, ERR_DESCRIPTORS.
 */
enum err evidence_trouble(const struct probe *probe);

/* How the connection ended; FOUND_COUNT: TLS stands, with whatever certificate. */
enum finding_code evidence_code(const struct probe *probe);

/* Whether a TCP connection stood, if only to be reset at once. */
bool evidence_has_stood(const struct probe *probe);
/* This machine has no route to the address. */
bool evidence_has_no_route(const struct probe *probe);

/* Raises what was found at the time now (milliseconds since 1970), and sets of result what is of
 * one attempt: not verdict, codes, findings, cname, addresses, attempts, tlsa, at. Texts are copied
 * to the arena of the findings. */
void evidence_judge(const struct probe *probe, int64_t now, struct finding_list *findings,
                    struct result_mx_tls *result);

#endif
