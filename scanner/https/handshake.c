#include "scanner/https/handshake.h"

#include "scanner/https/memory.h"
#include <openssl/bio.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdatomic.h>

typedef int handshake_security(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid,
                               void *other, void *data);

static int handshake_index; /* of the SSLs' extra data: libcurl has the application's for itself */
static int handshake_parting_index; /* of the BIOs': octets read after the transfer */
static _Atomic(handshake_security *) handshake_default; /* OpenSSL's own, of every context */

/* An SSL is freed. */
static void handshake_forget(void *ssl, void *data, CRYPTO_EX_DATA *all, int index, long number,
                             void *pointer) {
  (void)all, (void)index, (void)number, (void)pointer;
  struct handshake *handshake = data;
  if (handshake && handshake->ssl == ssl) handshake->ssl = NULL;
}

/* RFC 8446 section 6; RFC 5246 section 7.2 for those of before. */
#define HANDSHAKE_ALERT_MAP(X)                                                                     \
  X(0, close_notify)                                                                               \
  X(10, unexpected_message)                                                                        \
  X(20, bad_record_mac)                                                                            \
  X(21, decryption_failed)                                                                         \
  X(22, record_overflow)                                                                           \
  X(30, decompression_failure)                                                                     \
  X(40, handshake_failure)                                                                         \
  X(41, no_certificate)                                                                            \
  X(42, bad_certificate)                                                                           \
  X(43, unsupported_certificate)                                                                   \
  X(44, certificate_revoked)                                                                       \
  X(45, certificate_expired)                                                                       \
  X(46, certificate_unknown)                                                                       \
  X(47, illegal_parameter)                                                                         \
  X(48, unknown_ca)                                                                                \
  X(49, access_denied)                                                                             \
  X(50, decode_error)                                                                              \
  X(51, decrypt_error)                                                                             \
  X(60, export_restriction)                                                                        \
  X(70, protocol_version)                                                                          \
  X(71, insufficient_security)                                                                     \
  X(80, internal_error)                                                                            \
  X(86, inappropriate_fallback)                                                                    \
  X(90, user_canceled)                                                                             \
  X(100, no_renegotiation)                                                                         \
  X(109, missing_extension)                                                                        \
  X(110, unsupported_extension)                                                                    \
  X(111, certificate_unobtainable)                                                                 \
  X(112, unrecognized_name)                                                                        \
  X(113, bad_certificate_status_response)                                                          \
  X(114, bad_certificate_hash_value)                                                               \
  X(115, unknown_psk_identity)                                                                     \
  X(116, certificate_required)                                                                     \
  X(120, no_application_protocol)

const char *handshake_alert_text(int alert) {
  switch (alert) {
#define X(number, name)                                                                            \
  case number: return #name;
    HANDSHAKE_ALERT_MAP(X)
#undef X
  default: return NULL;
  }
}

enum reason handshake_alert_reason(const struct handshake *handshake, enum finding_code code,
                                   enum reason other) {
  enum reason reason = reason_by_word(code, span_of(handshake_alert_text(handshake->alert)));
  return reason == REASON_NONE ? other : reason;
}

void handshake_init(struct handshake *handshake, size_t body_max) {
  *handshake = (struct handshake){.alert = HANDSHAKE_NO_ALERT,
                                  .alert_sent = HANDSHAKE_NO_ALERT,
                                  .budget = budget_for(body_max)};
}

bool handshake_is_over(const struct handshake *handshake) {
  return budget_over(&handshake->budget) != BUDGET_COUNT;
}

/* The five bytes of a record's head: type, version, length (RFC 8446 section 5.1). */
static void handshake_see_head(struct handshake *handshake, const unsigned char *head) {
  if (!handshake->answered)
    handshake->not_tls = head[0] < SSL3_RT_CHANGE_CIPHER_SPEC ||
                         head[0] > SSL3_RT_APPLICATION_DATA || head[1] != SSL3_VERSION_MAJOR;
  handshake->answered = true;
  if (handshake->finished) handshake->received_bytes += (uint64_t)head[3] << 8 | head[4];
  budget_spend(&handshake->budget, BUDGET_RECORDS, 1);
}

static bool handshake_parts(BIO *bio, size_t len) {
  uintptr_t octets = (uintptr_t)BIO_get_ex_data(bio, handshake_parting_index) + len;
  return BIO_set_ex_data(bio, handshake_parting_index, (void *)octets) == 1 &&
         octets <= HANDSHAKE_PARTING_OCTETS;
}

static bool handshake_may_read(struct handshake *handshake, BIO *bio, size_t len) {
  if (!handshake) return handshake_parts(bio, len);
  budget_spend(&handshake->budget, BUDGET_READS, 1);
  budget_spend(&handshake->budget, BUDGET_OCTETS, len);
  return !handshake_is_over(handshake);
}

/* What is read over the budget is taken for the end of the file, which no library tries again. */
static long handshake_hear_socket(BIO *bio, int what, const char *bytes, size_t size, int number,
                                  long more, int ret, size_t *len) {
  (void)bytes, (void)size, (void)number, (void)more;
  if (what != (BIO_CB_READ | BIO_CB_RETURN)) return ret;
  struct handshake *handshake = (struct handshake *)(void *)BIO_get_callback_arg(bio);
  if (handshake_may_read(handshake, bio, ret > 0 ? *len : 0)) return ret;
  BIO_clear_retry_flags(bio);
  *len = 0;
  return 0;
}

