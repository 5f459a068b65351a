/* The grammar that the TXT records of MTA-STS and TLSRPT share: fields `name=value` with semicolons
 * and blanks between (RFC 8461 section 3.1, RFC 8460 section 3).
 *
 *   field-delim = *WSP ";" *WSP
 */
#ifndef SCANNER_STS_TXT_FIELD_H
#define SCANNER_STS_TXT_FIELD_H

#include "output/base/span.h"

enum {
  FIELD_NAME_MAX = 32,
  FIELD_NAMES_MAX = 64, /* names that are remembered; no deployed record or policy has as many */
};

struct field {
  struct span text;  /* all of it */
  struct span name;  /* before the first '=' */
  struct span value; /* behind it; ptr NULL: there is no '=' */
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

/* Which extensions were met already: of a field that stands twice only the first counts (RFC 8461
 * section 3.2). Names beyond FIELD_NAMES_MAX pass for new, so that a stranger's record of ten
 * thousand fields costs no ten thousand squared. */
struct field_names {
  struct span at[FIELD_NAMES_MAX];
  size_t count;
};

/* Whether name was given before; remembers it. */
bool field_names_met(struct field_names *names, struct span name);

/* Whether text begins with version and then, behind blanks, ';' or nothing. */
bool field_version_is(struct span text, struct span version);

/* Whether word occurs in text, ignoring case and blanks. word is lower case. */
bool field_tries(struct span text, struct span word);

#endif
