/* The roots that certificates are held against. */
#ifndef SCANNER_HTTPS_TRUST_STORE_H
#define SCANNER_HTTPS_TRUST_STORE_H

#include "output/base/err.h"
#include <openssl/x509_vfy.h>

/* Where that of the system is: $SSL_CERT_FILE, or the first of the usual places that can be read.
 */
const char *trust_store_system_file(void);

/* Loads the certificates of a PEM file; NULL: the system's. ERR_LIBRARY, ERR_MEMORY: *why is a
 * constant phrase. The caller frees the store. */
enum err trust_store_load(X509_STORE **store, const char *ca_file, const char **why);

#endif
