/* A line of a list as a domain name: lower-case A-labels, no trailing dot.
 *
 * Accepted: letters, digits, hyphens and underscores in labels of 1 to 63 octets; any Unicode name
 * that UTS 46 (non-transitional, libidn2) turns into such; a trailing dot; capitals. Refused: a
 * label that begins or ends with a hyphen, a top label of digits alone (an IPv4 address), a name
 * over DOMAIN_LENGTH_MAX octets. A single label is a name, too: "com".
 */
#ifndef SCANNER_STS_DOMAIN_H
#define SCANNER_STS_DOMAIN_H

#include "output/base/span.h"
#include "scanner/base/arena.h"

enum {
  /* 253 less "_mta-sts." leaves 244. */
  DOMAIN_LENGTH_MAX = 244,
  DOMAIN_LABEL_MAX = 63,
  /* Bytes that are looked at: no name takes as many, in whatever form of UTF-8. */
  DOMAIN_TEXT_MAX = 4096,
};

struct domain {
  struct span ascii;
  struct span unicode; /* only when it differs from ascii */
};

/* ERR_SYNTAX: not a domain name, *why is a constant phrase; ERR_MEMORY. The spans live in arena. */
enum err domain_parse(struct span text, struct arena *arena, struct domain *domain,
                      const char **why);

/* The word for a phrase that domain_parse() gave as *why: "hyphen", "long-name". */
const char *domain_why_word(const char *why);

/* Whether text is a host name in A-labels as DNS and RFC 5321 Domain take it, without trailing dot
 * (letters, digits, inner hyphens). At most 253 octets. */
bool domain_is_hostname(struct span text);

/* Whether text is a Domain by the letter of RFC 5321 section 4.1.2, where an IPv4 address fits as
 * well: sub-domain *("." sub-domain). */
bool domain_is_rfc5321(struct span text);

#endif
