/* What is known of one domain, as plain data: what the record says and the statistics count.
 *
 * Every pointer and span belongs to somebody else (the job's arena, or the reader's line) and
 * lives at least as long as the result. A part whose `asked` is false was not looked for and is
 * left out of the record; a span whose ptr is NULL was not found and is left out as well.
 * Times are milliseconds since 1970, durations milliseconds.
 */
#ifndef OUTPUT_RECORD_RESULT_H
#define OUTPUT_RECORD_RESULT_H

#include "output/base/span.h"
#include "output/findings/reason.h"
#include <stdint.h>

enum {
  RESULT_VERSION = 1,
  RESULT_POLICY_SIZE_MAX = 1024 * 1024, /* octets of a policy's text */
  RESULT_BODY_MAX = 200,                /* octets that are kept of a body that is no policy */
  RESULT_HEADER_MAX = 256,              /* of a header field that tells who answered */
  RESULT_LOCATION_MAX = 2048,           /* of a redirect's target */
  RESULT_EDE_TEXT_MAX = 200,            /* of what a resolver says of a failure */
  RESULT_EDE_CODE_MAX = 65535,
  RESULT_SMTP_TEXT_MAX = 200,  /* octets that are kept of what a mail server says */
  RESULT_MX_PROBED_MAX = 10,   /* mail servers of one domain that are probed */
  RESULT_MX_NAMES_FITTING = 8, /* DNS names kept of a certificate that is for its mail server */
  RESULT_MX_NAMES_MAX = 64,    /* ... and of one that is not */
};

#define RESULT_STATUS_MAP(X)                                                                       \
  X(ABSENT, "absent")                                                                              \
  X(VALID, "valid")                                                                                \
  X(BROKEN, "broken")                                                                              \
  X(UNKNOWN, "unknown")                                                                            \
  X(BLOCKED, "blocked")                                                                            \
  X(INVALID, "invalid")

/* What a sender that follows RFC 8461, with nothing cached, does. */
#define RESULT_EFFECT_MAP(X)                                                                       \
  X(NONE, "none")                                                                                  \
  X(OPPORTUNISTIC, "opportunistic")                                                                \
  X(TESTING, "testing")                                                                            \
  X(ENFORCED, "enforced")                                                                          \
  X(AT_RISK, "at-risk")                                                                            \
  X(UNDELIVERABLE, "undeliverable")                                                                \
  X(UNKNOWN, "unknown")

#define RESULT_MODE_MAP(X)                                                                         \
  X(ENFORCE, "enforce")                                                                            \
  X(TESTING, "testing")                                                                            \
  X(NONE, "none")

/* How an MX that is not covered differs from the closest pattern; first that fits. */
#define RESULT_KIND_MAP(X)                                                                         \
  X(TYPO, "typo")                                                                                  \
  X(SUBDOMAIN, "subdomain")                                                                        \
  X(TLD, "tld")                                                                                    \
  X(DOMAIN, "domain")

/* What a sender that enforces a policy makes of a mail server: it delivers there; it would not; we
 * could not find out. */
#define RESULT_VERDICT_MAP(X)                                                                      \
  X(SECURE, "secure")                                                                              \
  X(REFUSED, "refused")                                                                            \
  X(UNKNOWN, "unknown")

/* How far the probe of a mail server got: where it ended, or that it is done. */
#define RESULT_STEP_MAP(X)                                                                         \
  X(DNS, "dns")                                                                                    \
  X(CONNECT, "connect")                                                                            \
  X(GREETING, "greeting")                                                                          \
  X(EHLO, "ehlo")                                                                                  \
  X(STARTTLS, "starttls")                                                                          \
  X(HANDSHAKE, "handshake")                                                                        \
  X(DONE, "done")

/* What the TLSA records of a mail server come to (RFC 7672). NONE: DNSSEC proves that there are
 * none. INSECURE: the addresses or the records are not validated. FAILED: DNS would not say. */
