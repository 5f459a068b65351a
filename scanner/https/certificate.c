#include "scanner/https/certificate.h"

#include "output/base/hex.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <time.h>

enum { CERTIFICATE_DAY_MS = 24 * 60 * 60 * 1000, CERTIFICATE_TIME_TEXT_MAX = 32 };

void certificate_init(struct certificate *certificate, struct span host, struct arena *arena) {
  *certificate = (struct certificate){.host = host, .arena = arena};
}

/* X509_cmp_time() takes the forms of RFC 5280 section 4.1.2.5 alone, ASN1_TIME_to_tm() more. */
static int64_t certificate_time(const ASN1_TIME *time) {
  time_t any = 0;
  struct tm tm;
  if (X509_cmp_time(time, &any) == 0 || ASN1_TIME_to_tm(time, &tm) != 1) return CERTIFICATE_NO_DATE;
  return (int64_t)timegm(&tm) * 1000;
}

static struct certificate_dates certificate_dates_of(const X509 *x509) {
  return (struct certificate_dates){certificate_time(X509_get0_notBefore(x509)),
                                    certificate_time(X509_get0_notAfter(x509))};
}

static struct span certificate_name_text(struct arena *arena, const X509_NAME *name) {
  const unsigned long flags = XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
  struct span text = {0};
  BIO *bio = BIO_new(BIO_s_mem());
  char *bytes = NULL;
  if (!bio || X509_NAME_print_ex(bio, name, 0, flags) < 0) goto done;
  long len = BIO_get_mem_data(bio, &bytes);
  if (len < 0) goto done;
  text = arena_copy(arena, span_first((struct span){bytes, (size_t)len}, CERTIFICATE_TEXT_MAX));
done:
  BIO_free(bio);
  return text;
}

static struct spans certificate_names(struct arena *arena, const X509 *x509) {
  struct spans names = {0};
  GENERAL_NAMES *all = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
  int count = sk_GENERAL_NAME_num(all);
  size_t room = count < 0 ? 0 : count > CERTIFICATE_NAME_MAX ? CERTIFICATE_NAME_MAX : (size_t)count;
  if (room) names.at = arena_array(arena, room, sizeof *names.at);
  for (int i = 0; names.at && i < count && names.count < room; i++) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);
    if (name->type != GEN_DNS) continue;
    const ASN1_IA5STRING *text = name->d.dNSName;
    struct span bytes = {(const char *)ASN1_STRING_get0_data(text),
                         (size_t)ASN1_STRING_length(text)};
    names.at[names.count++] = arena_copy(arena, bytes);
  }
  GENERAL_NAMES_free(all);
  return names;
}

static struct span certificate_digest(struct arena *arena, const X509 *x509) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  char text[2 * EVP_MAX_MD_SIZE];
  unsigned len = 0;
  if (X509_digest(x509, EVP_sha256(), digest, &len) != 1) return (struct span){0};
  hex_put(text, digest, len);
  return arena_copy(arena, (struct span){text, 2 * (size_t)len});
}

static struct span certificate_key(struct arena *arena, const X509 *x509) {
  const EVP_PKEY *key = X509_get0_pubkey(x509);
  const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;
  if (!type) return (struct span){0};
  return arena_format(arena, "%s %d", type, EVP_PKEY_get_bits(key));
}

static bool certificate_is_for(X509 *leaf, struct span host, unsigned subject) {
  const unsigned flags = subject | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
  return X509_check_host(leaf, host.ptr, host.len, flags, NULL) == 1;
}

