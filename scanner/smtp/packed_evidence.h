/* The evidence of a mail host as octets, as few as can be, so that many hosts can be kept
 * (scanner/smtp/hosts.h). The certificate is apart: an operator's hosts often show the same. */
#ifndef SCANNER_SMTP_PACKED_EVIDENCE_H
#define SCANNER_SMTP_PACKED_EVIDENCE_H

#include "output/record/result.h"
#include "scanner/base/arena.h"
#include "scanner/smtp/hosts.h"

/* All that tls leads to, in the arena; no octets: arena->err. */
struct host_evidence packed_evidence_make(const struct result_mx_tls *tls, struct arena *arena);

/* What was packed, its arrays in the arena; texts stay where the octets are. NULL: arena->err. */
const struct result_mx_tls *packed_evidence_open(struct host_evidence packed, struct arena *arena);

#endif
