/* The wire form of DNS messages (RFC 1035 section 4): a cursor over hostile bytes, and the names
 * and records under it.
 *
 * Nothing is read beyond the end. The first fault is sticky: from then on everything reads as zero
 * and nothing moves, so that a caller may check `bad` once at the end of a loop or a function.
 */
#ifndef SCANNER_DNS_WIRE_H
#define SCANNER_DNS_WIRE_H

#include "output/base/span.h"
#include <stdint.h>

enum {
  WIRE_LABEL_MAX = 63,
  WIRE_NAME_MAX = 255, /* octets, with lengths and the root (RFC 1035 section 3.1) */
  /* In one name: as many as it can have labels of one octet; more lead through nothing. */
  WIRE_POINTERS_MAX = 127,
  /* Each octet of a label may be escaped as four characters. */
  WIRE_NAME_TEXT_MAX = 4 * WIRE_NAME_MAX,
};

struct wire {
  const unsigned char *bytes;
  size_t len;
  size_t at;
  bool bad;
};

/* In text: lower case, no trailing dot, "." for the root, escaped as dns/message.h says. */
struct wire_name {
  char text[WIRE_NAME_TEXT_MAX];
  size_t len;
};

struct wire_rr {
  size_t owner; /* where its owner's name begins */
  unsigned type;
  unsigned class;
  uint32_t ttl;
  size_t data; /* where its data begins, and how much there is; all inside the message */
  size_t size;
};

unsigned wire_u8(struct wire *wire);
unsigned wire_u16(struct wire *wire);
void wire_skip(struct wire *wire, size_t size);

/* Whether `size` more bytes are there; if not, the cursor is bad. */
bool wire_has(struct wire *wire, size_t size);

/* Reads a name, its compression pointers followed; the cursor ends behind it. A pointer must lead
 * to before the run of labels that it ends, so that there are no loops and no pointers forward; and
 * there are at most WIRE_POINTERS_MAX of them. */
void wire_read_name(struct wire *wire, struct wire_name *name);

/* Reads a record's head and goes past its data. The owner's name is only passed over. */
struct wire_rr wire_read_rr(struct wire *wire);

#endif
