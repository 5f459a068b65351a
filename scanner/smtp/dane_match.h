/* The chain that a mail server shows, held against its TLSA records (RFC 7672 section 3) beside the
 * judgement by the trust store, which does not change. */
#ifndef SCANNER_SMTP_DANE_MATCH_H
#define SCANNER_SMTP_DANE_MATCH_H

#include "scanner/sts/dane.h"
#include <openssl/ssl.h>

/* Of a context whose connections may be held against records. */
void dane_match_allow(SSL_CTX *tls);

/* Before the handshake: records as in DNS, those that can be used alone. False: no memory. */
bool dane_match_prepare(SSL *ssl, const char *host, struct spans records);

/* Where the chain is verified: what of the records it fits, whatever its names. Takes what
 * SSL_dane_enable() puts into ctx out of it, so that ctx judges by the trust store alone. */
enum dane_fit dane_match_judge(SSL *ssl, X509_STORE_CTX *ctx);

#endif
