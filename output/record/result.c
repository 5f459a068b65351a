#include "output/record/result.h"

#define TEXT(name, text) text,
static const char *const status_texts[] = {RESULT_STATUS_MAP(TEXT)};
static const char *const effect_texts[] = {RESULT_EFFECT_MAP(TEXT)};
static const char *const mode_texts[] = {RESULT_MODE_MAP(TEXT)};
static const char *const kind_texts[] = {RESULT_KIND_MAP(TEXT)};
static const char *const verdict_texts[] = {RESULT_VERDICT_MAP(TEXT)};
static const char *const step_texts[] = {RESULT_STEP_MAP(TEXT)};
static const char *const dane_texts[] = {RESULT_DANE_MAP(TEXT)};
#undef TEXT

/* RFC 6895 section 2.3; index is the rcode. */
static const char *const rcode_texts[] = {
    "NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",  "REFUSED",
    "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE", "DSOTYPENI",
};

/* RFC 8914 section 4 and IANA's registry of extended DNS errors; index is the code. */
static const char *const ede_texts[] = {
    "Other",
    "Unsupported DNSKEY Algorithm",
    "Unsupported DS Digest Type",
    "Stale Answer",
    "Forged Answer",
    "DNSSEC Indeterminate",
    "DNSSEC Bogus",
    "Signature Expired",
    "Signature Not Yet Valid",
    "DNSKEY Missing",
    "RRSIGs Missing",
    "No Zone Key Bit Set",
    "NSEC Missing",
    "Cached Error",
    "Not Ready",
    "Blocked",
    "Censored",
    "Filtered",
    "Prohibited",
    "Stale NXDOMAIN Answer",
    "Not Authoritative",
    "Not Supported",
    "No Reachable Authority",
    "Network Error",
    "Invalid Data",
    "Signature Expired before Valid",
    "Too Early",
    "Unsupported NSEC3 Iterations Value",
    "Unable to conform to policy",
    "Synthesized",
    "Invalid Query Type",
};

enum { EDE_TEXT_COUNT = sizeof ede_texts / sizeof *ede_texts };

enum { RCODE_TEXT_COUNT = sizeof rcode_texts / sizeof *rcode_texts };

static int by_text(const char *const *texts, int count, struct span text) {
  int i = 0;
  while (i < count && !span_equal(text, span_of(texts[i]))) i++;
  return i;
}

const char *result_status_text(enum result_status status) {
  return status_texts[status];
}

const char *result_effect_text(enum result_effect effect) {
  return effect_texts[effect];
}

const char *result_effect_about(enum result_effect effect) {
  static const char *const texts[] = {
      [EFFECT_NONE] = "senders deliver as to any domain without MTA-STS",
      [EFFECT_OPPORTUNISTIC] = "senders use no policy and deliver without protection",
      [EFFECT_TESTING] = "senders deliver in any case, and report failures",
      [EFFECT_ENFORCED] = "senders deliver only to the hosts of the policy, over verified TLS",
      [EFFECT_AT_RISK] = "senders will refuse some of the MX hosts",
      [EFFECT_UNDELIVERABLE] = "senders will refuse all MX hosts",
      [EFFECT_UNKNOWN] = "what senders do is not known",
  };
  return texts[effect];
}

const char *result_mode_text(enum result_mode mode) {
  return mode_texts[mode];
}

const char *result_kind_text(enum result_kind kind) {
  return kind_texts[kind];
}

const char *result_verdict_text(enum result_verdict verdict) {
  return verdict_texts[verdict];
}

const char *result_step_text(enum result_step step) {
  return step_texts[step];
}

const char *result_dane_text(enum result_dane dane) {
  return dane_texts[dane];
}

enum result_status result_status_by_text(struct span text) {
  return (enum result_status)by_text(status_texts, STATUS_COUNT, text);
}

enum result_effect result_effect_by_text(struct span text) {
  return (enum result_effect)by_text(effect_texts, EFFECT_COUNT, text);
}

enum result_mode result_mode_by_text(struct span text) {
  return (enum result_mode)by_text(mode_texts, MODE_COUNT, text);
}

enum result_kind result_kind_by_text(struct span text) {
  return (enum result_kind)by_text(kind_texts, KIND_COUNT, text);
}

enum result_verdict result_verdict_by_text(struct span text) {
  return (enum result_verdict)by_text(verdict_texts, VERDICT_COUNT, text);
}

enum result_step result_step_by_text(struct span text) {
  return (enum result_step)by_text(step_texts, STEP_COUNT, text);
}

enum result_dane result_dane_by_text(struct span text) {
  return (enum result_dane)by_text(dane_texts, DANE_COUNT, text);
}

const char *result_rcode_text(int rcode) {
  return rcode >= 0 && rcode < RCODE_TEXT_COUNT ? rcode_texts[rcode] : NULL;
}

const char *result_ede_text(unsigned code) {
  return code < EDE_TEXT_COUNT ? ede_texts[code] : NULL;
}

int result_rcode_by_text(struct span text) {
  int rcode = by_text(rcode_texts, RCODE_TEXT_COUNT, text);
  return rcode < RCODE_TEXT_COUNT ? rcode : -1;
}

struct finding_codes result_codes(const struct result *result) {
  struct finding_codes codes = {0};
  for (const struct finding *f = result->findings; f; f = f->next)
    finding_codes_add(&codes, f->code);
  return codes;
}

static bool finding_may_pass(const struct finding *finding) {
  switch (finding_info(finding->code)->passing) {
  case FINDING_LASTS:
  case FINDING_AT_HOST:
  case FINDING_AT_HOST_4XX: return false;
  case FINDING_PASSES: return true;
  case FINDING_BY_STATUS: return finding->http_status == 429 || finding->http_status >= 500;
  case FINDING_BY_REASON:
    return finding->reason == REASON_POLICY_TLS_ALERT_INTERNAL_ERROR ||
           finding->reason == REASON_POLICY_HTTP_INVALID_CLOSED;
  }
  return false;
}

bool result_may_pass(const struct result *result) {
  const struct finding *finding = result->findings;
  while (finding && !finding_may_pass(finding)) finding = finding->next;
  return finding != NULL;
}
