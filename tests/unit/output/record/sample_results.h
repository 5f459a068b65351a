/* Results that between them hold every member a record can have; their records are the lines of
 * records.ndjson, in the same order. */
#ifndef TESTS_UNIT_OUTPUT_RECORD_SAMPLE_RESULTS_H
#define TESTS_UNIT_OUTPUT_RECORD_SAMPLE_RESULTS_H

#include "output/record/result.h"

#define TEXT(literal)                                                                              \
  { literal, sizeof(literal) - 1 }
#define SPANS(array)                                                                               \
  { array, sizeof(array) / sizeof *(array) }
/* What word i of a set of codes has of one. */
#define CODE_BITS(i, code) ((uint64_t)((code) / 64 == (i)) << (code) % 64)
#define SHA256             TEXT("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")

static const struct finding absent_finding = {.code = FOUND_RECORD_ABSENT};

static const struct result sample_absent = {
    .n = 1,
    .domain = TEXT("example.com"),
    .has_rank = true,
    .rank = 1,
    .status = STATUS_ABSENT,
    .has_effect = true,
    .effect = EFFECT_NONE,
    .findings = &absent_finding,
    .record.lookup = {.asked = true, .rcode = 3, .tries = 1, .ms = 7},
    .at = 1795428000123,
    .ms = 7,
};

static struct span valid_txt[] = {TEXT("v=STSv1; id=20260408;")};
static struct span valid_record_cname[] = {TEXT("_mta-sts.provider.net")};
static struct span valid_host_cname[] = {TEXT("sts.provider.net"), TEXT("edge.provider.net")};
static struct span valid_addresses[] = {TEXT("2001:db8::7"), TEXT("192.0.2.7")};
static struct span valid_names[] = {TEXT("mta-sts.xn--bcher-kva.example"), TEXT("*.example")};
static struct span valid_patterns[] = {TEXT("mail.example.com"), TEXT("*.example.com")};
static struct span valid_tlsrpt_txt[] = {TEXT("v=TLSRPTv1; rua=mailto:r@example.com")};
static struct span valid_rua[] = {TEXT("mailto:r@example.com")};
static struct result_attempt valid_attempts[] = {
    {.address = TEXT("2001:db8::7"), .code = FOUND_POLICY_TCP_TIMEOUT, .ms = 10000},
    {.address = TEXT("192.0.2.7"), .code = FOUND_COUNT, .ms = 40},
};
static struct result_mx valid_mx[] = {
    {.preference = 0, .host = TEXT("mail.example.com"), .judged = true, .covered = true},
    {.preference = 65535, .host = TEXT("other.example.net"), .judged = true},
};

static const struct result sample_valid = {
    .n = INT64_MAX,
    .domain = TEXT("xn--bcher-kva.example"),
    .unicode = TEXT("b\xc3\xbc"
                    "cher.example"),
    .status = STATUS_VALID,
    .has_effect = true,
    .effect = EFFECT_ENFORCED,
    .record = {.lookup = {.asked = true,
                          .ad = true,
                          .tries = 2,
                          .ms = 12,
                          .cname = SPANS(valid_record_cname)},
               .txt = SPANS(valid_txt),
               .id = TEXT("20260408"),
               .has_ttl = true,
               .ttl = 300},
    .policy_host =
        {.lookup = {.asked = true, .tries = 1, .ms = 9, .cname = SPANS(valid_host_cname)},
         .addresses = SPANS(valid_addresses)},
    .fetch = {.asked = true,
              .address = TEXT("192.0.2.7"),
              .http_status = 200,
              .content_type = TEXT("text/plain"),
              .has_bytes = true,
              .bytes = 91,
              .tls = TEXT("TLSv1.3"),
              .has_trusted = true,
              .trusted = true,
              .connect_ms = 8,
              .tls_ms = 21,
              .ms = 10040,
              .attempts = {valid_attempts, 2}},
    .certificate = {.here = true,
                    .subject = TEXT("CN=mta-sts.example.com"),
                    .issuer = TEXT("CN=R11"),
                    .names = SPANS(valid_names),
                    .has_not_before = true,
                    .has_not_after = true,
                    .not_before = 1793491200000,
                    .not_after = 1801267200000,
                    .sha256 = SHA256,
                    .key = TEXT("EC 256"),
                    .chain = 2},
    .policy = {.here = true,
               .version = TEXT("STSv1"),
               .mode = MODE_ENFORCE,
               .has_max_age = true,
               .max_age = 604800,
               .mx = SPANS(valid_patterns),
               .sha256 = SHA256,
               .text = TEXT("version: STSv1\r\nmode: enforce\r\nmax_age: 604800\r\n"
                            "mx: mail.example.com\r\nmx: *.example.com\r\n")},
    .mx = {.lookup = {.asked = true, .tries = 1, .ms = 5}, .at = valid_mx, .count = 2},
    .tlsrpt = {.lookup = {.asked = true, .tries = 1, .ms = 5},
               .txt = SPANS(valid_tlsrpt_txt),
               .rua = SPANS(valid_rua)},
    .at = 1795428000123,
    .ms = 10061,
};

