/* What the progress line and the summary say of one name server. */
#ifndef SCANNER_RESOLVER_RESOLVER_SERVER_H
#define SCANNER_RESOLVER_RESOLVER_SERVER_H

#include "scanner/net/address.h"

struct resolver_server {
  union address address;
  uint64_t sent;     /* queries */
  uint64_t answered; /* answers that were taken */
  uint64_t refused;  /* of those answered: REFUSED, NOTIMP, NOTAUTH */
  uint64_t failed;   /* of those answered: SERVFAIL */
  uint64_t lost;     /* queries that another try overtook, or nobody answered */
  unsigned window;   /* in flight at most, now */
  unsigned in_flight;
  unsigned rtt_us; /* the median; 0: not measured yet */
  bool resting;    /* stopped answering; asked again now and then */
};

#endif
