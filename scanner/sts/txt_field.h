/* The grammar that the TXT records of MTA-STS and TLSRPT share: fields `name=value` with semicolons
 * and blanks between (RFC 8461 section 3.1, RFC 8460 section 3).
 *
 *   field-delim = *WSP ";" *WSP
 */
#ifndef SCANNER_STS_TXT_FIELD_H
#define SCANNER_STS_TXT_FIELD_H

#include "output/base/span.h"

enum {
  TXT_FIELD_NAME_MAX = 32,
  TXT_FIELD_NAMES_MAX =
      64, /* names that are remembered; no deployed record or policy has as many */
};

struct txt_field {
  struct span text;  /* all of it */
  struct span name;  /* before the first '=' */
  struct span value; /* behind it; ptr NULL: there is no '=' */
};

/* Why the fields cannot be told apart. */
enum txt_field_fault {
  TXT_FIELD_OK,
  TXT_FIELD_EMPTY,          /* ";;" or "; ;" */
  TXT_FIELD_TRAILING_BLANK, /* blanks at the end, and no ';' behind them */
};

/* Takes the next field off *rest, which begins at a delimiter. False: nothing is left. *fault is
 * set in both cases; an empty field is given as one with an empty text. */
bool txt_field_next(struct span *rest, struct txt_field *field, enum txt_field_fault *fault);

/* (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".") */
bool txt_field_is_extension_name(struct span name);

/* 1*(%x21-3A / %x3C / %x3E-7E): visible, without ';' and '='. */
bool txt_field_is_extension_value(struct span value);

/* Which extensions were met already: of a field that stands twice only the first counts (RFC 8461
 * section 3.2). Names beyond TXT_FIELD_NAMES_MAX pass for new, so that a stranger's record of ten
 * thousand fields costs no ten thousand squared. */
struct txt_field_names {
  struct span at[TXT_FIELD_NAMES_MAX];
  size_t count;
};

/* Whether name was given before; remembers it. */
bool txt_field_names_met(struct txt_field_names *names, struct span name);

/* Whether text begins with version and then, behind blanks, ';' or nothing. */
bool txt_field_version_is(struct span text, struct span version);

/* Whether word occurs in text, ignoring case and blanks. word is lower case. */
bool txt_field_tries(struct span text, struct span word);

#endif
