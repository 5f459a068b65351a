/* The codes of what can be found, their stage and severity, and all that is said about them.
 *
 * output/findings/finding.def is the only place that knows the codes; the enum, the record,
 * `explain`, the man page, the documentation and the statistics are made from it. Its columns, in
 * order: NAME of the enum, code, severity, stage, RFC 8460 section 4.3 result type, web checkers'
 * class, whether it may pass by itself, title, meaning, what a sender does, how to diagnose, how to
 * fix, reference. In the texts DOMAIN, as a word of its own, stands for the domain, MXHOST for the
 * mail server that it is about, and a line that begins with two blanks is verbatim; every other
 * line is a paragraph. All texts are constant and need no freeing.
 */
#ifndef OUTPUT_FINDINGS_FINDING_H
#define OUTPUT_FINDINGS_FINDING_H

#include "output/base/span.h"
#include <stdint.h>

#define FINDING_SEVERITY_MAP(X)                                                                    \
  X(ERROR, "error")                                                                                \
  X(WARNING, "warning")                                                                            \
  X(INFO, "info")

/* In the order of the journey: NAME, text, what is looked at there, title of a table of its errors.
 */
#define FINDING_STAGE_MAP(X)                                                                       \
  X(RECORD, "record", "the TXT record", "Causes: the record")                                      \
  X(POLICY_DNS, "policy-dns", "addresses of the policy host", "Causes: DNS of the policy host")    \
  X(POLICY_TCP, "policy-tcp", "connecting to it", "Causes: connecting")                            \
  X(POLICY_TLS, "policy-tls", "handshake and certificate", "Causes: TLS and certificate")          \
  X(POLICY_HTTP, "policy-http", "the answer to the fetch", "Causes: HTTP")                         \
  X(POLICY_SYNTAX, "policy-syntax", "what the policy says", "Causes: the policy's syntax")         \
  X(MX, "mx", "hosts that the policy does not cover", "Causes: MX and policy")                     \
  X(MX_TLS, "mx-tls", "TLS of the mail servers, on port 25", "Causes: TLS of the mail servers")    \
  X(DANE, "dane", "TLSA records of the mail servers", "Causes: DANE")                              \
  X(TLSRPT, "tlsrpt", "the record for reports", "Causes: TLSRPT")                                  \
  X(SPF, "spf", "the SPF record", "Causes: SPF")                                                   \
  X(DMARC, "dmarc", "the DMARC record", "Causes: DMARC")                                           \
  X(DKIM, "dkim", "the DKIM keys", "Causes: DKIM")                                                 \
  FINDING_STAGE_MORE(X)

/* Stages and codes that tests make up, to show that nothing else has to know how many there are. */
#ifndef FINDING_STAGE_MORE
#define FINDING_STAGE_MORE(X)
#endif
#ifndef FINDING_MORE
#define FINDING_MORE
#endif

/* RFC 8460 section 4.3. */
#define FINDING_RESULT_TYPE_MAP(X)                                                                 \
  X(NONE, NULL)                                                                                    \
  X(FETCH_ERROR, "sts-policy-fetch-error")                                                         \
  X(POLICY_INVALID, "sts-policy-invalid")                                                          \
  X(WEBPKI_INVALID, "sts-webpki-invalid")                                                          \
  X(VALIDATION_FAILURE, "validation-failure")                                                      \
  X(STARTTLS_NOT_SUPPORTED, "starttls-not-supported")                                              \
  X(HOST_MISMATCH, "certificate-host-mismatch")                                                    \
  X(EXPIRED, "certificate-expired")                                                                \
  X(NOT_TRUSTED, "certificate-not-trusted")                                                        \
  X(TLSA_INVALID, "tlsa-invalid")                                                                  \
  X(DNSSEC_INVALID, "dnssec-invalid")

#define FINDING_CLASS_MAP(X)                                                                       \
  X(NONE, NULL)                                                                                    \
  X(DNS, "MTASTS_DNS_ERROR")                                                                       \
  X(FETCH, "MTASTS_POLICY_FETCH_FAILED")                                                           \
  X(CONFIG, "MTASTS_CONFIG")                                                                       \
  X(MX, "MTASTS_MX_MISMATCH")

/* Whether it may pass by itself, so that a scan looks a second time before it says so: at the
 * domain, or at the mail server alone. */
#define FINDING_PASSING_MAP(X)                                                                     \
  X(LASTS, NULL)                                                                                   \
  X(PASSES, "a scan looks a second time")                                                          \
  X(BY_STATUS, "after 429 and 5xx, a scan looks a second time")                                    \
  X(BY_REASON, "after internal_error or a close, a scan looks a second time")                      \
  X(AT_HOST, "a scan asks the mail server a second time")                                          \
  X(AT_HOST_4XX, "after a reply of 400 to 499, a scan asks the mail server a second time")

enum finding_severity {
#define X(name, text) FINDING_##name,
  FINDING_SEVERITY_MAP(X)
#undef X
      FINDING_SEVERITY_COUNT
};

enum finding_stage {
#define X(name, ...) STAGE_##name,
  FINDING_STAGE_MAP(X)
#undef X
      STAGE_COUNT
};

enum finding_result_type {
#define X(name, text) RESULT_TYPE_##name,
  FINDING_RESULT_TYPE_MAP(X)
#undef X
};

enum finding_class {
#define X(name, text) CLASS_##name,
  FINDING_CLASS_MAP(X)
#undef X
      FINDING_CLASS_COUNT
};

enum finding_passing {
#define X(name, text) FINDING_##name,
  FINDING_PASSING_MAP(X)
#undef X
};

/* FOUND_RECORD_ABSENT and so on, in the order of the table. */
enum finding_code {
#define FINDING(name, ...) FOUND_##name,
#include "output/findings/finding.def"
#undef FINDING
  FOUND_COUNT
};

struct finding_info {
  const char *name; /* the code as users know it: "policy-tls-expired" */
  enum finding_severity severity;
  enum finding_stage stage;
  enum finding_result_type result_type;
  enum finding_class class;
  enum finding_passing passing;
  const char *title;
  const char *meaning;
  const char *sender;
  const char *diagnose;
  const char *fix;
  const char *reference;
};

/* A set of codes. */
enum { FINDING_CODES_WORDS = (FOUND_COUNT + 63) / 64 };

struct finding_codes {
  uint64_t bits[FINDING_CODES_WORDS];
};

void finding_codes_add(struct finding_codes *codes, enum finding_code code);
bool finding_codes_has(const struct finding_codes *codes, enum finding_code code);
bool finding_codes_equal(const struct finding_codes *one, const struct finding_codes *other);

/* code below FOUND_COUNT. */
const struct finding_info *finding_info(enum finding_code code);

/* The code of that name, or FOUND_COUNT. */
enum finding_code finding_by_name(struct span name);

const char *finding_severity_text(enum finding_severity severity);
const char *finding_stage_text(enum finding_stage stage);
const char *finding_stage_about(enum finding_stage stage);  /* "the TXT record" */
const char *finding_stage_causes(enum finding_stage stage); /* "Causes: the record" */
/* Whether any of its codes is an error. */
bool finding_stage_has_errors(enum finding_stage stage);
/* NULL where there is none. */
const char *finding_result_type_text(enum finding_result_type type);
const char *finding_class_text(enum finding_class class);
const char *finding_passing_text(enum finding_passing passing);

#endif
