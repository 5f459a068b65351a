/* What OpenSSL's callbacks tell of one TLS connection, and which finding a failed handshake is.
 *
 * libcurl reports a failed handshake as one code and a text; the alert, the first bytes and
 * OpenSSL's reason are recorded here instead. The budget of the connection is kept here too: once
 * it is spent, OpenSSL finds the connection ended, even in the middle of one call of ours. Plain
 * data of the request, which must stay in place until handshake_leave().
 */
#ifndef SCANNER_HTTPS_HANDSHAKE_H
#define SCANNER_HTTPS_HANDSHAKE_H

#include "output/findings/reason.h"
#include "scanner/https/budget.h"
#include <openssl/ssl.h>
#include <stdint.h>

enum {
  HANDSHAKE_NO_ALERT = -1,
  HANDSHAKE_DH_BITS_MAX = 4096,    /* of a Diffie-Hellman group; 10,000 bits cost 0.9 s of CPU */
  HANDSHAKE_DH_BITS_CHEAP = 2048,  /* a larger one is met once a fetch, not at each address */
  HANDSHAKE_PARTING_OCTETS = 1024, /* that are read after the transfer, for a close_notify */
};

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
  bool chain_too_large;    /* more than OpenSSL takes, 100 kB */
  int dh_bits;             /* of the server's Diffie-Hellman group; 0: none, or one that we chose */
  struct budget budget;
  SSL *ssl; /* while there is one that knows of this handshake */
};

void handshake_init(struct handshake *handshake, size_t body_max);

/* Sets the callbacks of the next SSL that is made of ctx, and what it refuses. */
void handshake_watch(struct handshake *handshake, SSL_CTX *ctx);
/* The transfer is over. libcurl may keep the SSL to part from the server in order; it knows of the
 * handshake no more, and gets no more than that takes. */
void handshake_leave(struct handshake *handshake);
/* The budget is spent. */
bool handshake_is_over(const struct handshake *handshake);
/* Of an SSL that is watched, once it has begun; else NULL. */
struct handshake *handshake_of(const SSL *ssl);

/* How it ended; what that is called is the matter of who asks. */
enum handshake_end {
  HANDSHAKE_FINISHED,
  HANDSHAKE_ALERT,       /* the server refused, whatever came before */
  HANDSHAKE_PROTOCOL,    /* no version, cipher or group in common, or OpenSSL's rules are broken */
  HANDSHAKE_NOT_TLS,     /* what answered is none */
  HANDSHAKE_CLOSED,      /* by an end of file */
  HANDSHAKE_CERTIFICATE, /* that cannot be used, or too many of them */
};

/* Of a connection that stood or was closed in order (so neither timed out nor was reset). One that
 * has finished can end in HANDSHAKE_ALERT too: in TLS 1.3 a server refuses afterwards, for want of
 * a client certificate, say. */
enum handshake_end handshake_end(const struct handshake *handshake);

/* OpenSSL connects to no server that does not know RFC 5746 (its client does so from 3.0 on). */
bool handshake_lacks_renegotiation(const struct handshake *handshake);

/* It failed for an algorithm that OpenSSL once had no memory for: it remembers that there is no
 * such. */
bool handshake_lacks_algorithm(const struct handshake *handshake);

/* The name of an alert, as RFC 8446 section 6 writes it; NULL for one unknown. */
const char *handshake_alert_text(int alert);

/* The reason of the code that bears the name of the server's alert, or other. */
enum reason handshake_alert_reason(const struct handshake *handshake, enum finding_code code,
                                   enum reason other);

#endif
