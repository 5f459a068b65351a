/* The grammar that the TXT records of MTA-STS and TLSRPT share: fields `name=value` with semicolons
 * and blanks between (RFC 8461 section 3.1, RFC 8460 section 3).
 *
 *   field-delim = *WSP ";" *WSP
 */
#ifndef SCANNER_STS_FIELD_H
#define SCANNER_STS_FIELD_H

#include "output/span.h"

enum { FIELD_NAME_MAX = 32 };

struct field {
  struct span text;  /* all of it */
  struct span name;  /* before the first '=' */
  struct span value; /* behind it; ptr NULL: there is no '=' */
  size_t number;     /* from 1, of those after the version */
};

/* Why the fields cannot be told apart. */
enum field_fault {
  FIELD_OK,
  FIELD_EMPTY,          /* ";;" or "; ;" */
  FIELD_TRAILING_BLANK, /* blanks at the end, and no ';' behind them */
};

/* Takes the next field off *rest, which begins at a delimiter. False: nothing is left. *fault is
 * set in both cases; an empty field is given as one with an empty text. */
bool field_next(struct span *rest, struct field *field, enum field_fault *fault);

/* (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".") */
bool field_is_extension_name(struct span name);

/* 1*(%x21-3A / %x3C / %x3E-7E): visible, without ';' and '='. */
bool field_is_extension_value(struct span value);

/* Whether text begins with version and then, behind blanks, ';' or nothing. */
bool field_version_is(struct span text, struct span version);

/* Whether word occurs in text, ignoring case and blanks. word is lower case. */
bool field_tries(struct span text, struct span word);

#endif
