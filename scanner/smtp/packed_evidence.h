/* The evidence of a mail host, packed into one piece of memory, so that it can be kept and copied
 * as octets (scanner/smtp/hosts.h). */
#ifndef SCANNER_SMTP_PACKED_EVIDENCE_H
#define SCANNER_SMTP_PACKED_EVIDENCE_H

#include "output/record/result.h"
#include "scanner/base/arena.h"

/* All that tls leads to, in the arena; no octets: arena->err. */
struct span packed_evidence_make(const struct result_mx_tls *tls, struct arena *arena);

/* A copy of what was packed, which is changed, and must be aligned for any type; what it leads to
 * is inside of it. */
const struct result_mx_tls *packed_evidence_open(struct span packed);

#endif
