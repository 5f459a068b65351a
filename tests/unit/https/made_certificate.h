/* Certificates made on the spot, for the tests of this folder. Keys are made once for each kind. */
#ifndef TESTS_UNIT_HTTPS_MADE_CERTIFICATE_H
#define TESTS_UNIT_HTTPS_MADE_CERTIFICATE_H

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>

enum { MADE_CERTIFICATE_DAY = 24 * 60 * 60 };

struct made_certificate {
  X509 *x509;
  EVP_PKEY *key;
};

struct made_certificate_wish {
  const char *cn;
  const char *san;   /* as openssl.cnf has it: "DNS:a.test, DNS:b.test"; NULL: none */
  const char *usage; /* extendedKeyUsage; NULL: none */
  long from, until;  /* seconds from now; both 0: from a day ago for 90 days */
  const char *from_text, *until_text; /* a UTCTime of any octets instead; NULL: none */
  int rsa_bits;                       /* 0: EC P-256 */
  bool ca;
};

static inline EVP_PKEY *made_certificate_key(int rsa_bits) {
  EVP_PKEY *key = rsa_bits ? EVP_RSA_gen((unsigned)rsa_bits) : EVP_EC_gen("P-256");
  if (!key) abort();
  return key;
}

static inline void made_certificate_extend(X509 *x509, X509 *issuer, int nid, const char *value) {
  X509V3_CTX ctx;
  if (!value) return;
  X509V3_set_ctx(&ctx, issuer, x509, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
  if (!extension || X509_add_ext(x509, extension, -1) != 1) abort();
  X509_EXTENSION_free(extension);
}

/* issuer NULL: signed by itself. */
static inline struct made_certificate made_certificate_make(
    const struct made_certificate_wish *wish, const struct made_certificate *issuer) {
  static long serial = 1000;
  struct made_certificate made = {X509_new(), made_certificate_key(wish->rsa_bits)};
  bool dated = wish->from || wish->until;
  const struct made_certificate *by = issuer ? issuer : &made;
  X509_set_version(made.x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.x509), serial++);
  X509_gmtime_adj(X509_getm_notBefore(made.x509), dated ? wish->from : -MADE_CERTIFICATE_DAY);
  X509_gmtime_adj(X509_getm_notAfter(made.x509), dated ? wish->until : 90L * MADE_CERTIFICATE_DAY);
  if (wish->from_text) ASN1_STRING_set(X509_getm_notBefore(made.x509), wish->from_text, -1);
  if (wish->until_text) ASN1_STRING_set(X509_getm_notAfter(made.x509), wish->until_text, -1);
  X509_NAME *name = X509_get_subject_name(made.x509);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)wish->cn, -1, -1, 0);
  X509_set_issuer_name(made.x509, X509_get_subject_name(by->x509));
  X509_set_pubkey(made.x509, made.key);
  made_certificate_extend(made.x509, by->x509, NID_subject_key_identifier, "hash");
  made_certificate_extend(made.x509, by->x509, NID_authority_key_identifier,
                          issuer ? "keyid" : NULL);
  made_certificate_extend(made.x509, by->x509, NID_basic_constraints,
                          wish->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
  made_certificate_extend(made.x509, by->x509, NID_subject_alt_name, wish->san);
  made_certificate_extend(made.x509, by->x509, NID_ext_key_usage, wish->usage);
  if (!X509_sign(made.x509, by->key, EVP_sha256())) abort();
  return made;
}

static inline void made_certificate_free(struct made_certificate *certificate) {
  X509_free(certificate->x509);
  EVP_PKEY_free(certificate->key);
}

#endif