#define RESULT_DANE_MAP(X)                                                                         \
  X(NONE, "none")                                                                                  \
  X(MATCH, "match")                                                                                \
  X(MISMATCH, "mismatch")                                                                          \
  X(UNUSABLE, "unusable")                                                                          \
  X(INSECURE, "insecure")                                                                          \
  X(FAILED, "failed")

#define X(name, text) STATUS_##name,
enum result_status { RESULT_STATUS_MAP(X) STATUS_COUNT };
#undef X
#define X(name, text) EFFECT_##name,
enum result_effect { RESULT_EFFECT_MAP(X) EFFECT_COUNT };
#undef X
/* MODE_COUNT: the policy has no mode that counts. */
#define X(name, text) MODE_##name,
enum result_mode { RESULT_MODE_MAP(X) MODE_COUNT };
#undef X
#define X(name, text) KIND_##name,
enum result_kind { RESULT_KIND_MAP(X) KIND_COUNT };
#undef X
#define X(name, text) VERDICT_##name,
enum result_verdict { RESULT_VERDICT_MAP(X) VERDICT_COUNT };
#undef X
#define X(name, text) STEP_##name,
enum result_step { RESULT_STEP_MAP(X) STEP_COUNT };
#undef X
/* DANE_COUNT: there are records, but no certificate to hold against them. */
#define X(name, text) DANE_##name,
enum result_dane { RESULT_DANE_MAP(X) DANE_COUNT };
#undef X

const char *result_status_text(enum result_status status);
const char *result_effect_text(enum result_effect effect);
const char *result_effect_about(enum result_effect effect); /* a sentence about senders */
const char *result_mode_text(enum result_mode mode);
const char *result_kind_text(enum result_kind kind);
const char *result_verdict_text(enum result_verdict verdict);
const char *result_step_text(enum result_step step);
const char *result_dane_text(enum result_dane dane);

/* The value whose text it is, or the COUNT of that enum. */
enum result_status result_status_by_text(struct span text);
enum result_effect result_effect_by_text(struct span text);
enum result_mode result_mode_by_text(struct span text);
enum result_kind result_kind_by_text(struct span text);
enum result_verdict result_verdict_by_text(struct span text);
enum result_step result_step_by_text(struct span text);
enum result_dane result_dane_by_text(struct span text);

/* IANA's name of a DNS rcode ("NXDOMAIN"), or NULL for one without. */
const char *result_rcode_text(int rcode);
/* IANA's name of an extended DNS error ("Signature Expired"), or NULL for one without. */
const char *result_ede_text(unsigned code);
/* The rcode of that name, or -1. */
int result_rcode_by_text(struct span text);

/* One finding. The members after detail are for machines and left out when not set. */
struct finding {
  struct finding *next;
  enum finding_code code;
  enum reason reason;  /* the first that was met; REASON_NONE: the code has no several causes */
  uint64_t reasons;    /* all that were met, as a set (output/findings/reason.h) */
  bool lenient;        /* most senders go on all the same */
  bool contested;      /* rests on a contested reading ... */
  struct span erratum; /* ... of this: "erratum 6285", "RFC 8461 section 3.1" */
  struct span detail;  /* for people; may hold hostile bytes */
  struct span host;    /* the MX host, policy host or domain it is about */
  struct span pattern; /* the mx pattern it is about */
  bool has_kind;
  enum result_kind kind;
  unsigned line;   /* of the policy, from 1; 0: none */
  int http_status; /* 0: none */
  int smtp_status; /* of the reply that it is about; 0: none */
  bool has_rcode;
  int rcode;
};

/* An array of spans. */
struct spans {
  struct span *at;
  size_t count;
};

enum {
  RESULT_LABELS_MAX = 16,
  RESULT_DKIM_MAX = 16, /* selectors that are asked for */
};

/* What a list says of a domain besides its name. */
struct result_label {
  struct span name, value;
};

struct result_labels {
  struct result_label *at;
  size_t count;
};

/* An extended DNS error (RFC 8914): why the resolver gave that answer. */
struct result_ede {
  bool here;
  unsigned code; /* at most RESULT_EDE_CODE_MAX */
  struct span text;
};

