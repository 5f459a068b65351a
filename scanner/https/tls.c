#include "scanner/https/tls.h"

static _Thread_local SSL_CTX *tls_lent;

SSL_CTX *tls_new(void) {
  return SSL_CTX_new_ex(NULL, NULL, TLS_client_method());
}

void tls_lend(SSL_CTX *context) {
  tls_lent = context;
}

#ifdef STSCAN_SHARED_TLS_CONTEXT
SSL_CTX *SSL_CTX_new(const SSL_METHOD *method) {
  if (!tls_lent || method != TLS_client_method()) return SSL_CTX_new_ex(NULL, NULL, method);
  return SSL_CTX_up_ref(tls_lent) == 1 ? tls_lent : NULL;
}
#endif
