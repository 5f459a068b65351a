/* The URIs that a TLSRPT record may hold: RFC 3986, of the schemes mailto and https, with comma,
 * exclamation point and semicolon encoded (RFC 8460 section 3). */
#ifndef SCANNER_STS_URI_H
#define SCANNER_STS_URI_H

#include "output/findings/reason.h"

/* REASON_NONE, or what is wrong with it: a reason of tlsrpt-syntax. */
enum reason uri_report_fault(struct span uri);

#endif
