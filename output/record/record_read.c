#include "output/record/record_read.h"

#include "output/base/json_reader.h"
#include "output/record/record_fields.h"
#include <stdlib.h>

/* The shortest an element can be, with its comma; so many of them fit into a line. */
enum {
  TEXT_LENGTH_MIN = sizeof "\"\"," - 1,
  MX_LENGTH_MIN = sizeof "{\"host\":\"\"}," - 1,
  ATTEMPT_LENGTH_MIN = sizeof "{\"address\":\"\"}," - 1,
  READING_FIRST_LENGTH = 4096,
  READING_DOMAIN_MAX = 253, /* RFC 1035 section 2.3.4, without the final dot */
  READING_LABEL_MAX = 63,
};

struct reading {
  struct field_line line;
  unsigned strange;
  struct finding findings[FOUND_COUNT];
  size_t finding_count;
  size_t length; /* of the longest line that there is room for */
  struct span *texts;
  struct result_mx *mx;
  struct result_attempt *attempts;
  size_t text_count;
};

enum err reading_new(struct reading **reading) {
  *reading = calloc(1, sizeof **reading);
  return *reading ? ERR_NONE : ERR_MEMORY;
}

static void reading_release(struct reading *reading) {
  free(reading->texts);
  free(reading->mx);
  free(reading->attempts);
  reading->length = 0;
}

void reading_free(struct reading *reading) {
  if (!reading) return;
  reading_release(reading);
  free(reading);
}

/* Room for all elements that a line of that length can hold. */
static enum err reading_room(struct reading *reading, size_t length) {
  if (length <= reading->length) return ERR_NONE;
  if (length > READING_LINE_MAX) return ERR_LIMIT;
  if (length < READING_FIRST_LENGTH) length = READING_FIRST_LENGTH;
  reading_release(reading);
  reading->texts = calloc(length / TEXT_LENGTH_MIN + 1, sizeof *reading->texts);
  reading->mx = calloc(length / MX_LENGTH_MIN + 1, sizeof *reading->mx);
  reading->attempts = calloc(length / ATTEMPT_LENGTH_MIN + 1, sizeof *reading->attempts);
  if (!reading->texts || !reading->mx || !reading->attempts) return ERR_MEMORY;
  reading->length = length;
  return ERR_NONE;
}

static void read_object(struct reading *reading, struct cursor *cursor, const struct field *fields,
                        void *into);