static void certificate_note_leaf(struct certificate *certificate, X509 *leaf, int sent) {
  struct arena *arena = certificate->arena;
  struct certificate_dates dates = certificate_dates_of(leaf);
  certificate->named =
      certificate_is_for(leaf, certificate->host, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  certificate->named_by_cn =
      !certificate->named &&
      certificate_is_for(leaf, certificate->host, X509_CHECK_FLAG_ALWAYS_CHECK_SUBJECT);
  certificate->facts = (struct result_certificate){
      .here = true,
      .subject = certificate_name_text(arena, X509_get_subject_name(leaf)),
      .issuer = certificate_name_text(arena, X509_get_issuer_name(leaf)),
      .names = certificate_names(arena, leaf),
      .has_not_before = dates.not_before != CERTIFICATE_NO_DATE,
      .has_not_after = dates.not_after != CERTIFICATE_NO_DATE,
      .not_before = dates.not_before,
      .not_after = dates.not_after,
      .sha256 = certificate_digest(arena, leaf),
      .key = certificate_key(arena, leaf),
      .chain = sent < 0 ? 0 : (unsigned)sent,
  };
}

static void certificate_note_dates(struct certificate *certificate, const STACK_OF(X509) * chain) {
  for (int i = 0; i < sk_X509_num(chain) && certificate->date_count < CERTIFICATE_CHAIN_MAX; i++)
    certificate->dates[certificate->date_count++] = certificate_dates_of(sk_X509_value(chain, i));
}

static void certificate_note_error(struct certificate *certificate, int code, int depth) {
  /* OpenSSL does not look at the dates of a top certificate whose issuer is missing: all dates are
   * judged from what is recorded. */
  switch (code) {
  case X509_V_ERR_CERT_HAS_EXPIRED:
  case X509_V_ERR_CERT_NOT_YET_VALID:
  case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
  case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD: return;
  default: break;
  }
  for (size_t i = 0; i < certificate->error_count; i++)
    if (certificate->errors[i].code == code) return;
  if (certificate->error_count == CERTIFICATE_ERROR_MAX) return;
  certificate->errors[certificate->error_count++] = (struct certificate_error){code, depth};
}

static int certificate_hear(int ok, X509_STORE_CTX *ctx) {
  struct certificate *certificate = X509_STORE_CTX_get_app_data(ctx);
  if (!ok)
    certificate_note_error(certificate, X509_STORE_CTX_get_error(ctx),
                           X509_STORE_CTX_get_error_depth(ctx));
  return 1;
}

int certificate_verify(X509_STORE_CTX *ctx, void *data) {
  struct certificate *certificate = data;
  /* An error left in OpenSSL's queue would be taken for one of the handshake. */
  ERR_set_mark();
  certificate_init(certificate, certificate->host, certificate->arena);
  certificate_note_leaf(certificate, X509_STORE_CTX_get0_cert(ctx),
                        sk_X509_num(X509_STORE_CTX_get0_untrusted(ctx)));
  X509_STORE_CTX_set_app_data(ctx, certificate);
  X509_STORE_CTX_set_verify_cb(ctx, certificate_hear);
  X509_VERIFY_PARAM_set_depth(X509_STORE_CTX_get0_param(ctx), CERTIFICATE_DEPTH_MAX);
  if (X509_verify_cert(ctx) != 1) {
    /* Not a fault that may be passed over, but OpenSSL's own trouble. */
    int code = X509_STORE_CTX_get_error(ctx);
    certificate_note_error(certificate, code == X509_V_OK ? X509_V_ERR_UNSPECIFIED : code, 0);
  }
  /* OpenSSL only finds no issuer for one that it cannot parse. */
  if (X509_get_extension_flags(X509_STORE_CTX_get0_cert(ctx)) & EXFLAG_INVALID)
    certificate_note_error(certificate, X509_V_ERR_INVALID_EXTENSION, 0);
  certificate_note_dates(certificate, X509_STORE_CTX_get0_chain(ctx));
  X509_STORE_CTX_set_error(ctx, X509_V_OK);
  ERR_pop_to_mark();
  return 1;
}

static void certificate_time_text(char text[CERTIFICATE_TIME_TEXT_MAX], int64_t ms) {
  time_t seconds = (time_t)(ms / 1000);
  struct tm tm;
  if (!gmtime_r(&seconds, &tm) ||
      strftime(text, CERTIFICATE_TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
    text[0] = '\0';
}

static void certificate_raise(struct finding_list *findings, enum finding_code code,
                              struct span detail) {
  finding_list_add(findings, (struct finding){.code = code, .detail = detail});
}

static void certificate_raise_date(struct finding_list *findings, enum finding_code code,
                                   const char *what, int64_t date, size_t depth) {
  char text[CERTIFICATE_TIME_TEXT_MAX];
  certificate_time_text(text, date);
  certificate_raise(findings, code,
                    depth ? arena_format(findings->arena, "%s %s (the certificate at depth %zu)",
                                         what, text, depth)
                          : arena_format(findings->arena, "%s %s", what, text));
}

static bool certificate_judge_readable(const struct certificate_codes *codes,
                                       struct certificate_dates dates, size_t depth,
                                       struct finding_list *findings) {
  bool before = dates.not_before != CERTIFICATE_NO_DATE,
       after = dates.not_after != CERTIFICATE_NO_DATE;
  if (before && after) return true;
  certificate_raise(findings, codes->invalid,
                    arena_format(findings->arena,
                                 "%s: no date that can be read (the certificate at depth %zu)",
                                 before  ? "notAfter"
                                 : after ? "notBefore"
                                         : "notBefore and notAfter",
                                 depth));
  return false;
}

static bool certificate_judge_dates(const struct certificate *certificate,
                                    const struct certificate_codes *codes, int64_t now,
                                    struct finding_list *findings) {
  bool sound = true;
  for (size_t depth = 0; depth < certificate->date_count; depth++) {
    struct certificate_dates dates = certificate->dates[depth];
    if (!certificate_judge_readable(codes, dates, depth, findings)) {
      sound = false;
    } else if (now > dates.not_after) {
      certificate_raise_date(findings, codes->expired, "expired", dates.not_after, depth);
      sound = false;
    } else if (now < dates.not_before) {
      certificate_raise_date(findings, codes->not_yet_valid, "not valid before", dates.not_before,
                             depth);
      sound = false;
    } else if (depth == 0 && dates.not_after - now <
                                 (int64_t)CERTIFICATE_EXPIRES_SOON_DAYS * CERTIFICATE_DAY_MS) {
      certificate_raise_date(findings, codes->expires_soon, "expires", dates.not_after, depth);
    }
  }
  return sound;
}

/* The names as far as they fit into a detail. */
static struct span certificate_list_names(struct arena *arena, struct spans names) {
  char list[FINDING_LIST_DETAIL_MAX / 2];
  size_t len = 0;
  for (size_t i = 0; i < names.count; i++) {
    struct span name = names.at[i];
    if (name.len + 2 > sizeof list - len) continue;
    if (len) {
      list[len++] = ',';
      list[len++] = ' ';
    }
    memcpy(list + len, name.ptr, name.len);
    len += name.len;
  }
  return arena_copy(arena, (struct span){list, len});
}

static void certificate_judge_name(const struct certificate *certificate,
                                   const struct certificate_codes *codes,
                                   struct finding_list *findings) {
  struct arena *arena = findings->arena;
  struct span detail = SPAN("the certificate has no DNS name; a name in its CN does not count");
  if (certificate->facts.names.count) {
    detail = arena_join(arena, SPAN("the certificate is not for "), certificate->host);
    detail = arena_join(arena, detail, SPAN(" but for "));
    detail = arena_join(arena, detail, certificate_list_names(arena, certificate->facts.names));
  }
  finding_list_add(findings,
                   (struct finding){.code = codes->name_mismatch,
                                    .contested = codes->cn_is_contested && certificate->named_by_cn,
                                    .detail = detail,
                                    .host = certificate->host});
}

static enum finding_code certificate_error_code(const struct certificate_codes *codes, int error) {
  switch (error) {
  case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return codes->self_signed;
  case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
  case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
  case X509_V_ERR_CERT_UNTRUSTED:
  case X509_V_ERR_CERT_REJECTED: return codes->untrusted;
  default: return codes->invalid;
  }
}

static struct span certificate_error_text(const struct certificate *certificate,
                                          const struct certificate_codes *codes,
                                          struct certificate_error error) {
  const char *text = X509_verify_cert_error_string(error.code);
  enum finding_code code = certificate_error_code(codes, error.code);
  if (code == codes->self_signed)
    return arena_format(certificate->arena, "the certificate is signed by itself: %s", text);
  if (code == codes->untrusted)
    return arena_format(certificate->arena,
                        "no chain to a trusted root, of %u sent: %s (the certificate at depth %d)",
                        certificate->facts.chain, text, error.depth);
  return arena_format(certificate->arena, "%s (the certificate at depth %d)", text, error.depth);
}

static void certificate_judge_chain(const struct certificate *certificate,
                                    const struct certificate_codes *codes,
                                    struct finding_list *findings) {
  for (size_t i = 0; i < certificate->error_count; i++) {
    struct certificate_error error = certificate->errors[i];
    enum finding_code code = certificate_error_code(codes, error.code);
    /* A missing issuer is told by OpenSSL in two ways, one after the other. */
    if (code == codes->untrusted && finding_list_has(findings, code)) continue;
    certificate_raise(findings, code, certificate_error_text(certificate, codes, error));
  }
}

bool certificate_judge(const struct certificate *certificate, const struct certificate_codes *codes,
                       int64_t now, struct finding_list *findings) {
  if (!certificate->facts.here) return false;
  bool sound = certificate_judge_dates(certificate, codes, now, findings);
  if (!certificate->named) certificate_judge_name(certificate, codes, findings);
  certificate_judge_chain(certificate, codes, findings);
  return sound && certificate->named && certificate->error_count == 0;
}
