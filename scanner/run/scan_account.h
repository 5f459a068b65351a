/* What a scan came to: how it ended, and what was counted. Plain data. */
#ifndef SCANNER_RUN_SCAN_ACCOUNT_H
#define SCANNER_RUN_SCAN_ACCOUNT_H

#include "output/stats/tally.h"
#include "scanner/journey/visits.h"
#include "scanner/net/address_limits.h"
#include "scanner/resolver/resolver.h"

/* What came of it. */
struct scan_account {
  struct tally *tally; /* of the scan, if asked for, else of this run; tally_free() it */
  uint64_t lines;      /* of the lists, numbered */
  uint64_t records;    /* written */
  uint64_t resumed;    /* were there before */
  bool resumable;      /* the results are a file that can be gone on with */
  uint64_t dropped;    /* begun, and without a record when it was stopped */
  uint64_t bytes;      /* written */
  bool write_failed;   /* the results could not be written on */
  int64_t begin, end;  /* milliseconds since 1970 */
  double seconds;
  uint64_t fetches;
  struct address_limits_account limits; /* connections for them, and rests */
  bool ipv6;                            /* hosts were contacted over IPv6 too */
  bool probed;                          /* mail servers were asked */
  struct visits_account visits;
  uint64_t evicted;                /* mail servers that were forgotten for want of room */
  struct resolver_server *servers; /* server_count of all workers together; or NULL; to be freed */
  size_t server_count;
  unsigned threads;
  unsigned concurrency;
};

enum scan_end {
  SCAN_COMPLETE,
  SCAN_STOPPED,     /* by a signal */
  SCAN_READER_GONE, /* standard output was closed: a quiet end */
  SCAN_BROKEN,      /* by trouble, said on standard error; what is whole can be resumed */
  SCAN_LATER,       /* it cannot begin now, said on standard error; the same command will, later */
  SCAN_FAILED,      /* said on standard error */
};

#endif
