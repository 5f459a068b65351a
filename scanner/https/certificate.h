/* The certificate that a server showed: recorded during its handshake, judged afterwards by
 * RFC 8461 section 3.3 (of a policy host) or 4.2 (of an MX host).
 *
 * Recording never ends the handshake, so that every fault is named and the policy still read.
 * Facts and texts live in the arena given. The trust store is only looked at. Validity is judged
 * from the dates that were recorded and not by OpenSSL's clock, and names by the SAN dNSNames alone
 * (DNS-ID, whole-label wildcards).
 */
#ifndef SCANNER_HTTPS_CERTIFICATE_H
#define SCANNER_HTTPS_CERTIFICATE_H

#include "output/record/result.h"
#include "scanner/sts/finding_list.h"
#include <openssl/x509_vfy.h>

enum {
  CERTIFICATE_DEPTH_MAX = 10,                        /* intermediates; a longer chain is a fault */
  CERTIFICATE_CHAIN_MAX = CERTIFICATE_DEPTH_MAX + 2, /* with the leaf and the root */
  CERTIFICATE_ERROR_MAX = 16,  /* kinds of faults kept; more still mean no trust */
  CERTIFICATE_NAME_MAX = 2000, /* dNSNames kept as facts */
  CERTIFICATE_TEXT_MAX = 4096, /* bytes kept of subject and issuer, each */
  CERTIFICATE_EXPIRES_SOON_DAYS = 14,
};

#define CERTIFICATE_NO_DATE INT64_MIN

struct certificate_dates {
  int64_t not_before, not_after; /* milliseconds since 1970; CERTIFICATE_NO_DATE: cannot be read */
};

struct certificate_error {
  int code; /* X509_V_ERR_... */
  int depth;
};

struct certificate {
  struct span host;
  struct arena *arena;
  /* recorded */
  struct result_certificate facts;
  bool named;       /* host is among the names */
  bool named_by_cn; /* it is not, but stands in the subject's CN */
  struct certificate_dates dates[CERTIFICATE_CHAIN_MAX];
  size_t date_count;
  struct certificate_error errors[CERTIFICATE_ERROR_MAX]; /* those of dates left out */
  size_t error_count;
};

/* What the faults of a certificate are called. */
struct certificate_codes {
  enum finding_code name_mismatch, expired, not_yet_valid, expires_soon, self_signed, untrusted,
      invalid;
  bool cn_is_contested; /* there are senders that accept a name in CN */
};

/* host: lower-case A-labels. */
void certificate_init(struct certificate *certificate, struct span host, struct arena *arena);

/* For SSL_CTX_set_cert_verify_callback(); data is the struct certificate. Always 1. */
int certificate_verify(X509_STORE_CTX *ctx, void *data);

/* Raises what is wrong with the recorded certificate at the time now (milliseconds since 1970) and
 * says whether a sender would trust it. False and no finding when none was shown. */
bool certificate_judge(const struct certificate *certificate, const struct certificate_codes *codes,
                       int64_t now, struct finding_list *findings);

#endif
