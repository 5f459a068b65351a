#include "output/record/record_read.h"

#include "output/base/json_reader.h"
#include "output/record/record_fields.h"
#include <stdlib.h>

/* The shortest an element can be, with its comma; so many of them fit into a line. */
enum {
  TEXT_LENGTH_MIN = sizeof "\"\"," - 1,
  MX_LENGTH_MIN = sizeof "{\"host\":\"\"}," - 1,
  TLS_LENGTH_MIN = sizeof "\"tls\":{\"verdict\":\"secure\"}}," - 1,
  ATTEMPT_LENGTH_MIN = sizeof "{\"address\":\"\"}," - 1,
  RECORD_READ_FIRST_LENGTH = 4096,
  RECORD_READ_DOMAIN_MAX = 253, /* RFC 1035 section 2.3.4, without the final dot */
  RECORD_READ_LABEL_MAX = 63,
};

struct record_read {
  struct record_field_line line;
  unsigned strange;
  struct finding findings[FOUND_COUNT];
  size_t finding_count;
  size_t length; /* of the longest line that there is room for */
  struct span *texts;
  struct result_mx *mx;
  struct result_mx_tls *tls;
  struct result_attempt *attempts;
  size_t text_count, tls_count, attempt_count;
  struct result_label labels[RESULT_LABELS_MAX];
  struct result_dkim_key dkim[RESULT_DKIM_MAX];
};

enum err record_read_new(struct record_read **reading) {
  *reading = calloc(1, sizeof **reading);
  return *reading ? ERR_NONE : ERR_MEMORY;
}

static void record_read_release(struct record_read *reading) {
  free(reading->texts);
  free(reading->mx);
  free(reading->tls);
  free(reading->attempts);
  reading->length = 0;
}

void record_read_free(struct record_read *reading) {
  if (!reading) return;
  record_read_release(reading);
  free(reading);
}

/* Room for all elements that a line of that length can hold. */
static enum err record_read_room(struct record_read *reading, size_t length) {
  if (length <= reading->length) return ERR_NONE;
  if (length > RECORD_READ_LINE_MAX) return ERR_LIMIT;
  if (length < RECORD_READ_FIRST_LENGTH) length = RECORD_READ_FIRST_LENGTH;
  record_read_release(reading);
  reading->texts = calloc(length / TEXT_LENGTH_MIN + 1, sizeof *reading->texts);
  reading->mx = calloc(length / MX_LENGTH_MIN + 1, sizeof *reading->mx);
  reading->attempts = calloc(length / ATTEMPT_LENGTH_MIN + 1, sizeof *reading->attempts);
  reading->tls = calloc(length / TLS_LENGTH_MIN + 1, sizeof *reading->tls);
  if (!reading->texts || !reading->mx || !reading->tls || !reading->attempts) return ERR_MEMORY;
  reading->length = length;
  return ERR_NONE;
}

static void read_object(struct record_read *reading, struct json_reader *reader,
                        const struct record_field *fields, void *into);

static void read_texts(struct record_read *reading, struct json_reader *reader, bool base64,
                       struct spans *texts) {
  texts->at = reading->texts + reading->text_count;
  texts->count = 0;
  if (!json_reader_open(reader, '[')) return;
  while (json_reader_element(reader)) {
    struct span text = base64 ? json_reader_base64(reader) : json_reader_string(reader);
    if (reader->bad) return;
    texts->at[texts->count++] = text;
    reading->text_count++;
  }
}

/* The number behind "RCODE", or -1: at most five digits and nothing else. */
static int rcode_number(struct span text) {
  struct span digits = span_starts(text, SPAN("RCODE")) ? span_skip(text, 5) : SPAN("");
  uint64_t rcode;
  return digits.len <= 5 && span_number(digits, &rcode) ? (int)rcode : -1;
}

/* IANA's name of it, or RCODE and its number. */
static int read_rcode(struct json_reader *reader) {
  struct span text = json_reader_string(reader);
  int rcode = result_rcode_by_text(text);
  if (rcode < 0) rcode = rcode_number(text);
  reader->bad |= rcode < 0;
  return rcode;
}

