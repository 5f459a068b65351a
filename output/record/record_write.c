#include "output/record/record_write.h"

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
static void write_own(struct json_writer *json, const char *key, struct span text) {
  if (span_here(text)) json_writer_string(json, key, text);
}

/* Text from the network or a list: lossless, so what is not UTF-8 stands a second time in base64.
 */
static void write_text(struct json_writer *json, const char *key, struct span text) {
  if (!span_here(text)) return;
  json_writer_string(json, key, text);
  if (!json_writer_utf8(text)) json_writer_base64(json, base64_key(key).text, text);
}

static bool texts_are_utf8(struct spans texts) {
  for (size_t i = 0; i < texts.count; i++)
    if (!json_writer_utf8(texts.at[i])) return false;
  return true;
}

static void write_texts(struct json_writer *json, const char *key, struct spans texts) {
  if (texts.count == 0) return;
  json_writer_open(json, key, '[');
  for (size_t i = 0; i < texts.count; i++) json_writer_string(json, NULL, texts.at[i]);
  json_writer_close(json, ']');
  if (texts_are_utf8(texts)) return;
  json_writer_open(json, base64_key(key).text, '[');
  for (size_t i = 0; i < texts.count; i++) json_writer_base64(json, NULL, texts.at[i]);
  json_writer_close(json, ']');
}

static void write_rcode(struct json_writer *json, int rcode) {
  char number[24];
  const char *text = result_rcode_text(rcode);
  if (!text) {
    snprintf(number, sizeof number, "RCODE%d", rcode);
    text = number;
  }
  json_writer_string(json, "rcode", span_of(text));
}

/* The first, and all where there are several. */
static void write_reasons(struct json_writer *json, const struct finding *finding) {
  if (finding->reason == REASON_NONE) return;
  json_writer_string(json, "reason", span_of(reason_info(finding->reason)->word));
  if (finding->reasons == reason_bit(finding->reason)) return;
  enum reason first = reason_first(finding->code);
  json_writer_open(json, "reasons", '[');
  for (unsigned i = 0; i < reason_count(finding->code); i++)
    if (finding->reasons >> i & 1)
      json_writer_string(json, NULL, span_of(reason_info(first + i)->word));
  json_writer_close(json, ']');
}

static void write_finding(struct json_writer *json, const struct finding *finding) {
  const struct finding_info *info = finding_info(finding->code);
  json_writer_open(json, NULL, '{');
  json_writer_string(json, "code", span_of(info->name));
  json_writer_string(json, "severity", span_of(finding_severity_text(info->severity)));
  json_writer_string(json, "stage", span_of(finding_stage_text(info->stage)));
  write_reasons(json, finding);
  if (finding->lenient) json_writer_bool(json, "lenient", true);
  write_text(json, "detail", finding->detail);
  write_text(json, "host", finding->host);
  write_text(json, "pattern", finding->pattern);
  if (finding->has_kind) json_writer_string(json, "kind", span_of(result_kind_text(finding->kind)));
  if (finding->line) json_writer_uint(json, "line", finding->line);
  if (finding->http_status) json_writer_int(json, "http_status", finding->http_status);
  if (finding->has_rcode) write_rcode(json, finding->rcode);
  if (finding->contested) json_writer_bool(json, "contested", true);
  write_own(json, "erratum", finding->erratum);
  json_writer_close(json, '}');
}

void record_write_findings(struct json_writer *json, const struct finding *findings) {
  json_writer_open(json, "findings", '[');
  for (const struct finding *finding = findings; finding; finding = finding->next)
    write_finding(json, finding);
  json_writer_close(json, ']');
}

static void write_lookup_answer(struct json_writer *json, const struct result_lookup *lookup) {
  if (lookup->rcode >= 0 && lookup->tries) write_rcode(json, lookup->rcode);
}

static void write_lookup_effort(struct json_writer *json, const struct result_lookup *lookup) {
  if (lookup->tries == 0) return; /* judged without the network */
  if (lookup->rcode >= 0) json_writer_bool(json, "ad", lookup->ad);
  json_writer_uint(json, "tries", lookup->tries);
  json_writer_int(json, "ms", lookup->ms);
}

static void write_record(struct json_writer *json, const struct result *result) {
  const struct result_record *record = &result->record;
  if (!record->lookup.asked) return;
  json_writer_open(json, "record", '{');
  write_lookup_answer(json, &record->lookup);
  write_texts(json, "txt", record->txt);
  write_text(json, "id", record->id);
  if (record->has_ttl) json_writer_uint(json, "ttl", record->ttl);
  write_texts(json, "cname", record->lookup.cname);
  write_lookup_effort(json, &record->lookup);
  json_writer_close(json, '}');
}

static void write_policy_host(struct json_writer *json, const struct result *result) {
  const struct result_policy_host *host = &result->policy_host;
  if (!host->lookup.asked) return;
  json_writer_open(json, "policy_host", '{');
  write_lookup_answer(json, &host->lookup);
  write_texts(json, "cname", host->lookup.cname);
  write_texts(json, "addresses", host->addresses);
  json_writer_uint(json, "tries", host->lookup.tries);
  json_writer_int(json, "ms", host->lookup.ms);
  json_writer_close(json, '}');
}

