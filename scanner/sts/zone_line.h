/* A zone file in master form (RFC 1035 section 5), line by line, for the names delegated in it.
 * Pure.
 *
 * Wanted are the owner names of NS records directly below the zone's apex, each once in a row; all
 * else is passed over. The apex is the owner of the SOA record, or the first $ORIGIN; where a zone
 * has neither, every NS record of a name with two labels or more counts.
 */
#ifndef SCANNER_STS_ZONE_LINE_H
#define SCANNER_STS_ZONE_LINE_H

#include "output/base/span.h"

enum { ZONE_LINE_NAME_MAX = 1024 }; /* of an owner as text, escapes and all */

enum zone_line_end {
  ZONE_LINE_NONE,      /* nothing for us */
  ZONE_LINE_NAME,      /* a delegated name */
  ZONE_LINE_SYNTAX,    /* not a line of a zone */
  ZONE_LINE_NO_ORIGIN, /* a relative name, and no $ORIGIN before it */
  ZONE_LINE_INCLUDE,   /* $INCLUDE: that file is not read */
  ZONE_LINE_GENERATE,  /* $GENERATE: those names are not made */
};

struct zone_name {
  char text[ZONE_LINE_NAME_MAX]; /* absolute, without the final dot; empty: the root */
  size_t len;
  bool here;
};

/* Zeroes at the beginning of a file. */
struct zone_line {
  unsigned depth; /* open parentheses */
  struct zone_name origin, apex, owner, last;
};

/* name: of ZONE_LINE_NAME, without final dot, valid until the next call. line: without its end. */
enum zone_line_end zone_line_read(struct zone_line *zone, struct span line, struct span *name);

/* Whether a line, which is no comment and not blank, can only be one of a zone file. */
bool zone_line_is_one(struct span line);

#endif
