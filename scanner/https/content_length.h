/* Whether the header of an HTTP/1.1 answer says how long its body is (RFC 9112 section 6.3), so
 * that a body that was cut short is not taken for a whole one.
 *
 * libcurl is too lenient for that: of several Content-Length fields it takes the last, it ignores
 * what follows the digits, it takes a length that is too large for none at all, it accepts a status
 * line of HTTP/2, and until 8.1 it decodes any Transfer-Encoding. The header is given line by line,
 * as libcurl passes it on. Pure; all zero is the start of a header.
 */
#ifndef SCANNER_HTTPS_CONTENT_LENGTH_H
#define SCANNER_HTTPS_CONTENT_LENGTH_H

#include "output/base/span.h"
#include <stdint.h>

/* Of a body, in octets: what libcurl can count. */
#define CONTENT_LENGTH_LENGTH_MAX ((uint64_t)INT64_MAX)

struct content_length {
  bool begun;         /* a line was given */
  bool other_version; /* a status line, the first line of a header, of another HTTP than 1 */
  bool chunked;       /* which overrides every Content-Length */
  bool encoded; /* a Transfer-Encoding other than "chunked", once: the body must not be read */
  bool has_length;
  bool wrong;      /* a length that is no number or too large a one, or another one than before */
  bool at_field;   /* the last line was one of these fields, or the status */
  bool folded;     /* ... and goes on in the next one, which libcurl does not see */
  uint64_t length; /* UINT64_MAX stands for all that is larger too */
};

/* One line of the header; others than the first and the two fields are passed over. */
void content_length_note(struct content_length *message, struct span line);

/* Whether the message can be told to be whole. */
bool content_length_is_sound(const struct content_length *message);

#endif
