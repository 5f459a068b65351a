/* The file descriptors of the process, and how the workers of a scan share them. */
#ifndef SCANNER_RUN_DESCRIPTOR_SHARE_H
#define SCANNER_RUN_DESCRIPTOR_SHARE_H

#include "output/base/err.h"

enum {
  DESCRIPTORS_WORKER = 20,    /* of a worker's loop and libraries */
  DESCRIPTORS_WATCH = 4,      /* its outage watch's */
  DESCRIPTORS_DNS_LEAST = 10, /* its resolver's, at least */
  DESCRIPTORS_REST = 32,      /* and of the program */
};

struct descriptor_share {
  unsigned threads; /* workers */
  /* Of each: sockets for DNS, policy fetches, probes of mail servers (0: they are not asked). */
  unsigned sockets, fetches, probes;
};

/* How many all of it can need. */
unsigned descriptor_share_needed(const struct descriptor_share *share);

/* The least that one worker can work with, and the program. */
unsigned descriptor_share_least(const struct descriptor_share *share);

/* Lowers the share until it needs no more than are allowed: fewer threads, each with the least that
 * it can work with; fewer sockets, fetches and probes of each. ERR_LIMIT: it is less than the
 * least. */
enum err descriptor_share_fit(struct descriptor_share *share, unsigned allowed);

/* Raises the process's soft limit to what is needed, as far as the hard limit allows. Returns how
 * many there are then (at least needed when all is well). */
unsigned descriptor_limit_raise(unsigned needed);

#endif
