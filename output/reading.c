#include "output/reading.h"

#include "output/cursor.h"
#include <assert.h>
#include <stdlib.h>

/* The shortest an element can be, with its comma; so many of them fit into a line. */
enum {
  TEXT_LENGTH_MIN = sizeof "\"\"," - 1,
  MX_LENGTH_MIN = sizeof "{\"host\":\"\"}," - 1,
  ATTEMPT_LENGTH_MIN = sizeof "{\"address\":\"\"}," - 1,
  READING_FIRST_LENGTH = 4096,
};

struct reading {
  struct result result;
  uint64_t version;
  bool has_status;
  unsigned strange;
  struct finding findings[FOUND_COUNT];
  size_t finding_count;
  size_t length; /* of the longest line that there is room for */
  struct span *texts;
  struct result_mx *mx;
  struct result_attempt *attempts;
  size_t text_count, mx_count;
};

/* How a value is read, by the type of the member that it goes to. */
enum field_kind {
  FIELD_TEXT,    /* struct span */
  FIELD_TEXTS,   /* struct spans */
  FIELD_BASE64,  /* the same text, lossless: struct span */
  FIELD_BASE64S, /* struct spans */
  FIELD_UINT64,
  FIELD_INT64,
  FIELD_UINT32,
  FIELD_UNSIGNED,
  FIELD_INT,
  FIELD_BOOL,
  FIELD_TIME, /* int64_t */
  FIELD_RCODE,
  FIELD_STATUS,
  FIELD_EFFECT,
  FIELD_MODE,
  FIELD_KIND,
  FIELD_CODE,
  FIELD_OBJECT, /* its members are those of another table */
  FIELD_FINDINGS,
  FIELD_MX,
  FIELD_ATTEMPTS,
};

enum { NO_HAS = 0xffff };

struct field {
  const char *name;
  uint8_t length;
  uint8_t kind;
  uint16_t at;  /* where in the struct it goes */
  uint16_t has; /* where a bool says that it was there, or NO_HAS */
  const struct field *members;
};