/* The SSL's first message: from here on it is known. */
static void handshake_meet(struct handshake *handshake, SSL *ssl) {
  BIO *bio = SSL_get_rbio(ssl);
  if (SSL_set_ex_data(ssl, handshake_index, handshake) != 1 || !bio) {
    handshake->no_memory = true;
    return;
  }
  handshake->ssl = ssl;
  BIO_set_callback_arg(bio, (char *)handshake);
  BIO_set_callback_ex(bio, handshake_hear_socket);
}

static void handshake_hear_message(int sent, int version, int type, const void *bytes, size_t len,
                                   SSL *ssl, void *data) {
  (void)version;
  struct handshake *handshake = data;
  if (handshake->ssl != ssl) handshake_meet(handshake, ssl);
  const unsigned char *at = bytes;
  if (type == SSL3_RT_HEADER && len >= SSL3_RT_HEADER_LENGTH && !sent)
    handshake_see_head(handshake, at);
  if (type != SSL3_RT_ALERT || len < 2 || at[0] != SSL3_AL_FATAL) return;
  if (sent)
    handshake->alert_sent = at[1];
  else
    handshake->alert = at[1];
}

struct handshake *handshake_of(const SSL *ssl) {
  return SSL_get_ex_data(ssl, handshake_index);
}

static bool handshake_is_reason(unsigned long error, int reason) {
  return ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == reason;
}

static void handshake_hear_state(const SSL *ssl, int where, int ret) {
  struct handshake *handshake = handshake_of(ssl);
  if (!handshake) return;
  if (where == SSL_CB_HANDSHAKE_DONE) {
    handshake->finished = true;
    handshake->version = SSL_get_version(ssl);
  }
  if (where == SSL_CB_CONNECT_EXIT && ret <= 0 && !handshake->reason) {
    handshake->reason = ERR_peek_error();
    handshake->chain_too_large =
        handshake_is_reason(handshake->reason, SSL_R_EXCESSIVE_MESSAGE_SIZE) &&
        SSL_get_state(ssl) == TLS_ST_CR_CERT;
  }
}

void handshake_leave(struct handshake *handshake) {
  SSL *ssl = handshake->ssl;
  if (!ssl) return;
  handshake->ssl = NULL;
  SSL_set_ex_data(ssl, handshake_index, NULL);
  SSL_set_info_callback(ssl, NULL);
  SSL_set_msg_callback(ssl, NULL);
  BIO_set_callback_arg(SSL_get_rbio(ssl), NULL);
}

static bool handshake_is_large_group(int nid) {
  return nid == NID_ffdhe6144 || nid == NID_ffdhe8192;
}

/* What OpenSSL takes for secure enough, without what costs too much. */
static int handshake_judge_security(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid,
                                    void *other, void *data) {
  if (op == SSL_SECOP_TMP_DH && ssl) {
    struct handshake *handshake = handshake_of(ssl);
    int dh_bits = EVP_PKEY_get_bits(other);
    if (handshake) handshake->dh_bits = dh_bits;
    if (dh_bits > HANDSHAKE_DH_BITS_MAX) return 0;
  }
  if (op == SSL_SECOP_CURVE_SUPPORTED && handshake_is_large_group(nid)) return 0;
  handshake_security *standard = atomic_load_explicit(&handshake_default, memory_order_relaxed);
  return standard(ssl, ctx, op, bits, nid, other, data);
}

static void handshake_refuse(SSL_CTX *ctx) {
  handshake_security *now = SSL_CTX_get_security_callback(ctx);
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
  if (now == handshake_judge_security) return;
  atomic_store_explicit(&handshake_default, now, memory_order_relaxed);
  SSL_CTX_set_security_callback(ctx, handshake_judge_security);
}

static void handshake_make_indices(void) {
  handshake_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, handshake_forget);
  handshake_parting_index = BIO_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

void handshake_watch(struct handshake *handshake, SSL_CTX *ctx) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, handshake_make_indices);
  handshake_refuse(ctx);
  SSL_CTX_set_info_callback(ctx, handshake_hear_state);
  SSL_CTX_set_msg_callback(ctx, handshake_hear_message);
  SSL_CTX_set_msg_callback_arg(ctx, handshake);
}

bool handshake_lacks_algorithm(const struct handshake *handshake) {
  return memory_has_failed() && ERR_GET_LIB(handshake->reason) == ERR_LIB_EVP &&
         ERR_GET_REASON(handshake->reason) == ERR_R_UNSUPPORTED;
}

bool handshake_lacks_renegotiation(const struct handshake *handshake) {
  return handshake_is_reason(handshake->reason, SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED);
}

static bool handshake_lacks_end(unsigned long reason) {
  return reason == 0 || handshake_is_reason(reason, SSL_R_UNEXPECTED_EOF_WHILE_READING);
}

enum handshake_end handshake_end(const struct handshake *handshake) {
  switch (handshake->alert) {
  case HANDSHAKE_NO_ALERT: break;
  case SSL_AD_PROTOCOL_VERSION:
  case SSL_AD_INSUFFICIENT_SECURITY: return HANDSHAKE_PROTOCOL;
  default: return HANDSHAKE_ALERT;
  }
  if (handshake->finished) return HANDSHAKE_FINISHED;
  if (handshake->not_tls) return HANDSHAKE_NOT_TLS;
  if (handshake_lacks_end(handshake->reason)) return HANDSHAKE_CLOSED;
  if (handshake->chain_too_large) return HANDSHAKE_CERTIFICATE;
  switch (handshake->alert_sent) {
  case SSL_AD_BAD_CERTIFICATE:
  case SSL_AD_UNSUPPORTED_CERTIFICATE:
  case SSL_AD_CERTIFICATE_UNKNOWN: return HANDSHAKE_CERTIFICATE;
  default: return HANDSHAKE_PROTOCOL;
  }
}
