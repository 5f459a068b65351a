/* What one connection may make us take in, whatever it is that comes: octets below TLS, records of
 * TLS, and calls that read from the socket.
 *
 * A policy needs a few kilobytes and a dozen records. What a library does with more of them, inside
 * one call of ours, is bounded by nothing else: messages of a handshake that mean nothing, changes
 * of keys, extensions of chunks, a body octet by octet. Pure; all zero is a budget that nothing has
 * been spent of.
 */
#ifndef SCANNER_HTTPS_BUDGET_H
#define SCANNER_HTTPS_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  BUDGET_OCTETS_BASE = 262144, /* a chain of 100 kB, headers of 64 KiB, and as much again */
  BUDGET_OCTETS_FACTOR = 2,    /* ... and so many for each octet that a policy may have */
  BUDGET_RECORDS_BASE = 2000,
  BUDGET_RECORD_OCTETS = 512, /* ... and one for each so many octets of it */
  BUDGET_READS_BASE = 16384,  /* OpenSSL reads twice for each record */
  BUDGET_RECORDS_FEW = 256,   /* who sends more is not silent */
};

enum budget_kind { BUDGET_OCTETS, BUDGET_RECORDS, BUDGET_READS, BUDGET_COUNT };

struct budget {
  uint64_t limit[BUDGET_COUNT];
  uint64_t spent[BUDGET_COUNT];
};

/* For an answer whose body may have so many octets. */
struct budget budget_for(size_t body_max);

/* Whether it is still within the limit. */
bool budget_spend(struct budget *budget, enum budget_kind kind, uint64_t count);

/* The first that is over its limit; BUDGET_COUNT: none. */
enum budget_kind budget_over(const struct budget *budget);

/* "TLS records" */
const char *budget_kind_text(enum budget_kind kind);

#endif
