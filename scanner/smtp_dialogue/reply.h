/* One reply of an SMTP server, read as its octets come (RFC 5321 section 4.2), however they were
 * cut. All zero is a reply of which nothing has come yet. Pure; the octets are hostile.
 */
#ifndef SCANNER_SMTP_DIALOGUE_REPLY_H
#define SCANNER_SMTP_DIALOGUE_REPLY_H

#include "output/base/span.h"
#include "output/record/result.h"

enum {
  REPLY_LINE_MAX = 2048, /* octets, with the end of the line; RFC 5321 asks for 512 */
  REPLY_LINES_MAX = 128,
  REPLY_OCTETS_MAX = 16384,
};

#define REPLY_FAULT_MAP(X)                                                                         \
  X(NONE, "")                                                                                      \
  X(CODE, "what answers is not SMTP")                                                              \
  X(DIFFER, "the lines of the reply have different codes")                                         \
  X(LINE, "a line of the reply is longer than 2048 octets")                                        \
  X(LINES, "the reply has more than 128 lines")                                                    \
  X(OCTETS, "the reply is longer than 16384 octets")

enum reply_fault {
#define X(name, text) REPLY_FAULT_##name,
  REPLY_FAULT_MAP(X)
#undef X
};

struct reply {
  enum reply_fault fault; /* it cannot be read, and takes no more */
  bool whole;             /* so is it then */
  int code;               /* 200 to 599 when whole */
  bool starttls;          /* a line behind the first has the keyword (RFC 3207 section 4) */
  bool masked;            /* something in between made a keyword or the greeting unreadable */
  char text[RESULT_SMTP_TEXT_MAX]; /* of its lines, joined by blanks */
  size_t text_len;
  /* the reader's own */
  size_t octets;
  unsigned lines;     /* that have ended */
  size_t line_octets; /* of the one that has not */
  int line_code;
  char separator; /* behind the code */
  char head[RESULT_SMTP_TEXT_MAX];
  size_t head_len; /* of its text */
};

/* Returns how many of the octets belong to the reply: all, unless it became whole or faulty before
 * their end. */
size_t reply_take(struct reply *reply, struct span octets);

/* As it came, control characters and octets over 0x7e included: hostile. */
struct span reply_text(const struct reply *reply);

/* A constant phrase. */
const char *reply_fault_text(enum reply_fault fault);

#endif
