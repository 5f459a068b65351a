#include "output/record/record_write.h"

#include "output/record/record_fields.h"
#include <stdio.h>

enum { KEY_SIZE = 32 };

struct base64_key {
  char text[KEY_SIZE];
};

static struct base64_key base64_key(const char *key) {
  struct base64_key made;
  snprintf(made.text, sizeof made.text, "%s_base64", key);
  return made;
}

/* Text of our own making, or checked to be ASCII. */
static void put_own(struct json_writer *json, const char *key, struct span text) {
  json_writer_string(json, key, text);
}

/* Text from the network or a list: lossless, so what is not UTF-8 stands a second time in base64.
 */
static void put_text(struct json_writer *json, const char *key, struct span text) {
  json_writer_string(json, key, text);
  if (!json_writer_utf8(text)) json_writer_base64(json, base64_key(key).text, text);
}

static bool texts_are_utf8(struct spans texts) {
  for (size_t i = 0; i < texts.count; i++)
    if (!json_writer_utf8(texts.at[i])) return false;
  return true;
}

/* As put_own(), of each. */
static void put_owns(struct json_writer *json, const char *key, struct spans texts) {
  json_writer_open(json, key, '[');
  for (size_t i = 0; i < texts.count; i++) json_writer_string(json, NULL, texts.at[i]);
  json_writer_close(json, ']');
}

static void put_texts(struct json_writer *json, const char *key, struct spans texts) {
  put_owns(json, key, texts);
  if (texts_are_utf8(texts)) return;
  json_writer_open(json, base64_key(key).text, '[');
  for (size_t i = 0; i < texts.count; i++) json_writer_base64(json, NULL, texts.at[i]);
  json_writer_close(json, ']');
}

static void put_rcode(struct json_writer *json, const char *key, int rcode) {
  char number[24];
  const char *text = result_rcode_text(rcode);
  if (!text) {
    snprintf(number, sizeof number, "RCODE%d", rcode);
    text = number;
  }
  json_writer_string(json, key, span_of(text));
}

static void put_reasons(struct json_writer *json, const char *key, const struct finding *finding) {
  enum reason first = reason_first(finding->code);
  json_writer_open(json, key, '[');
  for (unsigned i = 0; i < reason_count(finding->code); i++)
    if (finding->reasons >> i & 1)
      json_writer_string(json, NULL, span_of(reason_info(first + i)->word));
  json_writer_close(json, ']');
}

void record_write_labels(struct json_writer *json, const char *key, struct result_labels labels) {
  json_writer_open(json, key, '{');
  for (size_t i = 0; i < labels.count; i++) {
    json_writer_key(json, labels.at[i].name);
    json_writer_string(json, NULL, labels.at[i].value);
  }
  json_writer_close(json, '}');
}

static void put_codes(struct json_writer *json, const char *key,
                      const struct finding_codes *codes) {
  json_writer_open(json, key, '[');
  for (enum finding_code code = 0; code < FOUND_COUNT; code++)
    if (finding_codes_has(codes, code))
      json_writer_string(json, NULL, span_of(finding_info(code)->name));
  json_writer_close(json, ']');
}

/* From a row of record.def to a statement. */
#define PUT(name, kind, member, has, when, limits, text)                                           \
  if (when) PUT_##kind(#name, name, self->member);