static void read_texts(struct reading *reading, struct cursor *cursor, bool base64,
                       struct spans *texts) {
  texts->at = reading->texts + reading->text_count;
  texts->count = 0;
  if (!cursor_open(cursor, '[')) return;
  while (cursor_element(cursor)) {
    struct span text = base64 ? cursor_base64(cursor) : cursor_string(cursor);
    if (cursor->bad) return;
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
static int read_rcode(struct cursor *cursor) {
  struct span text = cursor_string(cursor);
  int rcode = result_rcode_by_text(text);
  if (rcode < 0) rcode = rcode_number(text);
  cursor->bad |= rcode < 0;
  return rcode;
}

/* A number that goes into something narrower than 64 bits. */
static uint64_t read_below(struct cursor *cursor, uint64_t max) {
  uint64_t value = cursor_uint(cursor);
  cursor->bad |= value > max;
  return value;
}

/* The value of an enum by its text; one that is not known is no value. */
static int read_choice(struct cursor *cursor, int value, int count) {
  cursor->bad |= value == count;
  return value;
}

static void read_findings(struct reading *reading, struct cursor *cursor) {
  const struct finding **next = &reading->line.result.findings;
  if (!cursor_open(cursor, '[')) return;
  while (cursor_element(cursor)) {
    struct finding finding = {.code = FOUND_COUNT};
    read_object(reading, cursor, field_finding_members, &finding);
    if (cursor->bad) return;
    if (finding.code == FOUND_COUNT) {
      reading->strange++;
      continue;
    }
    if (reading->finding_count == FOUND_COUNT) { /* some code stands there twice */
      cursor->bad = true;
      return;
    }
    struct finding *kept = &reading->findings[reading->finding_count++];
    *kept = finding;
    *next = kept;
    next = (const struct finding **)&kept->next;
  }
}

static void read_mx(struct reading *reading, struct cursor *cursor, struct result_mx_set *set) {
  set->lookup.asked = true;
  set->at = reading->mx;
  if (!cursor_open(cursor, '[')) return;
  while (cursor_element(cursor)) {
    struct result_mx mx = {0};
    read_object(reading, cursor, field_mx_members, &mx);
    if (!span_here(mx.host)) cursor->bad = true;
    if (cursor->bad) return;
    set->at[set->count++] = mx;
  }
}

static void read_attempts(struct reading *reading, struct cursor *cursor,
                          struct result_fetch *fetch) {
  fetch->attempts = reading->attempts;
  if (!cursor_open(cursor, '[')) return;
  while (cursor_element(cursor)) {
    struct result_attempt attempt = {.code = FOUND_COUNT};
    read_object(reading, cursor, field_attempt_members, &attempt);
    if (!span_here(attempt.address)) cursor->bad = true;
    if (cursor->bad) return;
    fetch->attempts[fetch->attempt_count++] = attempt;
  }
}

static void read_enum(struct cursor *cursor, enum field_kind kind, void *at) {
  struct span text = cursor_string(cursor);
  switch (kind) {
  case FIELD_STATUS:
    *(enum result_status *)at =
        (enum result_status)read_choice(cursor, (int)result_status_by_text(text), STATUS_COUNT);
    break;
  case FIELD_EFFECT:
    *(enum result_effect *)at =
        (enum result_effect)read_choice(cursor, (int)result_effect_by_text(text), EFFECT_COUNT);
    break;
  case FIELD_KIND:
    *(enum result_kind *)at =
        (enum result_kind)read_choice(cursor, (int)result_kind_by_text(text), KIND_COUNT);
    break;
  case FIELD_MODE: *(enum result_mode *)at = result_mode_by_text(text); break;
  default: *(enum finding_code *)at = finding_by_name(text); break;
  }
}

static void read_part(struct reading *reading, struct cursor *cursor, const struct field *field,
                      void *into) {
  void *at = (char *)into + field->at;
  switch ((enum field_kind)field->kind) {
  case FIELD_OBJECT: read_object(reading, cursor, field->members, into); break;
  case FIELD_FINDINGS: read_findings(reading, cursor); break;
  case FIELD_MX: read_mx(reading, cursor, at); break;
  case FIELD_ATTEMPTS: read_attempts(reading, cursor, &reading->line.result.fetch); break;
  case FIELD_TEXTS: read_texts(reading, cursor, false, at); break;
  case FIELD_BASE64S: read_texts(reading, cursor, true, at); break;
  default: read_enum(cursor, (enum field_kind)field->kind, at); break;
  }
}

static void read_value(struct reading *reading, struct cursor *cursor, const struct field *field,
                       void *into) {
  void *at = (char *)into + field->at;
  switch ((enum field_kind)field->kind) {
  case FIELD_TEXT: *(struct span *)at = cursor_string(cursor); break;
  case FIELD_BASE64: *(struct span *)at = cursor_base64(cursor); break;
  case FIELD_UINT64: *(uint64_t *)at = cursor_uint(cursor); break;
  case FIELD_INT64: *(int64_t *)at = cursor_int(cursor); break;
  case FIELD_UINT32: *(uint32_t *)at = (uint32_t)read_below(cursor, UINT32_MAX); break;
  case FIELD_UNSIGNED: *(unsigned *)at = (unsigned)read_below(cursor, UINT32_MAX); break;
  case FIELD_INT: *(int *)at = (int)read_below(cursor, INT32_MAX); break;
  case FIELD_BOOL: *(bool *)at = cursor_bool(cursor); break;
  case FIELD_TIME: *(int64_t *)at = cursor_time(cursor); break;
  case FIELD_RCODE: *(int *)at = read_rcode(cursor); break;
  default: read_part(reading, cursor, field, into); break;
  }
  if (field->has != FIELD_NO_HAS) *((bool *)into + field->has) = true;
}

static void read_object(struct reading *reading, struct cursor *cursor, const struct field *fields,
                        void *into) {
  struct span key;
  size_t next = 0;
  if (!cursor_open(cursor, '{')) return;
  while (cursor_member(cursor, &key)) {
    const struct field *field = field_find(fields, &next, key);
    if (!field)
      cursor_skip(cursor);
    else if (!cursor_null(cursor))
      read_value(reading, cursor, field, into);
  }
}

static void reading_reset(struct reading *reading) {
  reading->line.result = (struct result){
      .record.lookup.rcode = -1,
      .policy_host.lookup.rcode = -1,
      .mx.lookup.rcode = -1,
      .tlsrpt.lookup.rcode = -1,
      .fetch.connect_ms = -1,
      .fetch.tls_ms = -1,
      .policy.mode = MODE_COUNT,
  };
  reading->line.version = 0;
  reading->line.has_status = false;
  reading->strange = 0;
  reading->finding_count = reading->text_count = 0;
}

/* What a scan writes as a domain: lower-case A-labels and underscores, dots between. Whatever else
 * stands there is no scan's, and might drive a terminal or forge a line. */
static bool reading_is_domain(struct span domain) {
  static const char octets[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
  while (domain.len) {
    bool more = span_find(domain, '.') < domain.len;
    struct span label = span_cut(&domain, '.');
    if (label.len == 0 || label.len > READING_LABEL_MAX || (more && domain.len == 0)) return false;
    for (size_t i = 0; i < label.len; i++)
      if (!memchr(octets, label.ptr[i], sizeof octets - 1)) return false;
  }
  return true;
}

enum err reading_line(struct reading *reading, char *line, size_t len) {
  enum err err = reading_room(reading, len);
  if (err != ERR_NONE) return err;
  struct cursor cursor = cursor_of(line, len);
  reading_reset(reading);
  read_object(reading, &cursor, field_line_members, &reading->line);
  if (!cursor_done(&cursor) || reading->line.version == 0 || !reading->line.has_status)
    return ERR_SYNTAX;
  struct span domain = reading->line.result.domain;
  bool named = span_here(domain);
  if (named && (domain.len == 0 || domain.len > READING_DOMAIN_MAX)) return ERR_SYNTAX;
  return !named || reading_is_domain(domain) ? ERR_NONE : ERR_SYNTAX;
}

const struct result *reading_result(const struct reading *reading) {
  return &reading->line.result;
}

uint64_t reading_version(const struct reading *reading) {
  return reading->line.version;
}

unsigned reading_strange(const struct reading *reading) {
  return reading->strange;
}
