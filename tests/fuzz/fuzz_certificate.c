/* A mail server's certificate and TLSA record of any octets: a sound certificate of one key, into
 * which the input writes. The first octet tells how long the record is, which comes next; the rest
 * are places (two octets) with what stands there. */
#include "fuzz.h"

#include "scanner/https/certificate.h"
#include "scanner/smtp/dane_match.h"
#include "scanner/sts/mx_tls.h"
#include <openssl/err.h>
#include <openssl/x509v3.h>

enum { FUZZ_DER_MAX = 1024, FUZZ_KEY_LEN = 32, FUZZ_DAY_S = 86400, FUZZ_NOW = 1790000000 };

static const struct certificate_codes fuzz_codes = {
    .name_mismatch = FOUND_MX_TLS_NAME_MISMATCH,
    .expired = FOUND_MX_TLS_EXPIRED,
    .not_yet_valid = FOUND_MX_TLS_NOT_YET_VALID,
    .expires_soon = FOUND_MX_TLS_EXPIRES_SOON,
    .self_signed = FOUND_MX_TLS_SELF_SIGNED,
    .untrusted = FOUND_MX_TLS_UNTRUSTED,
    .invalid = FOUND_MX_TLS_CERT_INVALID,
    .cn_is_contested = true,
};

/* The same octets in each process: its key is fixed, and Ed25519 draws nothing. */
static size_t fuzz_certificate_make(unsigned char *der) {
  static const unsigned char secret[FUZZ_KEY_LEN] = {7};
  EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, sizeof secret);
  X509 *x509 = X509_new();
  X509_NAME *name = X509_NAME_new();
  FUZZ_REQUIRE(key && x509 && name);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"m.test", -1, -1, 0);
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
  X509_set_subject_name(x509, name);
  X509_set_issuer_name(x509, name);
  ASN1_TIME_set(X509_getm_notBefore(x509), FUZZ_NOW - FUZZ_DAY_S);
  ASN1_TIME_set(X509_getm_notAfter(x509), FUZZ_NOW + FUZZ_DAY_S);
  X509_set_pubkey(x509, key);
  X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
                                              "DNS:m.test,DNS:*.b.test,DNS:c.test,IP:192.0.2.1");
  FUZZ_REQUIRE(names && X509_add_ext(x509, names, -1) == 1);
  FUZZ_REQUIRE(X509_sign(x509, key, NULL) > 0);
  int len = i2d_X509(x509, NULL);
  FUZZ_REQUIRE(len > 0 && len <= FUZZ_DER_MAX);
  i2d_X509(x509, &der);
  X509_EXTENSION_free(names);
  X509_NAME_free(name);
  X509_free(x509);
  EVP_PKEY_free(key);
  return (size_t)len;
}

static X509 *fuzz_certificate_read(const uint8_t *data, size_t size) {
  static unsigned char sound[FUZZ_DER_MAX];
  static size_t len;
  unsigned char der[FUZZ_DER_MAX];
  const unsigned char *at = der;
  if (!len) len = fuzz_certificate_make(sound);
  memcpy(der, sound, len);
  for (size_t i = 0; i + 2 < size; i += 3) der[(data[i] << 8 | data[i + 1]) % len] = data[i + 2];
  return d2i_X509(NULL, &at, (long)len);
}

static void fuzz_certificate_judge(X509_STORE_CTX *ctx, struct arena *arena) {
  struct certificate certificate;
  struct finding_list findings = {.arena = arena};
  certificate_init(&certificate, SPAN("m.test"), arena);
  FUZZ_REQUIRE(certificate_verify(ctx, &certificate) == 1);
  bool trusted = certificate_judge(&certificate, &fuzz_codes, (int64_t)FUZZ_NOW * 1000, &findings);
  FUZZ_REQUIRE(!trusted && findings.first); /* nobody is trusted here */
  struct result_certificate *facts = &certificate.facts;
  FUZZ_REQUIRE(facts->here && facts->names.count <= CERTIFICATE_NAME_MAX);
  mx_tls_keep_names(facts, SPAN("m.test"));
  FUZZ_REQUIRE(facts->names.count <= RESULT_MX_NAMES_MAX);
  FUZZ_REQUIRE(facts->names.count <= facts->names_count);
}

static void fuzz_certificate_hold(X509_STORE_CTX *ctx, struct span record, struct arena *arena) {
  SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
  FUZZ_REQUIRE(tls);
  dane_match_allow(tls);
  SSL *ssl = SSL_new(tls);
  FUZZ_REQUIRE(ssl && dane_match_prepare(ssl, "m.test", (struct spans){&record, 1}));
  X509_STORE_CTX_set0_dane(ctx, SSL_get0_dane(ssl)); /* as libssl does */
  FUZZ_REQUIRE(dane_match_judge(ssl, ctx) != DANE_FIT_UNTOLD);
  fuzz_certificate_judge(ctx, arena);
  SSL_free(ssl);
  SSL_CTX_free(tls);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct arena arena = {0};
  size_t len = size ? data[0] : 0;
  if (size < 1 + len) return 0;
  struct span record = fuzz_text(data + 1, len);
  X509 *leaf = fuzz_certificate_read(data + 1 + len, size - 1 - len);
  X509_STORE *store = X509_STORE_new();
  X509_STORE_CTX *ctx = X509_STORE_CTX_new();
  STACK_OF(X509) *sent = sk_X509_new_null();
  if (len > 3) FUZZ_REQUIRE(span_here(dane_text(record, &arena)));
  if (leaf) {
    sk_X509_push(sent, leaf);
    FUZZ_REQUIRE(X509_STORE_CTX_init(ctx, store, leaf, sent) == 1);
    X509_STORE_CTX_set_default(ctx, "ssl_server");
    if (len > 3 && dane_is_usable(record))
      fuzz_certificate_hold(ctx, record, &arena);
    else
      fuzz_certificate_judge(ctx, &arena);
  }
  sk_X509_free(sent);
  X509_STORE_CTX_free(ctx);
  X509_STORE_free(store);
  X509_free(leaf);
  ERR_clear_error();
  arena_free(&arena);
  return 0;
}
