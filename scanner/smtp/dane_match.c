#include "scanner/smtp/dane_match.h"

#include <openssl/err.h>

enum {
  DANE_MATCH_HEAD = 3, /* usage, selector, matching type */
  DANE_MATCH_USAGE_EE = 3,
};

void dane_match_allow(SSL_CTX *tls) {
  if (SSL_CTX_dane_enable(tls) == 1)
    SSL_CTX_dane_set_flags(tls, DANE_FLAG_NO_DANE_EE_NAMECHECKS); /* RFC 7672 section 3.1.1 */
}

bool dane_match_prepare(SSL *ssl, const char *host, struct spans records) {
  if (SSL_dane_enable(ssl, host) != 1) return false;
  for (size_t i = 0; i < records.count; i++) {
    const unsigned char *record = (const unsigned char *)records.at[i].ptr;
    int added = SSL_dane_tlsa_add(ssl, record[0], record[1], record[2], record + DANE_MATCH_HEAD,
                                  records.at[i].len - DANE_MATCH_HEAD);
    if (added <= 0) ERR_clear_error(); /* no key or certificate can be read in it: no match */
  }
  return true;
}

static bool dane_match_verify(SSL *ssl, X509_STORE_CTX *given, X509_STORE_CTX *own) {
  X509_STORE *store = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(ssl));
  if (X509_STORE_CTX_init(own, store, X509_STORE_CTX_get0_cert(given),
                          X509_STORE_CTX_get0_untrusted(given)) != 1)
    return false;
  X509_STORE_CTX_set_default(own, "ssl_server");
  X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(own), SSL_get0_param(ssl));
  X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(own), NULL, 0);
  X509_STORE_CTX_set0_dane(own, SSL_get0_dane(ssl));
  return X509_verify_cert(own) == 1;
}

/* By the usage of the record that the verification found. */
static enum dane_fit dane_match_fit(SSL *ssl) {
  uint8_t usage = 0;
  if (SSL_get0_dane_tlsa(ssl, &usage, NULL, NULL, NULL, NULL) < 0) return DANE_FIT_NOTHING;
  return usage == DANE_MATCH_USAGE_EE ? DANE_FIT_KEY : DANE_FIT_ISSUER;
}

enum dane_fit dane_match_judge(SSL *ssl, X509_STORE_CTX *ctx) {
  X509_STORE_CTX *own = X509_STORE_CTX_new();
  enum dane_fit fit = DANE_FIT_NOTHING;
  ERR_set_mark();
  if (own && dane_match_verify(ssl, ctx, own)) fit = dane_match_fit(ssl);
  X509_STORE_CTX_free(own);
  ERR_pop_to_mark();
  X509_STORE_CTX_set0_dane(ctx, NULL);
  X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(ctx), NULL, 0);
  return fit;
}
