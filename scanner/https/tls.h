/* The SSL_CTX that all transfers of a fetcher share.
 *
 * libcurl makes an SSL_CTX for every transfer and has no option to keep one. With OpenSSL 3.0 that
 * costs an eighth of a whole fetch: each time all algorithms are looked up anew. With CMake's
 * option STSCAN_SHARED_TLS_CONTEXT tls.c therefore defines SSL_CTX_new(), which libcurl calls: a
 * definition in the program goes before that in a shared library. It gives out the context that is
 * lent to the thread, or makes a new one as ever if none is; the latter is also what happens where
 * libcurl does not find it.
 *
 * So whoever sets anything of the context sets it for the next SSL alone: OpenSSL copies what it
 * needs in SSL_new(), but for the certificate callback, which has to tell by the SSL whom it is of.
 */
#ifndef SCANNER_HTTPS_TLS_H
#define SCANNER_HTTPS_TLS_H

#include <openssl/ssl.h>

/* NULL: no memory. Freed by SSL_CTX_free(). */
SSL_CTX *tls_new(void);

/* To this thread, until it is lent another or NULL. */
void tls_lend(SSL_CTX *context);

#endif
