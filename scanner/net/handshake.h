/* What is seen of one TLS handshake from inside OpenSSL, and what its failure means.
 *
 * libcurl reports a failed handshake as one code and a text; the alert, the first bytes and
 * OpenSSL's reason are caught here instead.
 */
#ifndef SCANNER_NET_HANDSHAKE_H
#define SCANNER_NET_HANDSHAKE_H

#include "output/finding.h"
#include <openssl/ssl.h>
#include <stdint.h>

enum { HANDSHAKE_NO_ALERT = -1 };

struct handshake {
  bool finished;
  bool no_memory;          /* nothing can be said of it */
  const char *version;     /* "TLSv1.3", once finished; constant */
  bool answered;           /* the head of a record has come, or what stands in its place */
  bool not_tls;            /* ... and it is none of TLS */
  int alert;               /* fatal, received */
  int alert_sent;          /* fatal, by our side */
  unsigned long reason;    /* OpenSSL's error, packed; 0: none */
  uint64_t received_bytes; /* of records after the handshake, a little more than of HTTP */
};

void handshake_init(struct handshake *handshake);

/* Sets the callbacks of the next SSL that is made of ctx. */
void handshake_watch(struct handshake *handshake, SSL_CTX *ctx);
/* Of an SSL that is watched, once it has begun; else NULL. */
struct handshake *handshake_of(const SSL *ssl);

/* The code of a handshake that failed while the connection stood or was closed in order (so
 * neither timed out nor reset). Of one that is finished: FOUND_POLICY_TLS_ALERT if the server ended
 * it by an alert afterwards, as TLS 1.3 does for want of a client certificate, else FOUND_COUNT. */
enum finding_code handshake_code(const struct handshake *handshake);

/* The name of an alert, as RFC 8446 section 6 writes it; NULL for one unknown. */
const char *handshake_alert_text(int alert);

#endif