/* Every further member of a finding; lookups without an answer, a fetch that got nowhere. */
static const struct finding broken_findings[] = {
    {.next = (struct finding *)&broken_findings[1],
     .code = FOUND_RECORD_CONTESTED,
     .contested = true,
     .erratum = TEXT("erratum 6285")},
    {.next = (struct finding *)&broken_findings[2],
     .code = FOUND_POLICY_HTTP_STATUS,
     .detail = TEXT("answered 404"),
     .host = TEXT("mta-sts.example.com"),
     .http_status = 404},
    {.next = (struct finding *)&broken_findings[3],
     .code = FOUND_POLICY_MX_INVALID,
     .reason = REASON_POLICY_MX_INVALID_LABEL,
     .reasons = (uint64_t)1 << (REASON_POLICY_MX_INVALID_LABEL - REASON_POLICY_MX_INVALID_EMPTY) |
                (uint64_t)1 << (REASON_POLICY_MX_INVALID_HYPHEN - REASON_POLICY_MX_INVALID_EMPTY),
     .lenient = true,
     .detail = TEXT("\"\\\x1b[31m\x7f"),
     .pattern = TEXT("mail..example.com"),
     .line = 4},
    {.next = (struct finding *)&broken_findings[4],
     .code = FOUND_MX_MISMATCH,
     .host = TEXT("mail.example.org"),
     .pattern = TEXT("mail.example.com"),
     .has_kind = true,
     .kind = KIND_TLD},
    {.code = FOUND_MX_DNS_MALFORMED, .has_rcode = true, .rcode = 17},
};
static struct span broken_locations[] = {TEXT("https://www.example.com/"), TEXT("/")};
static struct result_mx broken_mx[] = {{.preference = 10, .host = TEXT("mail.example.org")}};

static const struct result sample_broken = {
    .n = 17,
    .domain = TEXT("example.com"),
    .status = STATUS_BROKEN,
    .has_effect = true,
    .effect = EFFECT_OPPORTUNISTIC,
    .findings = broken_findings,
    .record = {.lookup = {.asked = true, .tries = 1}, .txt = SPANS(valid_txt)},
    .policy_host.lookup =
        {.asked = true, .rcode = -1, .tries = 4, .ms = 5000, .ede = {.here = true, .code = 22}},
    .fetch = {.asked = true,
              .http_status = 301,
              .location = TEXT("https://www.example.com/"),
              .locations = SPANS(broken_locations),
              .server = TEXT("cloudflare"),
              .cf_mitigated = TEXT("challenge"),
              .www_authenticate = TEXT("Basic"),
              .body = TEXT("<html>\n\x1b[2J"),
              .connect_ms = -1,
              .tls_ms = -1},
    .policy = {.here = true, .mode = MODE_COUNT},
    .mx = {.lookup = {.asked = true}, .at = broken_mx, .count = 1},
    .tlsrpt.lookup = {.asked = true, .rcode = -1},
    .at = 1795428000000,
    .ms = 5100,
};