/* What a DNS lookup came to. rcode -1: no answer that could be read. */
struct result_lookup {
  bool asked;
  bool ad; /* the resolver says that DNSSEC validated it */
  int rcode;
  unsigned tries; /* 0: judged without asking */
  int64_t ms;
  struct spans cname; /* the targets, in the order followed, lower case, no trailing dot */
  struct result_ede ede;
};

struct result_record {
  struct result_lookup lookup;
  struct spans txt; /* each RR's strings joined */
  struct span id;
  bool has_ttl;
  uint32_t ttl; /* seconds */
};

struct result_policy_host {
  struct result_lookup lookup;
  struct spans addresses; /* all that DNS gave, as text; IPv6 before IPv4 */
};

/* One attempt at one address; code FOUND_COUNT: it brought an HTTP answer without a fault, or a
 * TLS handshake. */
struct result_attempt {
  struct span address;
  enum finding_code code;
  int64_t ms;
};

struct result_attempts {
  struct result_attempt *at;
  size_t count;
};

struct result_fetch {
  bool asked;
  struct span address; /* of the attempt that the findings are of */
  int http_status;     /* 0: none */
  struct span content_type;
  struct spans content_types;   /* when there are several; the last of them is content_type */
  struct span content_encoding; /* several joined by ", " */
  struct span location;         /* of a redirect; never followed */
  struct spans locations;       /* when there are several; the first of them is location */
  struct span server;
  struct span cf_mitigated; /* "challenge": a wall before the server answered */
  struct span www_authenticate;
  struct span body; /* the first octets of what is no policy */
  bool has_bytes;
  uint64_t bytes;  /* of the body, as far as it was read */
  struct span tls; /* "TLSv1.3" */
  bool has_trusted;
  bool trusted;
  int64_t connect_ms; /* -1: not reached; each counts from the attempt's start */
  int64_t tls_ms;
  int64_t ms;
  struct result_attempts attempts;
};

struct result_certificate {
  bool here;
  struct span subject; /* RFC 2253 form, UTF-8 */
  struct span issuer;
  struct spans names;                 /* SAN dNSNames */
  unsigned names_count;               /* how many there are, where not all are kept; else 0 */
  bool has_not_before, has_not_after; /* a date that can be read */
  int64_t not_before;
  int64_t not_after;
  struct span sha256; /* of the DER, lower-case hex */
  struct span key;    /* "EC 256", "RSA 2048" */
  unsigned chain;     /* certificates that the server sent */
};

struct result_policy {
  bool here; /* a body came with status 200 */
  struct span version;
  enum result_mode mode;
  bool has_max_age;
  uint64_t max_age; /* seconds */
  struct spans mx;  /* the sound patterns, as written, in order */
  struct span sha256;
  struct span text;
};

/* The TLSA records of a mail server, and what they come to. */
struct result_tlsa {
  bool here;
  struct span base; /* of the records' name, where it is not the host but what it is an alias of */
  bool has_rcode;   /* they were asked for */
  int rcode;
  bool ad;
  struct spans records; /* as text: usage, selector, matching type, data in hex */
  enum result_dane dane;
};

/* The evidence of one mail server: what a probe of its port 25 found (RFC 8461 section 4.2). The
 * same for all domains that have the host as MX, whoever asked first. SMTP codes: 0, not reached.
 */
struct result_mx_tls {
  enum result_verdict verdict;
  struct finding_codes codes; /* of findings */
  /* What was found of the host, in the order of the table, with details; host is not set. Not in
   * the record: NULL when read back. */
  const struct finding *findings;
  struct spans cname;
  struct spans addresses; /* all that DNS gave, as text; IPv4 before IPv6 */
  struct span address;    /* of the attempt that counts, as are the members from here on */
  enum result_step step;
  int greeting;
  struct span greeting_text; /* at most RESULT_SMTP_TEXT_MAX octets, without the code */
  int ehlo;
  int helo;
  int starttls;
  struct span version; /* "TLSv1.3" */
  bool has_trusted;    /* a certificate was shown */
  bool trusted;
  struct result_certificate certificate; /* names: RESULT_MX_NAMES_FITTING, RESULT_MX_NAMES_MAX */
  struct result_attempts attempts;
  struct result_tlsa tlsa;
  int64_t at; /* when the probe began; 0: there was none */
  int64_t ms; /* of all of it */
};