/* A number that goes into something narrower than 64 bits. */
static uint64_t read_below(struct json_reader *reader, uint64_t max) {
  uint64_t value = json_reader_uint(reader);
  reader->bad |= value > max;
  return value;
}

/* The value of an enum by its text; one that is not known is no value. */
static int read_choice(struct json_reader *reader, int value, int count) {
  reader->bad |= value == count;
  return value;
}

static void read_findings(struct record_read *reading, struct json_reader *reader) {
  const struct finding **next = &reading->line.result.findings;
  if (!json_reader_open(reader, '[')) return;
  while (json_reader_element(reader)) {
    struct finding finding = {.code = FOUND_COUNT};
    read_object(reading, reader, record_field_finding_members, &finding);
    if (reader->bad) return;
    if (finding.code == FOUND_COUNT) {
      reading->strange++;
      continue;
    }
    if (reading->finding_count == FOUND_COUNT) { /* some code stands there twice */
      reader->bad = true;
      return;
    }
    struct finding *kept = &reading->findings[reading->finding_count++];
    *kept = finding;
    *next = kept;
    next = (const struct finding **)&kept->next;
  }
}

static void read_codes(struct record_read *reading, struct json_reader *reader,
                       struct finding_codes *codes) {
  if (!json_reader_open(reader, '[')) return;
  while (json_reader_element(reader)) {
    enum finding_code code = finding_by_name(json_reader_string(reader));
    if (code == FOUND_COUNT)
      reading->strange++;
    else
      finding_codes_add(codes, code);
  }
}

/* What was asked for and is not there: {"rcode":"NXDOMAIN"} in place of an array. */
static bool read_none(struct record_read *reading, struct json_reader *reader,
                      struct result_lookup *lookup) {
  lookup->asked = true;
  if (!json_reader_is(reader, '{')) return false;
  read_object(reading, reader, record_field_none_members, lookup);
  return true;
}

static void read_ns(struct record_read *reading, struct json_reader *reader, struct result_ns *ns) {
  if (!read_none(reading, reader, &ns->lookup)) read_texts(reading, reader, false, &ns->hosts);
}

static void read_dkim(struct record_read *reading, struct json_reader *reader,
                      struct result_dkim *dkim) {
  *dkim = (struct result_dkim){.at = reading->dkim};
  if (!json_reader_open(reader, '[')) return;
  while (json_reader_element(reader)) {
    struct result_dkim_key key = {.lookup = {.asked = true, .rcode = -1}};
    read_object(reading, reader, record_field_dkim_members, &key);
    reader->bad |= !span_here(key.selector) || dkim->count == RESULT_DKIM_MAX;
    if (reader->bad) return;
    dkim->at[dkim->count++] = key;
  }
}

static void read_mx(struct record_read *reading, struct json_reader *reader,
                    struct result_mx_set *set) {
  set->wanted = read_none(reading, reader, &set->lookup);
  if (set->wanted) return;
  set->at = reading->mx;
  if (!json_reader_open(reader, '[')) return;
  while (json_reader_element(reader)) {
    struct result_mx mx = {0};
    read_object(reading, reader, record_field_mx_members, &mx);
    if (!span_here(mx.host)) reader->bad = true;
    if (reader->bad) return;
    set->at[set->count++] = mx;
  }
}

static void read_tls(struct record_read *reading, struct json_reader *reader,
                     const struct result_mx_tls **into) {
  struct result_mx_tls tls = {.verdict = VERDICT_COUNT, .tlsa.dane = DANE_COUNT};
  read_object(reading, reader, record_field_tls_members, &tls);
  reader->bad |= tls.verdict == VERDICT_COUNT;
  if (reader->bad) return;
  struct result_mx_tls *kept = &reading->tls[reading->tls_count++];
  *kept = tls;
  *into = kept;
}

/* At most RESULT_LABELS_MAX, of strings. */
static void read_labels(struct record_read *reading, struct json_reader *reader,
                        struct result_labels *labels) {
  struct span name;
  *labels = (struct result_labels){reading->labels, 0};
  if (!json_reader_open(reader, '{')) return;
  while (json_reader_member(reader, &name)) {
    struct span value = json_reader_string(reader);
    if (reader->bad || labels->count == RESULT_LABELS_MAX) {
      reader->bad = true;
      return;
    }
    labels->at[labels->count++] = (struct result_label){name, value};
  }
}