static const struct result sample_invalid = {
    .n = 3,
    .line = TEXT("b\xfc"
                 "cher\t.\x00"
                 "example"),
    .reason = TEXT("utf8"),
    .status = STATUS_INVALID,
    .at = 1795428000000,
};

/* The same of every text that comes from strangers: a byte that is no UTF-8. */
#define BYTES TEXT("a\xff")
#define BYTES_ARRAY                                                                                \
  { bytes_array, 2 }
static struct span bytes_array[] = {TEXT("\xc3\xa4"), BYTES};
static const struct finding bytes_finding = {
    .code = FOUND_RECORD_VERSION, .detail = BYTES, .host = BYTES, .pattern = BYTES};
static struct result_mx bytes_mx[] = {{.host = BYTES}};

static const struct result sample_bytes = {
    .n = 4,
    .domain = TEXT("example.org"),
    .status = STATUS_BROKEN,
    .has_effect = true,
    .effect = EFFECT_OPPORTUNISTIC,
    .findings = &bytes_finding,
    .record = {.lookup = {.asked = true,
                          .tries = 1,
                          .cname = BYTES_ARRAY,
                          .ede = {.here = true, .code = 65535, .text = BYTES}},
               .txt = BYTES_ARRAY,
               .id = BYTES},
    .policy_host.lookup = {.asked = true, .tries = 1, .cname = BYTES_ARRAY},
    .fetch = {.asked = true,
              .content_type = BYTES,
              .content_types = BYTES_ARRAY,
              .content_encoding = BYTES,
              .location = BYTES,
              .locations = BYTES_ARRAY,
              .server = BYTES,
              .cf_mitigated = BYTES,
              .www_authenticate = BYTES,
              .body = BYTES},
    .certificate = {.here = true, .subject = BYTES, .issuer = BYTES, .names = BYTES_ARRAY},
    .policy =
        {.here = true, .version = BYTES, .mode = MODE_COUNT, .mx = BYTES_ARRAY, .text = BYTES},
    .mx = {.lookup = {.asked = true}, .at = bytes_mx, .count = 1},
    .tlsrpt = {.lookup = {.asked = true}, .txt = BYTES_ARRAY, .rua = BYTES_ARRAY},
    .at = 1795428000000,
};

static const struct finding unknown_finding = {.code = FOUND_RECORD_DNS_TIMEOUT,
                                               .detail = TEXT("no answer to 4 tries")};

static struct result_label unknown_labels[] = {{TEXT("customer"), TEXT("\"acme\" & co")},
                                               {TEXT("a\tb"), TEXT("7")}};

static const struct result sample_unknown = {
    .n = 5,
    .labels = {unknown_labels, 2},
    .domain = TEXT("example.net"),
    .status = STATUS_UNKNOWN,
    .has_effect = true,
    .effect = EFFECT_UNKNOWN,
    .findings = &unknown_finding,
    .record.lookup = {.asked = true, .rcode = -1, .tries = 4, .ms = 5000},
    .looks = 2,
    .first = {.here = true,
              .codes = {.bits = {(uint64_t)1 << FOUND_RECORD_DNS_SERVFAIL}},
              .at = 1795427939000},
    .at = 1795428000000,
    .ms = 5000,
};

static const struct result sample_blocked = {
    .n = 6, .domain = TEXT("example.edu"), .status = STATUS_BLOCKED, .at = 1795428000000};

/* Judged without the network. */
static const struct result sample_lint = {
    .status = STATUS_VALID,
    .record = {.lookup = {.asked = true}, .txt = SPANS(valid_txt), .id = TEXT("20260408")},
};

/* Mail servers that were probed: one with all there is to tell, one by HELO alone, one that is not
 * there, one too many; strangers' bytes. */
