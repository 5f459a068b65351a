/* A chain held against TLSA records by OpenSSL, beside the judgement by the trust store: which
 * record fits, whatever the names and, of the key itself, the dates. */
#include "scanner/smtp/dane_match.h"
#include "tests/unit/https/made_certificate.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { RECORD_MAX = 4096, DAY = MADE_CERTIFICATE_DAY };

enum who { LEAF, ISSUER, ROOT, STRANGER, WHO_COUNT };

static struct made_certificate made[WHO_COUNT];

static int setup(void **state) {
  (void)state;
  made[ROOT] =
      made_certificate_make(&(struct made_certificate_wish){.cn = "root", .ca = true}, NULL);
  made[ISSUER] = made_certificate_make(&(struct made_certificate_wish){.cn = "issuer", .ca = true},
                                       &made[ROOT]);
  made[LEAF] = made_certificate_make(
      &(struct made_certificate_wish){.cn = "leaf", .san = "DNS:other.test"}, &made[ISSUER]);
  made[STRANGER] =
      made_certificate_make(&(struct made_certificate_wish){.cn = "stranger", .ca = true}, NULL);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  for (int i = 0; i < WHO_COUNT; i++) made_certificate_free(&made[i]);
  return 0;
}

/* The record of a certificate, or of its key. */
static size_t record_of(unsigned char *out, unsigned usage, unsigned selector, unsigned matching,
                        const X509 *x509) {
  unsigned char *der = NULL;
  unsigned size = 0;
  int len = selector ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &der)
                     : i2d_X509((X509 *)(uintptr_t)x509, &der);
  assert_true(len > 0 && len < RECORD_MAX - 3);
  out[0] = (unsigned char)usage;
  out[1] = (unsigned char)selector;
  out[2] = (unsigned char)matching;
  memcpy(out + 3, der, (size_t)len);
  size = (unsigned)len;
  if (matching)
    EVP_Digest(der, (size_t)len, out + 3, &size, matching == 1 ? EVP_sha256() : EVP_sha512(), NULL);
  OPENSSL_free(der);
  return 3 + size;
}

/* The chain of leaf and issuer, with the root too if it is sent, held against the records. */
static enum dane_fit fit_of(X509 *leaf, bool root_sent, struct spans records) {
  SSL_CTX *tls = SSL_CTX_new(TLS_client_method());
  X509_STORE_CTX *ctx = X509_STORE_CTX_new();
  STACK_OF(X509) *sent = sk_X509_new_null();
  assert_true(tls && ctx && sent);
  dane_match_allow(tls);
  SSL *ssl = SSL_new(tls);
  assert_true(dane_match_prepare(ssl, "m.test", records));
  sk_X509_push(sent, leaf);
  sk_X509_push(sent, made[ISSUER].x509);
  if (root_sent) sk_X509_push(sent, made[ROOT].x509);
  assert_int_equal(1, X509_STORE_CTX_init(ctx, SSL_CTX_get_cert_store(tls), leaf, sent));
  X509_STORE_CTX_set0_dane(ctx, SSL_get0_dane(ssl)); /* as libssl does */
  enum dane_fit fit = dane_match_judge(ssl, ctx);
  assert_int_equal(0, X509_verify_cert(ctx)); /* by the trust store alone: nothing is trusted */
  assert_int_not_equal(X509_V_ERR_DANE_NO_MATCH, X509_STORE_CTX_get_error(ctx));
  assert_int_not_equal(X509_V_ERR_HOSTNAME_MISMATCH, X509_STORE_CTX_get_error(ctx));
  sk_X509_free(sent);
  X509_STORE_CTX_free(ctx);
  SSL_free(ssl);
  SSL_CTX_free(tls);
  return fit;
}

static void test_records(void **state) {
  static const struct {
    unsigned usage, selector, matching;
    enum who who;
    bool root_sent;
    enum dane_fit fit;
  } rows[] = {
      {3, 1, 1, LEAF, false, DANE_FIT_KEY},
      {3, 0, 1, LEAF, false, DANE_FIT_KEY},
      {3, 1, 2, LEAF, false, DANE_FIT_KEY},
      {3, 0, 0, LEAF, false, DANE_FIT_KEY},
      {3, 1, 0, LEAF, false, DANE_FIT_KEY},
      {3, 1, 1, ISSUER, false, DANE_FIT_NOTHING},
      {3, 1, 1, STRANGER, false, DANE_FIT_NOTHING},
      {2, 1, 1, ISSUER, false, DANE_FIT_ISSUER},
      {2, 0, 1, ISSUER, false, DANE_FIT_ISSUER},
      {2, 0, 0, ISSUER, false, DANE_FIT_ISSUER},
      {2, 1, 1, ROOT, true, DANE_FIT_ISSUER},
      {2, 1, 1, ROOT, false, DANE_FIT_NOTHING}, /* it is not sent: its key is not known */
      {2, 1, 1, STRANGER, false, DANE_FIT_NOTHING},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    unsigned char octets[RECORD_MAX];
    struct span record = {(const char *)octets,
                          record_of(octets, rows[i].usage, rows[i].selector, rows[i].matching,
                                    made[rows[i].who].x509)};
    enum dane_fit fit = fit_of(made[LEAF].x509, rows[i].root_sent, (struct spans){&record, 1});
    if (fit != rows[i].fit) fail_msg("row %zu: %d", i, (int)fit);
  }
}

/* Beside what fits not, and what cannot be read. */
static void test_several_records(void **state) {
  unsigned char octets[3][RECORD_MAX] = {0};
  struct span records[] = {
      {(const char *)octets[0], record_of(octets[0], 3, 1, 1, made[STRANGER].x509)},
      {"\3\0\0garbage", 10},
      {(const char *)octets[2], record_of(octets[2], 2, 1, 1, made[ISSUER].x509)},
  };
  (void)state;
  assert_int_equal(DANE_FIT_ISSUER, fit_of(made[LEAF].x509, false, (struct spans){records, 3}));
  assert_int_equal(DANE_FIT_NOTHING, fit_of(made[LEAF].x509, false, (struct spans){records, 2}));
  assert_int_equal(DANE_FIT_NOTHING,
                   fit_of(made[LEAF].x509, false, (struct spans){records + 1, 1}));
}

/* RFC 7672 section 3.1.1: of a key's own record the dates do not count; under an issuer they do. */
static void test_dates(void **state) {
  const struct made_certificate_wish wish = {
      .cn = "old", .san = "DNS:other.test", .from = -9L * DAY, .until = -2L * DAY};
  struct made_certificate old = made_certificate_make(&wish, &made[ISSUER]);
  unsigned char octets[2][RECORD_MAX];
  struct span key = {(const char *)octets[0], record_of(octets[0], 3, 1, 1, old.x509)},
              issuer = {(const char *)octets[1], record_of(octets[1], 2, 1, 1, made[ISSUER].x509)};
  (void)state;
  assert_int_equal(DANE_FIT_KEY, fit_of(old.x509, false, (struct spans){&key, 1}));
  assert_int_equal(DANE_FIT_NOTHING, fit_of(old.x509, false, (struct spans){&issuer, 1}));
  made_certificate_free(&old);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_records),
      cmocka_unit_test(test_several_records),
      cmocka_unit_test(test_dates),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
