/* What stands where a policy should, and is no text of fields at all: another encoding, another
 * format, another text. Nothing can be said of its fields, so one finding names the thing. */
#ifndef SCANNER_STS_BODY_H
#define SCANNER_STS_BODY_H

#include "output/findings/reason.h"

struct body_kind {
  enum reason reason; /* of policy-syntax; REASON_NONE: a text of fields, sound or not */
  unsigned line;      /* where it shows, from 1 */
  bool is_page;       /* a web page */
};

/* text: the whole body. */
struct body_kind body_kind(struct span text);

/* The index of the key of a policy ("version", "mode", "max_age", "mx") that text begins with, and
 * blanks and one of the marks behind it; or -1. *len: up to the mark and with it. */
int body_key(struct span text, const char *marks, size_t *len);

#endif
