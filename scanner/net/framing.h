/* How long the body of an HTTP/1.1 answer is said to be, where libcurl is more lenient than
 * RFC 9112 section 6.3: it takes the last of several Content-Length fields, and digits with
 * anything behind them. Pure; all zero is the start of a header.
 */
#ifndef SCANNER_NET_FRAMING_H
#define SCANNER_NET_FRAMING_H

#include "output/span.h"
#include <stdint.h>

struct framing {
  bool encoded; /* a Transfer-Encoding, which overrides every Content-Length */
  bool has_length;
  bool wrong;      /* a length that is no number, or another one than before */
  uint64_t length; /* UINT64_MAX stands for all that is larger too */
};

/* One line of the header; others than the two fields are passed over. */
void framing_note(struct framing *framing, struct span line);

/* Whether the message can be told to be whole. */
bool framing_is_sound(const struct framing *framing);

#endif