static const struct finding probed_finding = {.code = FOUND_MX_TLS_STARTTLS_REFUSED,
                                              .reason = REASON_MX_TLS_STARTTLS_REFUSED_TEMPORARY,
                                              .reasons = 1,
                                              .host = TEXT("mail.example.com"),
                                              .smtp_status = 454};
static struct result_attempt probed_attempts[] = {
    {.address = TEXT("192.0.2.25"), .code = FOUND_MX_SMTP_TIMEOUT, .ms = 60000},
    {.address = TEXT("2001:db8::25"), .code = FOUND_COUNT, .ms = 412},
};
static struct span probed_cname[] = {TEXT("mx.example.net")};
static struct span probed_addresses[] = {TEXT("192.0.2.25"), TEXT("2001:db8::25")};
static struct span probed_names[] = {TEXT("mail.example.com")};
static struct span probed_tlsa[] = {TEXT("3 1 1 8bd2"), TEXT("2 0 1 00")};
static const struct result_mx_tls probed_tls[] = {
    {.verdict = VERDICT_SECURE,
     .codes = {.bits = {CODE_BITS(0, FOUND_MX_TLS_EXPIRES_SOON) | CODE_BITS(0, FOUND_DANE_MISMATCH),
                        CODE_BITS(1, FOUND_MX_TLS_EXPIRES_SOON) |
                            CODE_BITS(1, FOUND_DANE_MISMATCH)}},
     .cname = SPANS(probed_cname),
     .addresses = SPANS(probed_addresses),
     .address = TEXT("2001:db8::25"),
     .step = STEP_DONE,
     .greeting = 220,
     .greeting_text = TEXT("mail.example.com ESMTP"),
     .ehlo = 250,
     .starttls = 220,
     .version = TEXT("TLSv1.3"),
     .has_trusted = true,
     .trusted = true,
     .certificate = {.here = true,
                     .subject = TEXT("CN=mail.example.com"),
                     .issuer = TEXT("CN=R11"),
                     .names = SPANS(probed_names),
                     .names_count = 80,
                     .sha256 = SHA256,
                     .key = TEXT("EC 256"),
                     .chain = 2},
     .attempts = {probed_attempts, 2},
     .tlsa = {.here = true,
              .base = TEXT("mx.example.net"),
              .has_rcode = true,
              .ad = true,
              .records = SPANS(probed_tlsa),
              .dane = DANE_MISMATCH},
     .at = 1795427999120,
     .ms = 60412},
    {.verdict = VERDICT_REFUSED,
     .step = STEP_EHLO,
     .greeting = 220,
     .greeting_text = TEXT(""),
     .ehlo = 502,
     .helo = 250,
     .tlsa = {.here = true, .dane = DANE_COUNT},
     .at = 1795427999120},
    {.verdict = VERDICT_UNKNOWN, .step = STEP_DNS},
};
static struct result_mx probed_mx[] = {
    {.preference = 10, .host = TEXT("mail.example.com"), .tls = &probed_tls[0]},
    {.preference = 20, .host = TEXT("old.example.com"), .tls = &probed_tls[1]},
    {.host = TEXT("example.com"), .implicit = true, .tls = &probed_tls[2]},
};

static const struct result sample_probed = {
    .n = 7,
    .domain = TEXT("example.com"),
    .status = STATUS_BROKEN,
    .findings = &probed_finding,
    .mx = {.lookup = {.asked = true}, .at = probed_mx, .count = 3},
    .at = 1795428000000,
};

static const struct result_mx_tls probed_bytes_tls = {
    .verdict = VERDICT_UNKNOWN,
    .cname = BYTES_ARRAY,
    .step = STEP_GREETING,
    .greeting = 554,
    .greeting_text = BYTES,
    .tlsa = {.here = true, .base = BYTES, .dane = DANE_NONE},
};
static struct result_mx probed_bytes_mx[] = {{.host = TEXT("a"), .tls = &probed_bytes_tls}};

static const struct result sample_probed_bytes = {
    .n = 8,
    .domain = TEXT("example.com"),
    .status = STATUS_VALID,
    .mx = {.lookup = {.asked = true}, .at = probed_bytes_mx, .count = 1},
    .at = 1795428000000,
};