#define PUT_NAME(key, text)           json_writer_string(json, key, span_of(text))
#define PUT_OWN(key, name, value)     put_own(json, key, value)
#define PUT_TEXT(key, name, value)    put_text(json, key, value)
#define PUT_OWNS(key, name, value)    put_owns(json, key, value)
#define PUT_TEXTS(key, name, value)   put_texts(json, key, value)
#define PUT_UINT64(key, name, value)  json_writer_uint(json, key, value)
#define PUT_UINT32                    PUT_UINT64
#define PUT_UNSIGNED                  PUT_UINT64
#define PUT_INT64(key, name, value)   json_writer_int(json, key, value)
#define PUT_INT                       PUT_INT64
#define PUT_BOOL(key, name, value)    json_writer_bool(json, key, value)
#define PUT_TIME(key, name, value)    json_writer_time(json, key, value)
#define PUT_RCODE(key, name, value)   put_rcode(json, key, value)
#define PUT_VERSION(key, name, value) json_writer_uint(json, key, RESULT_VERSION)
#define PUT_STATUS(key, name, value)  PUT_NAME(key, result_status_text(value))
#define PUT_EFFECT(key, name, value)  PUT_NAME(key, result_effect_text(value))
#define PUT_MODE(key, name, value)    PUT_NAME(key, result_mode_text(value))
#define PUT_KIND(key, name, value)    PUT_NAME(key, result_kind_text(value))
#define PUT_VERDICT(key, name, value) PUT_NAME(key, result_verdict_text(value))
#define PUT_STEP(key, name, value)    PUT_NAME(key, result_step_text(value))
#define PUT_DANE(key, name, value)    PUT_NAME(key, result_dane_text(value))
#define PUT_CODE(key, member, value)  PUT_NAME(key, finding_info(value)->name)
#define PUT_SEVERITY(key, name, value)                                                             \
  PUT_NAME(key, finding_severity_text(finding_info(value)->severity))
#define PUT_STAGE(key, name, value)       PUT_NAME(key, finding_stage_text(finding_info(value)->stage))
#define PUT_REASON(key, name, value)      PUT_NAME(key, reason_info(value)->word)
#define PUT_REASONS(key, name, value)     put_reasons(json, key, self)
#define PUT_LABELS(key, name, value)      record_write_labels(json, key, value)
#define PUT_CODES(key, name, value)       put_codes(json, key, &(value))
#define PUT_FINDINGS(key, name, value)    put_findings(json, value)
#define PUT_EDE(key, name, value)         put_ede(json, key, &(value))
#define PUT_CERTIFICATE(key, name, value) put_certificate(json, key, &(value))
#define PUT_TLSA(key, name, value)        put_tlsa(json, key, &(value))
#define PUT_TLS(key, name, value)         put_tls(json, key, value)
#define PUT_ATTEMPTS(key, name, value)    put_attempts(json, key, value)
#define PUT_MX(key, name, value)          put_mx(json, key, &(value))
#define PUT_NS(key, name, value)          put_ns(json, key, &(value))
#define PUT_DKIM(key, name, value)        put_dkim(json, key, &(value))
#define PUT_OBJECT(key, name, value)      put_object(json, key, self, put_##name##_members)

static void put_finding_members(struct json_writer *json, const struct finding *self) {
#define FINDING_MEMBER PUT
#include "output/record/record.def"
#undef FINDING_MEMBER
}

static void put_findings(struct json_writer *json, const struct finding *findings) {
  json_writer_open(json, "findings", '[');
  for (const struct finding *finding = findings; finding; finding = finding->next) {
    json_writer_open(json, NULL, '{');
    put_finding_members(json, finding);
    json_writer_close(json, '}');
  }
  json_writer_close(json, ']');
}

static void put_attempt_members(struct json_writer *json, const struct result_attempt *self) {
#define ATTEMPT_MEMBER PUT
#include "output/record/record.def"
#undef ATTEMPT_MEMBER
}

static void put_attempts(struct json_writer *json, const char *key,
                         struct result_attempts attempts) {
  json_writer_open(json, key, '[');
  for (size_t i = 0; i < attempts.count; i++) {
    json_writer_open(json, NULL, '{');
    put_attempt_members(json, &attempts.at[i]);
    json_writer_close(json, '}');
  }
  json_writer_close(json, ']');
}

static void put_ede(struct json_writer *json, const char *key, const struct result_ede *self) {
  json_writer_open(json, key, '{');
#define EDE_MEMBER PUT
#include "output/record/record.def"
#undef EDE_MEMBER
  json_writer_close(json, '}');
}

static void put_certificate(struct json_writer *json, const char *key,
                            const struct result_certificate *self) {
  json_writer_open(json, key, '{');
#define CERTIFICATE_MEMBER PUT
#include "output/record/record.def"
#undef CERTIFICATE_MEMBER
  json_writer_close(json, '}');
}

static void put_tlsa(struct json_writer *json, const char *key, const struct result_tlsa *self) {
  json_writer_open(json, key, '{');
#define TLSA_MEMBER PUT
#include "output/record/record.def"
#undef TLSA_MEMBER
  json_writer_close(json, '}');
}

