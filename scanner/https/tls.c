#include "scanner/https/tls.h"

static _Thread_local SSL_CTX *tls_lent;

/* Those that OpenSSL offers until 3.5, which adds a post-quantum group: that makes of the
 * ClientHello two packets, at which some hosts stumble, and takes 10 kB more of each silent one. */
#define TLS_GROUPS "X25519:P-256:X448:P-521:P-384:ffdhe2048:ffdhe3072:ffdhe4096"

SSL_CTX *tls_new(void) {
  SSL_CTX *context = SSL_CTX_new_ex(NULL, NULL, TLS_client_method());
  if (!context || SSL_CTX_set1_groups_list(context, TLS_GROUPS) == 1) return context;
  SSL_CTX_free(context);
  return NULL;
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