static void read_attempts(struct record_read *reading, struct json_reader *reader,
                          struct result_attempts *attempts) {
  *attempts = (struct result_attempts){reading->attempts + reading->attempt_count, 0};
  if (!json_reader_open(reader, '[')) return;
  while (json_reader_element(reader)) {
    struct result_attempt attempt = {.code = FOUND_COUNT};
    read_object(reading, reader, record_field_attempt_members, &attempt);
    if (!span_here(attempt.address)) reader->bad = true;
    if (reader->bad) return;
    attempts->at[attempts->count++] = attempt;
    reading->attempt_count++;
  }
}

/* Words that are not known, of a newer version, are passed over. */
static void read_reason(struct json_reader *reader, struct finding *finding) {
  finding->reason = reason_by_word(finding->code, json_reader_string(reader));
  finding->reasons |= reason_bit(finding->reason);
}

static void read_reasons(struct json_reader *reader, struct finding *finding) {
  if (!json_reader_open(reader, '[')) return;
  while (json_reader_element(reader))
    finding->reasons |= reason_bit(reason_by_word(finding->code, json_reader_string(reader)));
}

static void read_enum(struct json_reader *reader, enum record_field_kind kind, void *at) {
  struct span text = json_reader_string(reader);
  switch (kind) {
  case RECORD_FIELD_STATUS:
    *(enum result_status *)at =
        (enum result_status)read_choice(reader, (int)result_status_by_text(text), STATUS_COUNT);
    break;
  case RECORD_FIELD_EFFECT:
    *(enum result_effect *)at =
        (enum result_effect)read_choice(reader, (int)result_effect_by_text(text), EFFECT_COUNT);
    break;
  case RECORD_FIELD_KIND:
    *(enum result_kind *)at =
        (enum result_kind)read_choice(reader, (int)result_kind_by_text(text), KIND_COUNT);
    break;
  case RECORD_FIELD_VERDICT:
    *(enum result_verdict *)at =
        (enum result_verdict)read_choice(reader, (int)result_verdict_by_text(text), VERDICT_COUNT);
    break;
  case RECORD_FIELD_STEP:
    *(enum result_step *)at =
        (enum result_step)read_choice(reader, (int)result_step_by_text(text), STEP_COUNT);
    break;
  case RECORD_FIELD_DANE: *(enum result_dane *)at = result_dane_by_text(text); break;
  case RECORD_FIELD_MODE: *(enum result_mode *)at = result_mode_by_text(text); break;
  default: *(enum finding_code *)at = finding_by_name(text); break;
  }
}

static void read_part(struct record_read *reading, struct json_reader *reader,
                      const struct record_field *field, void *into) {
  void *at = (char *)into + field->at;
  switch ((enum record_field_kind)field->kind) {
  case RECORD_FIELD_OBJECT: read_object(reading, reader, field->members, into); break;
  case RECORD_FIELD_LABELS: read_labels(reading, reader, at); break;
  case RECORD_FIELD_FINDINGS: read_findings(reading, reader); break;
  case RECORD_FIELD_CODES: read_codes(reading, reader, at); break;
  case RECORD_FIELD_MX: read_mx(reading, reader, at); break;
  case RECORD_FIELD_NS: read_ns(reading, reader, at); break;
  case RECORD_FIELD_DKIM: read_dkim(reading, reader, at); break;
  case RECORD_FIELD_TLS: read_tls(reading, reader, at); break;
  case RECORD_FIELD_ATTEMPTS: read_attempts(reading, reader, at); break;
  case RECORD_FIELD_PART: read_object(reading, reader, field->members, at); break;
  case RECORD_FIELD_REASON: read_reason(reader, into); break;
  case RECORD_FIELD_REASONS: read_reasons(reader, into); break;
  case RECORD_FIELD_TEXTS: read_texts(reading, reader, false, at); break;
  case RECORD_FIELD_BASE64S: read_texts(reading, reader, true, at); break;
  default: read_enum(reader, (enum record_field_kind)field->kind, at); break;
  }
}

