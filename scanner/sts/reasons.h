/* All reasons of one fault while they are being gathered: the first is what explains most. */
#ifndef SCANNER_STS_REASONS_H
#define SCANNER_STS_REASONS_H

#include "output/findings/reason.h"

/* Reasons of one value; what is more is not told. */
enum { REASONS_MAX = 16 };

/* Bytes that are looked at of one value. */
enum { REASONS_TEXT_MAX = 1024 };

/* Initialise with {.code = ...}; all else zero. */
struct reasons {
  enum finding_code code;
  size_t count;
  enum reason at[REASONS_MAX];
};

/* Adds the reason of that word, once; a word that the code does not have is passed over. */
void reasons_add(struct reasons *reasons, const char *word);

bool reasons_has(const struct reasons *reasons, const char *word);

/* What is wrong with any value of a field, whatever it should be: a template's placeholder, a
 * comment, quotation marks, characters that are not seen, backslashes, the field's own name, a
 * semicolon at the end. Gives the value without comment, name and semicolon. name: of the field. */
struct span reasons_of_value(struct reasons *reasons, struct span name, struct span value);

/* Where a comment begins in text: at "#", or at "//", a ";" with words behind it, "(" or "--"
 * behind a blank; text.len: there is none. */
size_t reasons_comment_at(struct span text);

/* Whether text is a template's own words: "your-domain.com", "<host>", "[a|b]", "YOUR-MX-HERE". */
bool reasons_is_placeholder(struct span text);

#endif