#define FIELD(name, kind, type, member)                                                            \
  { name, sizeof name - 1, FIELD_##kind, offsetof(type, member), NO_HAS, NULL }
#define FIELD_HAS(name, kind, type, member, has)                                                   \
  { name, sizeof name - 1, FIELD_##kind, offsetof(type, member), offsetof(type, has), NULL }
#define FIELD_MEMBERS(name, has, members)                                                          \
  { name, sizeof name - 1, FIELD_OBJECT, 0, offsetof(struct result, has), members }
#define FIELD_END                                                                                  \
  { NULL, 0, 0, 0, 0, NULL }

/* In the order in which record.c writes: the search for a name goes on from the last one. */
static const struct field finding_fields[] = {
    FIELD("code", CODE, struct finding, code),
    FIELD("detail", TEXT, struct finding, detail),
    FIELD("detail_base64", BASE64, struct finding, detail),
    FIELD("host", TEXT, struct finding, host),
    FIELD("host_base64", BASE64, struct finding, host),
    FIELD("pattern", TEXT, struct finding, pattern),
    FIELD("pattern_base64", BASE64, struct finding, pattern),
    FIELD_HAS("kind", KIND, struct finding, kind, has_kind),
    FIELD("line", UNSIGNED, struct finding, line),
    FIELD("http_status", INT, struct finding, http_status),
    FIELD_HAS("rcode", RCODE, struct finding, rcode, has_rcode),
    FIELD("contested", BOOL, struct finding, contested),
    FIELD("erratum", TEXT, struct finding, erratum),
    FIELD_END,
};

static const struct field record_fields[] = {
    FIELD("rcode", RCODE, struct result, record.lookup.rcode),
    FIELD("txt", TEXTS, struct result, record.txt),
    FIELD("txt_base64", BASE64S, struct result, record.txt),
    FIELD("id", TEXT, struct result, record.id),
    FIELD("id_base64", BASE64, struct result, record.id),
    FIELD_HAS("ttl", UINT32, struct result, record.ttl, record.has_ttl),
    FIELD("cname", TEXTS, struct result, record.lookup.cname),
    FIELD("cname_base64", BASE64S, struct result, record.lookup.cname),
    FIELD("ad", BOOL, struct result, record.lookup.ad),
    FIELD("tries", UNSIGNED, struct result, record.lookup.tries),
    FIELD("ms", INT64, struct result, record.lookup.ms),
    FIELD_END,
};

static const struct field policy_host_fields[] = {
    FIELD("rcode", RCODE, struct result, policy_host.lookup.rcode),
    FIELD("cname", TEXTS, struct result, policy_host.lookup.cname),
    FIELD("cname_base64", BASE64S, struct result, policy_host.lookup.cname),
    FIELD("addresses", TEXTS, struct result, policy_host.addresses),
    FIELD("addresses_base64", BASE64S, struct result, policy_host.addresses),
    FIELD("tries", UNSIGNED, struct result, policy_host.lookup.tries),
    FIELD("ms", INT64, struct result, policy_host.lookup.ms),
    FIELD_END,
};

static const struct field attempt_fields[] = {
    FIELD("address", TEXT, struct result_attempt, address),
    FIELD("code", CODE, struct result_attempt, code),
    FIELD("ms", INT64, struct result_attempt, ms),
    FIELD_END,
};

static const struct field fetch_fields[] = {
    FIELD("address", TEXT, struct result, fetch.address),
    FIELD("http_status", INT, struct result, fetch.http_status),
    FIELD("content_type", TEXT, struct result, fetch.content_type),
    FIELD("content_type_base64", BASE64, struct result, fetch.content_type),
    FIELD("location", TEXT, struct result, fetch.location),
    FIELD("location_base64", BASE64, struct result, fetch.location),
    FIELD_HAS("bytes", UINT64, struct result, fetch.bytes, fetch.has_bytes),
    FIELD("tls", TEXT, struct result, fetch.tls),
    FIELD_HAS("trusted", BOOL, struct result, fetch.trusted, fetch.has_trusted),
    FIELD("connect_ms", INT64, struct result, fetch.connect_ms),
    FIELD("tls_ms", INT64, struct result, fetch.tls_ms),
    FIELD("ms", INT64, struct result, fetch.ms),
    FIELD("attempts", ATTEMPTS, struct result, fetch.attempts),
    FIELD_END,
};

static const struct field certificate_fields[] = {
    FIELD("subject", TEXT, struct result, certificate.subject),
    FIELD("subject_base64", BASE64, struct result, certificate.subject),
    FIELD("issuer", TEXT, struct result, certificate.issuer),
    FIELD("issuer_base64", BASE64, struct result, certificate.issuer),
    FIELD("names", TEXTS, struct result, certificate.names),
    FIELD("names_base64", BASE64S, struct result, certificate.names),
    FIELD("not_before", TIME, struct result, certificate.not_before),
    FIELD("not_after", TIME, struct result, certificate.not_after),
    FIELD("sha256", TEXT, struct result, certificate.sha256),
    FIELD("key", TEXT, struct result, certificate.key),
    FIELD("chain", UNSIGNED, struct result, certificate.chain),
    FIELD_END,
};

static const struct field policy_fields[] = {
    FIELD("version", TEXT, struct result, policy.version),
    FIELD("version_base64", BASE64, struct result, policy.version),
    FIELD("mode", MODE, struct result, policy.mode),
    FIELD_HAS("max_age", UINT64, struct result, policy.max_age, policy.has_max_age),
    FIELD("mx", TEXTS, struct result, policy.mx),
    FIELD("mx_base64", BASE64S, struct result, policy.mx),
    FIELD("sha256", TEXT, struct result, policy.sha256),
    FIELD("text", TEXT, struct result, policy.text),
    FIELD("text_base64", BASE64, struct result, policy.text),
    FIELD_END,
};

static const struct field mx_fields[] = {
    FIELD("preference", UNSIGNED, struct result_mx, preference),
    FIELD("host", TEXT, struct result_mx, host),
    FIELD("host_base64", BASE64, struct result_mx, host),
    FIELD_HAS("covered", BOOL, struct result_mx, covered, judged),
    FIELD_END,
};

static const struct field tlsrpt_fields[] = {
    FIELD("txt", TEXTS, struct result, tlsrpt.txt),
    FIELD("txt_base64", BASE64S, struct result, tlsrpt.txt),
    FIELD("rua", TEXTS, struct result, tlsrpt.rua),
    FIELD("rua_base64", BASE64S, struct result, tlsrpt.rua),
    FIELD_END,
};

/* The reading begins with its result, so the offsets of both are the same. */
static const struct field result_fields[] = {
    FIELD("v", UINT64, struct reading, version),
    FIELD("n", UINT64, struct result, n),
    FIELD("domain", TEXT, struct result, domain),
    FIELD("unicode", TEXT, struct result, unicode),
    FIELD("line", TEXT, struct result, line),
    FIELD("line_base64", BASE64, struct result, line),
    FIELD_HAS("rank", UINT64, struct result, rank, has_rank),
    FIELD_HAS("status", STATUS, struct reading, result.status, has_status),
    FIELD_HAS("effect", EFFECT, struct result, effect, has_effect),
    FIELD("findings", FINDINGS, struct result, findings),
    FIELD_MEMBERS("record", record.lookup.asked, record_fields),
    FIELD_MEMBERS("policy_host", policy_host.lookup.asked, policy_host_fields),
    FIELD_MEMBERS("fetch", fetch.asked, fetch_fields),
    FIELD_MEMBERS("certificate", certificate.here, certificate_fields),
    FIELD_MEMBERS("policy", policy.here, policy_fields),
    FIELD("mx", MX, struct result, mx),
    FIELD_MEMBERS("tlsrpt", tlsrpt.lookup.asked, tlsrpt_fields),
    FIELD("at", TIME, struct result, at),
    FIELD("ms", INT64, struct result, ms),
    FIELD_END,
};

static_assert(offsetof(struct reading, result) == 0, "result_fields rests on it");

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

/* IANA's name of it, or RCODE and its number. */
static int read_rcode(struct cursor *cursor) {
  struct span text = cursor_string(cursor);
  int rcode = result_rcode_by_text(text);
  if (rcode >= 0 || cursor->bad) return rcode;
  struct span digits = span_starts(text, SPAN("RCODE")) ? span_skip(text, 5) : SPAN("");
  cursor->bad |= digits.len == 0 || digits.len > 5;
  rcode = 0;
  for (size_t i = 0; i < digits.len; i++) {
    cursor->bad |= digits.ptr[i] < '0' || digits.ptr[i] > '9';
    rcode = rcode * 10 + (digits.ptr[i] - '0');
  }
  return cursor->bad ? -1 : rcode;
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
  const struct finding **next = &reading->result.findings;
  if (!cursor_open(cursor, '[')) return;
  while (cursor_element(cursor)) {
    struct finding finding = {.code = FOUND_COUNT};
    read_object(reading, cursor, finding_fields, &finding);
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
    read_object(reading, cursor, mx_fields, &mx);
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
    read_object(reading, cursor, attempt_fields, &attempt);
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
  case FIELD_ATTEMPTS: read_attempts(reading, cursor, &reading->result.fetch); break;
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
  if (field->has != NO_HAS) *((bool *)into + field->has) = true;
}

/* The field of that name, sought from *next on and once around, or NULL. */
static const struct field *field_find(const struct field *fields, size_t *next, struct span key) {
  size_t begin = *next, i = begin;
  do {
    const struct field *field = &fields[i];
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
  reading->result = (struct result){
      .record.lookup.rcode = -1,
      .policy_host.lookup.rcode = -1,
      .mx.lookup.rcode = -1,
      .tlsrpt.lookup.rcode = -1,
      .fetch.connect_ms = -1,
      .fetch.tls_ms = -1,
      .policy.mode = MODE_COUNT,
  };
  reading->version = 0;
  reading->has_status = false;
  reading->strange = 0;
  reading->finding_count = reading->text_count = 0;
}

enum err reading_line(struct reading *reading, char *line, size_t len) {
  enum err err = reading_room(reading, len);
  if (err != ERR_NONE) return err;
  struct cursor cursor = cursor_of(line, len);
  reading_reset(reading);
  read_object(reading, &cursor, result_fields, reading);
  if (!cursor_done(&cursor) || reading->version == 0 || !reading->has_status) return ERR_SYNTAX;
  return ERR_NONE;
}

const struct result *reading_result(const struct reading *reading) {
  return &reading->result;
}

uint64_t reading_version(const struct reading *reading) {
  return reading->version;
}

unsigned reading_strange(const struct reading *reading) {
  return reading->strange;
}