struct result_mx {
  unsigned preference;
  struct span host; /* lower case, no trailing dot; "." for null MX (RFC 7505) */
  bool implicit;    /* there is no MX: the domain itself (RFC 5321 section 5.1) */
  bool judged;      /* there were patterns to hold it against */
  bool covered;
  const struct result_mx_tls *tls; /* NULL: not probed, nor passed over as one too many */
};

struct result_mx_set {
  struct result_lookup lookup;
  struct result_mx *at; /* by preference, then host */
  size_t count;
  bool wanted; /* by --ask: it is told where there is none, too */
};

#ifndef RESULT_TLSRPT_MORE /* a test makes a member up */
#define RESULT_TLSRPT_MORE
#endif

struct result_tlsrpt {
  struct result_lookup lookup;
  struct spans txt;
  struct spans rua;
  RESULT_TLSRPT_MORE
};

/* What stands beside MTA-STS, where it was asked for. */
struct result_ns {
  struct result_lookup lookup;
  struct spans hosts; /* lower case, no trailing dot */
};

struct result_spf {
  struct result_lookup lookup;
  struct spans txt;   /* the SPF records, or what tries to be one */
  struct span all;    /* the qualifier of "all", one character; or "redirect" */
  struct span reason; /* a word for why there is no `all` */
};

struct result_dmarc {
  struct result_lookup lookup; /* that decided */
  struct spans txt;            /* the DMARC records, or what tries to be one */
  struct span p, sp;           /* none, quarantine or reject */
  bool has_pct;
  unsigned pct;       /* 0 to 100 */
  struct spans rua;   /* its URIs, as written */
  struct span domain; /* where the record was found */
  struct span reason; /* a word for why there is no `p` */
};

/* The key record of one selector. */
struct result_dkim_key {
  struct result_lookup lookup;
  struct span selector;
  struct spans txt; /* the key records, where they are not sound */
  struct span type; /* "rsa", "ed25519", ... */
  unsigned bits;    /* 0: not known */
  bool revoked;
};

struct result_dkim {
  struct result_dkim_key *at;
  size_t count;
};

/* What a first look found, where a second one was taken (RESULT_LOOKS_MAX in all). */
struct result_first {
  bool here; /* in the record: the second look found other codes */
  struct finding_codes codes;
  int64_t at; /* as in result; 0: there was no first look */
};

enum { RESULT_LOOKS_MAX = 2 };

struct result {
  uint64_t n; /* the input line, from 1; 0: none, `lint` */
  struct span domain;
  struct span unicode; /* only when it differs */
  bool has_rank;
  uint64_t rank;
  struct span line;   /* as given; only when it is not a domain, or a URL or an address */
  struct span reason; /* a word for why it is not */
  struct result_labels labels;
  enum result_status status;
  bool has_effect;
  enum result_effect effect;
  const struct finding *findings;
  struct result_record record;
  struct result_policy_host policy_host;
  struct result_fetch fetch;
  struct result_certificate certificate;
  struct result_policy policy;
  struct result_mx_set mx;
  struct result_tlsrpt tlsrpt;
  struct result_ns ns;
  struct result_spf spf;
  struct result_dmarc dmarc;
  struct result_dkim dkim;
  unsigned looks; /* 0: one; else this is the last of so many */
  struct result_first first;
  int64_t at; /* 0: not scanned, `lint` */
  int64_t ms;
};

struct finding_codes result_codes(const struct result *result);

/* Whether a finding may pass by itself: a timeout, a name server that fails or refuses, a reset, a
 * close, an alert internal_error, a status 429 or 5xx, a truncated body. */
bool result_may_pass(const struct result *result);

#endif