static void read_value(struct record_read *reading, struct json_reader *reader,
                       const struct record_field *field, void *into) {
  void *at = (char *)into + field->at;
  switch ((enum record_field_kind)field->kind) {
  case RECORD_FIELD_TEXT: *(struct span *)at = json_reader_string(reader); break;
  case RECORD_FIELD_BASE64: *(struct span *)at = json_reader_base64(reader); break;
  case RECORD_FIELD_UINT64: *(uint64_t *)at = json_reader_uint(reader); break;
  case RECORD_FIELD_INT64: *(int64_t *)at = json_reader_int(reader); break;
  case RECORD_FIELD_UINT32: *(uint32_t *)at = (uint32_t)read_below(reader, UINT32_MAX); break;
  case RECORD_FIELD_UNSIGNED: *(unsigned *)at = (unsigned)read_below(reader, UINT32_MAX); break;
  case RECORD_FIELD_INT: *(int *)at = (int)read_below(reader, INT32_MAX); break;
  case RECORD_FIELD_BOOL: *(bool *)at = json_reader_bool(reader); break;
  case RECORD_FIELD_TIME: *(int64_t *)at = json_reader_time(reader); break;
  case RECORD_FIELD_RCODE: *(int *)at = read_rcode(reader); break;
  default: read_part(reading, reader, field, into); break;
  }
  if (field->has != RECORD_FIELD_NO_HAS) *((bool *)into + field->has) = true;
}

static void read_object(struct record_read *reading, struct json_reader *reader,
                        const struct record_field *fields, void *into) {
  struct span key;
  size_t next = 0;
  if (!json_reader_open(reader, '{')) return;
  while (json_reader_member(reader, &key)) {
    const struct record_field *field = record_field_find(fields, &next, key);
    if (!field)
      json_reader_skip(reader);
    else if (!json_reader_null(reader))
      read_value(reading, reader, field, into);
  }
}

static void record_read_reset(struct record_read *reading) {
  reading->line.result = (struct result){
      .record.lookup.rcode = -1,
      .policy_host.lookup.rcode = -1,
      .mx.lookup.rcode = -1,
      .tlsrpt.lookup.rcode = -1,
      .ns.lookup.rcode = -1,
      .spf.lookup.rcode = -1,
      .dmarc.lookup.rcode = -1,
      .fetch.connect_ms = -1,
      .fetch.tls_ms = -1,
      .policy.mode = MODE_COUNT,
  };
  reading->line.version = 0;
  reading->line.has_status = false;
  reading->strange = 0;
  reading->finding_count = reading->text_count = reading->tls_count = reading->attempt_count = 0;
}

/* What a scan writes as a domain: lower-case A-labels and underscores, dots between. Whatever else
 * stands there is no scan's, and might drive a terminal or forge a line. */
static bool record_read_is_domain(struct span domain) {
  size_t label = 0;
  for (size_t i = 0; i < domain.len; i++) {
    char c = domain.ptr[i];
    bool dot = c == '.', letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!dot && !letter && c != '-' && c != '_') return false;
    if (dot && label == 0) return false;
    label = dot ? 0 : label + 1;
    if (label > RECORD_READ_LABEL_MAX) return false;
  }
  return label > 0;
}

enum err record_read_line(struct record_read *reading, char *line, size_t len) {
  enum err err = record_read_room(reading, len);
  if (err != ERR_NONE) return err;
  struct json_reader reader = json_reader_of(line, len);
  record_read_reset(reading);
  read_object(reading, &reader, record_field_line_members, &reading->line);
  if (!json_reader_done(&reader) || reading->line.version == 0 || !reading->line.has_status)
    return ERR_SYNTAX;
  struct span domain = reading->line.result.domain;
  bool named = span_here(domain);
  if (named && (domain.len == 0 || domain.len > RECORD_READ_DOMAIN_MAX)) return ERR_SYNTAX;
  return !named || record_read_is_domain(domain) ? ERR_NONE : ERR_SYNTAX;
}

const struct result *record_read_result(const struct record_read *reading) {
  return &reading->line.result;
}

uint64_t record_read_version(const struct record_read *reading) {
  return reading->line.version;
}

unsigned record_read_strange(const struct record_read *reading) {
  return reading->strange;
}
