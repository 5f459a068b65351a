#include "output/record/record_fields.h"

#include <assert.h>
#include <stddef.h>

#define FIELD(name, kind, type, member)                                                            \
  { name, sizeof name - 1, RECORD_FIELD_##kind, offsetof(type, member), RECORD_FIELD_NO_HAS, NULL }
#define RECORD_FIELD_HAS(name, kind, type, member, has)                                            \
  { name, sizeof name - 1, RECORD_FIELD_##kind, offsetof(type, member), offsetof(type, has), NULL }
#define RECORD_FIELD_MEMBERS(name, has, members)                                                   \
  { name, sizeof name - 1, RECORD_FIELD_OBJECT, 0, offsetof(struct result, has), members }
#define RECORD_FIELD_END                                                                           \
  { NULL, 0, 0, 0, 0, NULL }

const struct record_field record_field_finding_members[] = {
    FIELD("code", CODE, struct finding, code),
    FIELD("reason", REASON, struct finding, reason),
    FIELD("reasons", REASONS, struct finding, reasons),
    FIELD("lenient", BOOL, struct finding, lenient),
    FIELD("detail", TEXT, struct finding, detail),
    FIELD("detail_base64", BASE64, struct finding, detail),
    FIELD("host", TEXT, struct finding, host),
    FIELD("host_base64", BASE64, struct finding, host),
    FIELD("pattern", TEXT, struct finding, pattern),
    FIELD("pattern_base64", BASE64, struct finding, pattern),
    RECORD_FIELD_HAS("kind", KIND, struct finding, kind, has_kind),
    FIELD("line", UNSIGNED, struct finding, line),
    FIELD("http_status", INT, struct finding, http_status),
    RECORD_FIELD_HAS("rcode", RCODE, struct finding, rcode, has_rcode),
    FIELD("contested", BOOL, struct finding, contested),
    FIELD("erratum", TEXT, struct finding, erratum),
    RECORD_FIELD_END,
};

static const struct record_field record_fields[] = {
    FIELD("rcode", RCODE, struct result, record.lookup.rcode),
    FIELD("txt", TEXTS, struct result, record.txt),
    FIELD("txt_base64", BASE64S, struct result, record.txt),
    FIELD("id", TEXT, struct result, record.id),
    FIELD("id_base64", BASE64, struct result, record.id),
    RECORD_FIELD_HAS("ttl", UINT32, struct result, record.ttl, record.has_ttl),
    FIELD("cname", TEXTS, struct result, record.lookup.cname),
    FIELD("cname_base64", BASE64S, struct result, record.lookup.cname),
    FIELD("ad", BOOL, struct result, record.lookup.ad),
    FIELD("tries", UNSIGNED, struct result, record.lookup.tries),
    FIELD("ms", INT64, struct result, record.lookup.ms),
    RECORD_FIELD_END,
};

static const struct record_field policy_host_fields[] = {
    FIELD("rcode", RCODE, struct result, policy_host.lookup.rcode),
    FIELD("cname", TEXTS, struct result, policy_host.lookup.cname),
    FIELD("cname_base64", BASE64S, struct result, policy_host.lookup.cname),
    FIELD("addresses", TEXTS, struct result, policy_host.addresses),
    FIELD("addresses_base64", BASE64S, struct result, policy_host.addresses),
    FIELD("tries", UNSIGNED, struct result, policy_host.lookup.tries),
    FIELD("ms", INT64, struct result, policy_host.lookup.ms),
    RECORD_FIELD_END,
};

const struct record_field record_field_attempt_members[] = {
    FIELD("address", TEXT, struct result_attempt, address),
    FIELD("code", CODE, struct result_attempt, code),
    FIELD("ms", INT64, struct result_attempt, ms),
    RECORD_FIELD_END,
};

static const struct record_field fetch_fields[] = {
    FIELD("address", TEXT, struct result, fetch.address),
    FIELD("http_status", INT, struct result, fetch.http_status),
    FIELD("content_type", TEXT, struct result, fetch.content_type),
    FIELD("content_type_base64", BASE64, struct result, fetch.content_type),
    FIELD("content_types", TEXTS, struct result, fetch.content_types),
    FIELD("content_types_base64", BASE64S, struct result, fetch.content_types),
    FIELD("content_encoding", TEXT, struct result, fetch.content_encoding),
    FIELD("content_encoding_base64", BASE64, struct result, fetch.content_encoding),
    FIELD("location", TEXT, struct result, fetch.location),
    FIELD("location_base64", BASE64, struct result, fetch.location),
    RECORD_FIELD_HAS("bytes", UINT64, struct result, fetch.bytes, fetch.has_bytes),
    FIELD("tls", TEXT, struct result, fetch.tls),
    RECORD_FIELD_HAS("trusted", BOOL, struct result, fetch.trusted, fetch.has_trusted),
    FIELD("connect_ms", INT64, struct result, fetch.connect_ms),
    FIELD("tls_ms", INT64, struct result, fetch.tls_ms),
    FIELD("ms", INT64, struct result, fetch.ms),
    FIELD("attempts", ATTEMPTS, struct result, fetch.attempts),
    RECORD_FIELD_END,
};

static const struct record_field certificate_fields[] = {
    FIELD("subject", TEXT, struct result, certificate.subject),
    FIELD("subject_base64", BASE64, struct result, certificate.subject),
    FIELD("issuer", TEXT, struct result, certificate.issuer),
    FIELD("issuer_base64", BASE64, struct result, certificate.issuer),
    FIELD("names", TEXTS, struct result, certificate.names),
    FIELD("names_base64", BASE64S, struct result, certificate.names),
    RECORD_FIELD_HAS("not_before", TIME, struct result, certificate.not_before,
                     certificate.has_not_before),
    RECORD_FIELD_HAS("not_after", TIME, struct result, certificate.not_after,
                     certificate.has_not_after),
    FIELD("sha256", TEXT, struct result, certificate.sha256),
    FIELD("key", TEXT, struct result, certificate.key),
    FIELD("chain", UNSIGNED, struct result, certificate.chain),
    RECORD_FIELD_END,
};

static const struct record_field policy_fields[] = {
    FIELD("version", TEXT, struct result, policy.version),
    FIELD("version_base64", BASE64, struct result, policy.version),
    FIELD("mode", MODE, struct result, policy.mode),
    RECORD_FIELD_HAS("max_age", UINT64, struct result, policy.max_age, policy.has_max_age),
    FIELD("mx", TEXTS, struct result, policy.mx),
    FIELD("mx_base64", BASE64S, struct result, policy.mx),
    FIELD("sha256", TEXT, struct result, policy.sha256),
    FIELD("text", TEXT, struct result, policy.text),
    FIELD("text_base64", BASE64, struct result, policy.text),
    RECORD_FIELD_END,
};

const struct record_field record_field_mx_members[] = {
    FIELD("preference", UNSIGNED, struct result_mx, preference),
    FIELD("host", TEXT, struct result_mx, host),
    FIELD("host_base64", BASE64, struct result_mx, host),
    RECORD_FIELD_HAS("covered", BOOL, struct result_mx, covered, judged),
    RECORD_FIELD_END,
};

static const struct record_field tlsrpt_fields[] = {
    FIELD("txt", TEXTS, struct result, tlsrpt.txt),
    FIELD("txt_base64", BASE64S, struct result, tlsrpt.txt),
    FIELD("rua", TEXTS, struct result, tlsrpt.rua),
    FIELD("rua_base64", BASE64S, struct result, tlsrpt.rua),
    RECORD_FIELD_END,
};

/* The line begins with its result, so that the offsets of both are the same. */
static_assert(offsetof(struct record_field_line, result) == 0, "field_line_members rests on it");

const struct record_field record_field_line_members[] = {
    FIELD("v", UINT64, struct record_field_line, version),
    FIELD("n", UINT64, struct result, n),
    FIELD("domain", TEXT, struct result, domain),
    FIELD("unicode", TEXT, struct result, unicode),
    FIELD("line", TEXT, struct result, line),
    FIELD("line_base64", BASE64, struct result, line),
    RECORD_FIELD_HAS("rank", UINT64, struct result, rank, has_rank),
    RECORD_FIELD_HAS("status", STATUS, struct record_field_line, result.status, has_status),
    RECORD_FIELD_HAS("effect", EFFECT, struct result, effect, has_effect),
    FIELD("findings", FINDINGS, struct result, findings),
    RECORD_FIELD_MEMBERS("record", record.lookup.asked, record_fields),
    RECORD_FIELD_MEMBERS("policy_host", policy_host.lookup.asked, policy_host_fields),
    RECORD_FIELD_MEMBERS("fetch", fetch.asked, fetch_fields),
    RECORD_FIELD_MEMBERS("certificate", certificate.here, certificate_fields),
    RECORD_FIELD_MEMBERS("policy", policy.here, policy_fields),
    FIELD("mx", MX, struct result, mx),
    RECORD_FIELD_MEMBERS("tlsrpt", tlsrpt.lookup.asked, tlsrpt_fields),
    FIELD("at", TIME, struct result, at),
    FIELD("ms", INT64, struct result, ms),
    RECORD_FIELD_END,
};

const struct record_field *record_field_find(const struct record_field *fields, size_t *next,
                                             struct span key) {
  size_t begin = *next, i = begin;
  do {
    const struct record_field *field = &fields[i];
    if (!field->name) {
      i = 0;
      if (begin == 0) break;
      continue;
    }
    i++;
    if (field->length == key.len && memcmp(field->name, key.ptr, key.len) == 0) {
      *next = i;
      return field;
    }
  } while (i != begin);
  return NULL;
}