static void put_tls(struct json_writer *json, const char *key, const struct result_mx_tls *self) {
  json_writer_open(json, key, '{');
#define TLS_MEMBER PUT
#include "output/record/record.def"
#undef TLS_MEMBER
  json_writer_close(json, '}');
}

static void put_mx_members(struct json_writer *json, const struct result_mx *self, bool asked) {
#define MX_MEMBER PUT
#include "output/record/record.def"
#undef MX_MEMBER
}

/* In place of an array that would be empty. */
static void put_none(struct json_writer *json, const char *key, const struct result_lookup *self) {
  json_writer_open(json, key, '{');
#define NONE_MEMBER PUT
#include "output/record/record.def"
#undef NONE_MEMBER
  json_writer_close(json, '}');
}

static void put_ns(struct json_writer *json, const char *key, const struct result_ns *ns) {
  if (ns->hosts.count)
    put_texts(json, key, ns->hosts);
  else
    put_none(json, key, &ns->lookup);
}

static void put_dkim_members(struct json_writer *json, const struct result_dkim_key *self) {
#define DKIM_MEMBER PUT
#include "output/record/record.def"
#undef DKIM_MEMBER
}

static void put_dkim(struct json_writer *json, const char *key, const struct result_dkim *dkim) {
  json_writer_open(json, key, '[');
  for (size_t i = 0; i < dkim->count; i++) {
    json_writer_open(json, NULL, '{');
    put_dkim_members(json, &dkim->at[i]);
    json_writer_close(json, '}');
  }
  json_writer_close(json, ']');
}

static void put_mx(struct json_writer *json, const char *key, const struct result_mx_set *mx) {
  if (mx->count == 0) {
    put_none(json, key, &mx->lookup);
    return;
  }
  json_writer_open(json, key, '[');
  for (size_t i = 0; i < mx->count; i++) {
    json_writer_open(json, NULL, '{');
    put_mx_members(json, &mx->at[i], mx->lookup.asked);
    json_writer_close(json, '}');
  }
  json_writer_close(json, ']');
}

static void put_record_members(struct json_writer *json, const struct result *self) {
#define RECORD_MEMBER PUT
#include "output/record/record.def"
#undef RECORD_MEMBER
}

static void put_policy_host_members(struct json_writer *json, const struct result *self) {
#define POLICY_HOST_MEMBER PUT
#include "output/record/record.def"
#undef POLICY_HOST_MEMBER
}

static void put_fetch_members(struct json_writer *json, const struct result *self) {
#define FETCH_MEMBER PUT
#include "output/record/record.def"
#undef FETCH_MEMBER
}

static void put_policy_members(struct json_writer *json, const struct result *self) {
#define POLICY_MEMBER PUT
#include "output/record/record.def"
#undef POLICY_MEMBER
}

static void put_first_members(struct json_writer *json, const struct result *self) {
#define FIRST_MEMBER PUT
#include "output/record/record.def"
#undef FIRST_MEMBER
}

static void put_tlsrpt_members(struct json_writer *json, const struct result *self) {
#define TLSRPT_MEMBER PUT
#include "output/record/record.def"
#undef TLSRPT_MEMBER
}

static void put_spf_members(struct json_writer *json, const struct result *self) {
#define SPF_MEMBER PUT
#include "output/record/record.def"
#undef SPF_MEMBER
}

static void put_dmarc_members(struct json_writer *json, const struct result *self) {
#define DMARC_MEMBER PUT
#include "output/record/record.def"
#undef DMARC_MEMBER
}

static void put_object(struct json_writer *json, const char *key, const struct result *result,
                       void (*put_members)(struct json_writer *json, const struct result *result)) {
  json_writer_open(json, key, '{');
  put_members(json, result);
  json_writer_close(json, '}');
}

static void put_line_members(struct json_writer *json, const struct result *self) {
#define LINE_MEMBER PUT
#include "output/record/record.def"
#undef LINE_MEMBER
}

void record_write(struct json_writer *json, const struct result *result) {
  json_writer_open(json, NULL, '{');
  put_line_members(json, result);
  json_writer_close(json, '}');
  json_writer_raw(json, SPAN("\n"));
}
