/* DNS messages (RFC 1035): a query written, an answer read. Pure, and safe on any bytes.
 *
 * An answer is read for one question: only records that belong to the question's name, or to what
 * its CNAMEs lead to, count. Names come out lower case, without trailing dot, with bytes that are
 * not letters, digits, '-' or '_' escaped as in RFC 1035 section 5.1 ("\032").
 */
#ifndef SCANNER_DNS_MESSAGE_H
#define SCANNER_DNS_MESSAGE_H

#include "output/record/result.h"
#include "scanner/base/arena.h"

enum dns_type {
  DNS_TYPE_A = 1,
  DNS_TYPE_NS = 2,
  DNS_TYPE_CNAME = 5,
  DNS_TYPE_PTR = 12,
  DNS_TYPE_MX = 15,
  DNS_TYPE_TXT = 16,
  DNS_TYPE_AAAA = 28,
  DNS_TYPE_TLSA = 52,
};

enum dns_rcode {
  DNS_NOERROR = 0,
  DNS_FORMERR = 1,
  DNS_SERVFAIL = 2,
  DNS_NXDOMAIN = 3,
  DNS_NOTIMP = 4,
  DNS_REFUSED = 5,
  DNS_NOTAUTH = 9,
};

enum {
  DNS_NAME_MAX = 253,       /* characters, unescaped, without trailing dot */
  DNS_QUERY_SIZE_MAX = 512, /* of a query that message_query() writes */
  DNS_STUB_SIZE_MAX = 271,  /* header, the longest name, type and class */
  DNS_UDP_SIZE = 1232,      /* what EDNS says we take: DNS flag day 2020 */
  DNS_CNAME_MAX = 16,       /* a longer chain is malformed */
  DNS_RECORD_MAX = 256,     /* answers of the asked type that are kept; more is malformed */
  DNS_ANSWER_MAX = 512,     /* records of the answer section; more is malformed */
};

struct dns_record {
  uint32_t ttl;
  struct span data; /* TXT: its strings joined; A, AAAA: 4 or 16 octets; MX, NS, PTR: the host ("."
                       if root); TLSA: as it stands (RFC 6698 section 2.1) */
  unsigned preference; /* MX */
};

struct dns_answer {
  int rcode; /* with the extended bits of EDNS */
  bool truncated;
  bool ad;
  bool has_edns;
  struct result_ede ede; /* the first of the OPT record's; its text is in the arena */
  struct spans cname;
  struct dns_record *records; /* of the asked type at the end of the chain, in order */
  size_t count;
};

/* Writes a recursive query into out (at least DNS_QUERY_SIZE_MAX); edns adds an OPT record with
 * DNS_UDP_SIZE. AD is set: we want to be told (RFC 6840 section 5.7). name: as domain_parse gives
 * it, with prefixes like "_mta-sts." put before it; or "." for the root. Returns the length, or 0
 * when the name does not fit DNS. */
size_t message_query(unsigned char *out, uint16_t id, struct span name, enum dns_type type,
                     bool edns);

/* Reads packet as the answer to that question; whether its id is the query's is the caller's to
 * know. ERR_SYNTAX: malformed, for another question, a CNAME loop or a chain over DNS_CNAME_MAX;
 * ERR_MEMORY. An answer section with nothing in it allocates nothing, unless the resolver says why.
 * Of a truncated answer only the header is read: it has to be asked for again. */
enum err message_read(struct span packet, struct span name, enum dns_type type, struct arena *arena,
                      struct dns_answer *answer);

/* Copies of a query or an answer what they are matched by, id and question, into out (at least
 * DNS_STUB_SIZE_MAX), with no flag but QR, rcode 0 and no records. Returns the length, or 0 when
 * there is not exactly one question of class IN, its name uncompressed, or when QR and opcode are
 * not those of a query or an answer. */
size_t message_query_stub(unsigned char *out, struct span packet);
size_t message_answer_stub(unsigned char *out, struct span packet);

/* What a server says that will not ask for us: REFUSED, NOTIMP, NOTAUTH; and that, or one that
 * reaches nobody: SERVFAIL. */
bool message_rcode_refuses(int rcode);
bool message_rcode_fails(int rcode);

/* Whether the packet is a header alone that says FORMERR, as servers do that stop reading at EDNS
 * (RFC 6891 section 7); its counts may be those of the query. */
bool message_is_bare_formerr(struct span packet);

/* Makes of a query's stub the FORMERR that its server did not write out. */
void message_make_formerr(unsigned char *stub);

#endif