static void write_attempts(struct json_writer *json, const struct result_fetch *fetch) {
  if (fetch->attempt_count == 0) return;
  json_writer_open(json, "attempts", '[');
  for (size_t i = 0; i < fetch->attempt_count; i++) {
    const struct result_attempt *attempt = &fetch->attempts[i];
    json_writer_open(json, NULL, '{');
    write_own(json, "address", attempt->address);
    if (attempt->code != FOUND_COUNT)
      json_writer_string(json, "code", span_of(finding_info(attempt->code)->name));
    json_writer_int(json, "ms", attempt->ms);
    json_writer_close(json, '}');
  }
  json_writer_close(json, ']');
}

static void write_fetch(struct json_writer *json, const struct result *result) {
  const struct result_fetch *fetch = &result->fetch;
  if (!fetch->asked) return;
  json_writer_open(json, "fetch", '{');
  write_own(json, "address", fetch->address);
  if (fetch->http_status) json_writer_int(json, "http_status", fetch->http_status);
  write_text(json, "content_type", fetch->content_type);
  write_texts(json, "content_types", fetch->content_types);
  write_text(json, "content_encoding", fetch->content_encoding);
  write_text(json, "location", fetch->location);
  if (fetch->has_bytes) json_writer_uint(json, "bytes", fetch->bytes);
  write_own(json, "tls", fetch->tls);
  if (fetch->has_trusted) json_writer_bool(json, "trusted", fetch->trusted);
  if (fetch->connect_ms >= 0) json_writer_int(json, "connect_ms", fetch->connect_ms);
  if (fetch->tls_ms >= 0) json_writer_int(json, "tls_ms", fetch->tls_ms);
  json_writer_int(json, "ms", fetch->ms);
  write_attempts(json, fetch);
  json_writer_close(json, '}');
}

static void write_certificate(struct json_writer *json, const struct result *result) {
  const struct result_certificate *certificate = &result->certificate;
  if (!certificate->here) return;
  json_writer_open(json, "certificate", '{');
  write_text(json, "subject", certificate->subject);
  write_text(json, "issuer", certificate->issuer);
  write_texts(json, "names", certificate->names);
  if (certificate->has_not_before) json_writer_time(json, "not_before", certificate->not_before);
  if (certificate->has_not_after) json_writer_time(json, "not_after", certificate->not_after);
  write_own(json, "sha256", certificate->sha256);
  write_own(json, "key", certificate->key);
  json_writer_uint(json, "chain", certificate->chain);
  json_writer_close(json, '}');
}

static void write_policy(struct json_writer *json, const struct result *result) {
  const struct result_policy *policy = &result->policy;
  if (!policy->here) return;
  json_writer_open(json, "policy", '{');
  write_text(json, "version", policy->version);
  if (policy->mode != MODE_COUNT)
    json_writer_string(json, "mode", span_of(result_mode_text(policy->mode)));
  if (policy->has_max_age) json_writer_uint(json, "max_age", policy->max_age);
  write_texts(json, "mx", policy->mx);
  write_own(json, "sha256", policy->sha256);
  write_text(json, "text", policy->text);
  json_writer_close(json, '}');
}

static void write_mx(struct json_writer *json, const struct result *result) {
  const struct result_mx_set *mx = &result->mx;
  if (mx->count == 0) return;
  json_writer_open(json, "mx", '[');
  for (size_t i = 0; i < mx->count; i++) {
    json_writer_open(json, NULL, '{');
    if (mx->lookup.asked) json_writer_uint(json, "preference", mx->at[i].preference);
    write_text(json, "host", mx->at[i].host);
    if (mx->at[i].judged) json_writer_bool(json, "covered", mx->at[i].covered);
    json_writer_close(json, '}');
  }
  json_writer_close(json, ']');
}

static void write_tlsrpt(struct json_writer *json, const struct result *result) {
  const struct result_tlsrpt *tlsrpt = &result->tlsrpt;
  if (!tlsrpt->lookup.asked || tlsrpt->txt.count == 0) return;
  json_writer_open(json, "tlsrpt", '{');
  write_texts(json, "txt", tlsrpt->txt);
  write_texts(json, "rua", tlsrpt->rua);
  json_writer_close(json, '}');
}

static void write_head(struct json_writer *json, const struct result *result) {
  json_writer_uint(json, "v", RESULT_VERSION);
  if (result->n) json_writer_uint(json, "n", result->n);
  write_own(json, "domain", result->domain);
  write_own(json, "unicode", result->unicode);
  write_text(json, "line", result->line);
  if (result->has_rank) json_writer_uint(json, "rank", result->rank);
  json_writer_string(json, "status", span_of(result_status_text(result->status)));
  if (result->has_effect)
    json_writer_string(json, "effect", span_of(result_effect_text(result->effect)));
}

/* The parts, in the order of the schema. */
static void (*const record_parts[])(struct json_writer *json, const struct result *result) = {
    write_record, write_policy_host, write_fetch,  write_certificate,
    write_policy, write_mx,          write_tlsrpt,
};

void record_write(struct json_writer *json, const struct result *result) {
  json_writer_open(json, NULL, '{');
  write_head(json, result);
  record_write_findings(json, result->findings);
  for (size_t i = 0; i < sizeof record_parts / sizeof *record_parts; i++)
    record_parts[i](json, result);
  if (result->at) {
    json_writer_time(json, "at", result->at);
    json_writer_int(json, "ms", result->ms);
  }
  json_writer_close(json, '}');
  json_writer_raw(json, SPAN("\n"));
}