/* What stands beside MTA-STS; not there; and in bytes. */
static struct span asked_ns[] = {TEXT("a.ns.example"), TEXT("b.ns.example")};
static struct span asked_spf[] = {TEXT("v=spf1 mx -all")};
static struct span asked_dmarc[] = {
    TEXT("v=DMARC1; p=reject; sp=none; pct=0; rua=mailto:a@x.example")};
static struct span asked_rua[] = {TEXT("mailto:a@x.example")};
static struct span asked_key_txt[] = {TEXT("v=DKIM1")};
static struct result_dkim_key asked_keys[] = {
    {.selector = TEXT("s1"), .lookup.asked = true, .type = TEXT("rsa"), .bits = 2048},
    {.selector = TEXT("s2"), .lookup.asked = true, .type = TEXT("rsa"), .revoked = true},
    {.selector = TEXT("s3"), .lookup = {.asked = true, .rcode = 3}},
    {.selector = TEXT("s4"), .lookup.asked = true, .txt = SPANS(asked_key_txt)},
};

static const struct result sample_asked = {
    .n = 9,
    .domain = TEXT("example.com"),
    .status = STATUS_ABSENT,
    .findings = &absent_finding,
    .ns = {.lookup.asked = true, .hosts = SPANS(asked_ns)},
    .spf = {.lookup.asked = true, .txt = SPANS(asked_spf), .all = TEXT("-")},
    .dmarc = {.lookup.asked = true,
              .txt = SPANS(asked_dmarc),
              .p = TEXT("reject"),
              .sp = TEXT("none"),
              .has_pct = true,
              .rua = SPANS(asked_rua),
              .domain = TEXT("example.com")},
    .dkim = SPANS(asked_keys),
    .at = 1795428000000,
};

static const struct result sample_asked_none = {
    .n = 10,
    .domain = TEXT("example.com"),
    .status = STATUS_ABSENT,
    .findings = &absent_finding,
    .mx = {.lookup = {.asked = true, .rcode = 3}, .wanted = true},
    .ns = {.lookup = {.asked = true, .rcode = 2}},
    .spf = {.lookup.asked = true},
    .dmarc = {.lookup = {.asked = true, .rcode = 3}},
    .at = 1795428000000,
};

static const struct result sample_asked_unanswered = {
    .n = 12,
    .domain = TEXT("example.com"),
    .status = STATUS_ABSENT,
    .findings = &absent_finding,
    .spf.lookup = {.asked = true, .rcode = -1},
    .at = 1795428000000,
};

static struct span asked_bytes[] = {TEXT("a\xff")};
static struct result_dkim_key asked_keys_bytes[] = {{.selector = TEXT("s1"),
                                                     .lookup.asked = true,
                                                     .type = TEXT("a\xff"),
                                                     .txt = SPANS(asked_bytes)}};

static const struct result sample_asked_bytes = {
    .n = 11,
    .domain = TEXT("example.com"),
    .status = STATUS_ABSENT,
    .findings = &absent_finding,
    .spf = {.lookup.asked = true, .txt = SPANS(asked_bytes), .reason = TEXT("version")},
    .dmarc = {.lookup.asked = true,
              .txt = SPANS(asked_bytes),
              .rua = SPANS(asked_bytes),
              .domain = TEXT("example.com"),
              .reason = TEXT("version")},
    .dkim = SPANS(asked_keys_bytes),
    .at = 1795428000000,
};

static const struct result *const sample_results[] = {
    &sample_absent,      &sample_valid,
    &sample_broken,      &sample_invalid,
    &sample_bytes,       &sample_unknown,
    &sample_blocked,     &sample_lint,
    &sample_probed,      &sample_probed_bytes,
    &sample_asked,       &sample_asked_none,
    &sample_asked_bytes, &sample_asked_unanswered,
};

enum { SAMPLE_COUNT = sizeof sample_results / sizeof *sample_results };

#endif
