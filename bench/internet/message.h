/* DNS messages as a server sees them (RFC 1035): a question read, an answer written.
 * Pure. A question points into the message it was read from.
 */
#ifndef INTERNET_MESSAGE_H
#define INTERNET_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MESSAGE_MAX = 512, MESSAGE_NAME_MAX = 255 };
enum { MESSAGE_A = 1, MESSAGE_NS = 2, MESSAGE_SOA = 6, MESSAGE_TXT = 16 };
enum { MESSAGE_NOERROR = 0, MESSAGE_SERVFAIL = 2, MESSAGE_NXDOMAIN = 3, MESSAGE_REFUSED = 5 };
enum message_role { MESSAGE_RECURSIVE, MESSAGE_AUTHORITY, MESSAGE_ROOT };

struct question {
  const uint8_t *octets; /* the header, and the question behind it */
  size_t len;
  uint16_t type;
  bool edns;
  char name[MESSAGE_NAME_MAX + 1]; /* lower case, without a final dot; the root is "" */
  const char *domain;              /* its last two labels; the name itself if it has fewer */
  size_t domain_at;                /* where they stand in octets */
};

/* False: no query of one question, or one whose labels hold other than letters, digits, - and _. */
bool question_read(const uint8_t *octets, size_t len, struct question *question);

/* Each writes a message of at most MESSAGE_MAX octets and returns its length. */
size_t message_empty(uint8_t *out, const struct question *question, enum message_role role,
                     int rcode);
size_t message_txt(uint8_t *out, const struct question *question, enum message_role role,
                   const char *text);
size_t message_address(uint8_t *out, const struct question *question, enum message_role role,
                       uint32_t address);
/* To the domain's server, ns.DOMAIN, at that address: a referral, or from itself its NS record. */
size_t message_server(uint8_t *out, const struct question *question, bool referral,
                      uint32_t address);

#endif
