#include "output/record/record_fields.h"

#include <assert.h>
#include <stddef.h>

/* From a row of record.def to rows of a table: none for what follows from another member, two for
 * text that may stand a second time in base64. */
#define READ(name, kind, member, has, when, limits, about) READ_##kind(#name, name, member, has)

#define ROW(text, kind, at, has, members)                                                          \
  {text, sizeof text - 1, RECORD_FIELD_##kind, at, has, members},
#define PLAIN(text, kind, member, has) ROW(text, kind, offsetof(RECORD_TYPE, member), has, NULL)
#define PART(text, member, has, members)                                                           \
  ROW(text, PART, offsetof(RECORD_TYPE, member), has, members)
#define HAS(member) offsetof(RECORD_TYPE, member)
#define HAS_NONE    RECORD_FIELD_NO_HAS

#define READ_TEXT(text, name, member, has)                                                         \
  PLAIN(text, TEXT, member, has) PLAIN(text "_base64", BASE64, member, has)
#define READ_TEXTS(text, name, member, has)                                                        \
  PLAIN(text, TEXTS, member, has) PLAIN(text "_base64", BASE64S, member, has)
#define READ_OBJECT(text, name, member, has) ROW(text, OBJECT, 0, has, name##_members)
#define READ_VERSION(text, name, member, has)                                                      \
  ROW(text, UINT64, offsetof(struct record_field_line, version), has, NULL)
#define READ_STATUS(text, name, member, has)                                                       \
  ROW(text, STATUS, offsetof(RECORD_TYPE, member), offsetof(struct record_field_line, has_status), \
      NULL)
#define READ_SEVERITY(text, name, member, has)
#define READ_STAGE(text, name, member, has)
#define READ_OWN(text, name, member, has)         PLAIN(text, TEXT, member, has)
#define READ_OWNS(text, name, member, has)        PLAIN(text, TEXTS, member, has)
#define READ_UINT64(text, name, member, has)      PLAIN(text, UINT64, member, has)
#define READ_INT64(text, name, member, has)       PLAIN(text, INT64, member, has)
#define READ_UINT32(text, name, member, has)      PLAIN(text, UINT32, member, has)
#define READ_UNSIGNED(text, name, member, has)    PLAIN(text, UNSIGNED, member, has)
#define READ_INT(text, name, member, has)         PLAIN(text, INT, member, has)
#define READ_BOOL(text, name, member, has)        PLAIN(text, BOOL, member, has)
#define READ_TIME(text, name, member, has)        PLAIN(text, TIME, member, has)
#define READ_RCODE(text, name, member, has)       PLAIN(text, RCODE, member, has)
#define READ_EFFECT(text, name, member, has)      PLAIN(text, EFFECT, member, has)
#define READ_MODE(text, name, member, has)        PLAIN(text, MODE, member, has)
#define READ_KIND(text, name, member, has)        PLAIN(text, KIND, member, has)
#define READ_CODE(text, name, member, has)        PLAIN(text, CODE, member, has)
#define READ_REASON(text, name, member, has)      PLAIN(text, REASON, member, has)
#define READ_REASONS(text, name, member, has)     PLAIN(text, REASONS, member, has)
#define READ_LABELS(text, name, member, has)      PLAIN(text, LABELS, member, has)
#define READ_CODES(text, name, member, has)       PLAIN(text, CODES, member, has)
#define READ_FINDINGS(text, name, member, has)    PLAIN(text, FINDINGS, member, has)
#define READ_MX(text, name, member, has)          PLAIN(text, MX, member, has)
#define READ_NS(text, name, member, has)          PLAIN(text, NS, member, has)
#define READ_DKIM(text, name, member, has)        PLAIN(text, DKIM, member, has)
#define READ_VERDICT(text, name, member, has)     PLAIN(text, VERDICT, member, has)
#define READ_STEP(text, name, member, has)        PLAIN(text, STEP, member, has)
#define READ_DANE(text, name, member, has)        PLAIN(text, DANE, member, has)
#define READ_TLS(text, name, member, has)         PLAIN(text, TLS, member, has)
#define READ_EDE(text, name, member, has)         PART(text, member, has, ede_members)
#define READ_TLSA(text, name, member, has)        PART(text, member, has, tlsa_members)
#define READ_CERTIFICATE(text, name, member, has) PART(text, member, has, certificate_members)
#define READ_ATTEMPTS(text, name, member, has)    PLAIN(text, ATTEMPTS, member, has)

const struct record_field record_field_finding_members[] = {
#define RECORD_TYPE    struct finding
#define FINDING_MEMBER READ
#include "output/record/record.def"
#undef FINDING_MEMBER
#undef RECORD_TYPE
    {NULL, 0, 0, 0, 0, NULL},
};

const struct record_field record_field_attempt_members[] = {
#define RECORD_TYPE    struct result_attempt
#define ATTEMPT_MEMBER READ
#include "output/record/record.def"
#undef ATTEMPT_MEMBER
#undef RECORD_TYPE
    {NULL, 0, 0, 0, 0, NULL},
};

static const struct record_field ede_members[] = {
#define RECORD_TYPE struct result_ede
#define EDE_MEMBER  READ
#include "output/record/record.def"
#undef EDE_MEMBER
#undef RECORD_TYPE
    {NULL, 0, 0, 0, 0, NULL},
};

static const struct record_field certificate_members[] = {
#define RECORD_TYPE        struct result_certificate
#define CERTIFICATE_MEMBER READ
#include "output/record/record.def"
#undef CERTIFICATE_MEMBER
#undef RECORD_TYPE
    {NULL, 0, 0, 0, 0, NULL},
};

static const struct record_field tlsa_members[] = {
#define RECORD_TYPE struct result_tlsa
#define TLSA_MEMBER READ
#include "output/record/record.def"
#undef TLSA_MEMBER
#undef RECORD_TYPE
    {NULL, 0, 0, 0, 0, NULL},
};

const struct record_field record_field_tls_members[] = {
#define RECORD_TYPE struct result_mx_tls
#define TLS_MEMBER  READ
#include "output/record/record.def"
#undef TLS_MEMBER
#undef RECORD_TYPE
    {NULL, 0, 0, 0, 0, NULL},
};

const struct record_field record_field_mx_members[] = {
#define RECORD_TYPE struct result_mx
#define MX_MEMBER   READ
#include "output/record/record.def"
#undef MX_MEMBER
#undef RECORD_TYPE
    {NULL, 0, 0, 0, 0, NULL},
};

static const struct record_field record_members[] = {
#define RECORD_TYPE   struct result
#define RECORD_MEMBER READ
#include "output/record/record.def"
#undef RECORD_MEMBER
#undef RECORD_TYPE
    {NULL, 0, 0, 0, 0, NULL},
};

static const struct record_field policy_host_members[] = {
#define RECORD_TYPE        struct result
#define POLICY_HOST_MEMBER READ
#include "output/record/record.def"
#undef POLICY_HOST_MEMBER
#undef RECORD_TYPE
    {NULL, 0, 0, 0, 0, NULL},
};

static const struct record_field fetch_members[] = {
#define RECORD_TYPE  struct result
#define FETCH_MEMBER READ
#include "output/record/record.def"
#undef FETCH_MEMBER
#undef RECORD_TYPE
    {NULL, 0, 0, 0, 0, NULL},
};

static const struct record_field policy_members[] = {
#define RECORD_TYPE   struct result
#define POLICY_MEMBER READ
#include "output/record/record.def"
#undef POLICY_MEMBER
#undef RECORD_TYPE
    {NULL, 0, 0, 0, 0, NULL},
};

static const struct record_field first_members[] = {
#define RECORD_TYPE  struct result
#define FIRST_MEMBER READ
#include "output/record/record.def"
#undef FIRST_MEMBER
#undef RECORD_TYPE
    {NULL, 0, 0, 0, 0, NULL},
};

static const struct record_field tlsrpt_members[] = {
#define RECORD_TYPE   struct result
#define TLSRPT_MEMBER READ
#include "output/record/record.def"
#undef TLSRPT_MEMBER
#undef RECORD_TYPE
    {NULL, 0, 0, 0, 0, NULL},
};

const struct record_field record_field_none_members[] = {
#define RECORD_TYPE struct result_lookup
#define NONE_MEMBER READ
#include "output/record/record.def"
#undef NONE_MEMBER
#undef RECORD_TYPE
    {NULL, 0, 0, 0, 0, NULL},
};

const struct record_field record_field_dkim_members[] = {
#define RECORD_TYPE struct result_dkim_key
#define DKIM_MEMBER READ
#include "output/record/record.def"
#undef DKIM_MEMBER
#undef RECORD_TYPE
    {NULL, 0, 0, 0, 0, NULL},
};

static const struct record_field spf_members[] = {
#define RECORD_TYPE struct result
#define SPF_MEMBER  READ
#include "output/record/record.def"
#undef SPF_MEMBER
#undef RECORD_TYPE
    {NULL, 0, 0, 0, 0, NULL},
};

static const struct record_field dmarc_members[] = {
#define RECORD_TYPE  struct result
#define DMARC_MEMBER READ
#include "output/record/record.def"
#undef DMARC_MEMBER
#undef RECORD_TYPE
    {NULL, 0, 0, 0, 0, NULL},
};

/* The line begins with its result, so that the offsets of both are the same. */
static_assert(offsetof(struct record_field_line, result) == 0, "the line's table rests on it");

const struct record_field record_field_line_members[] = {
#define RECORD_TYPE struct result
#define LINE_MEMBER READ
#include "output/record/record.def"
#undef LINE_MEMBER
#undef RECORD_TYPE
    {NULL, 0, 0, 0, 0, NULL},
};

const struct record_field *record_field_find(const struct record_field *fields, size_t *next,
                                             struct span key) {
  size_t begin = *next, i = begin;
  do {
    const struct record_field *field = &fields[i];
    if (field->length == 0) {
      i = 0;
      if (begin == 0) break;
      continue;
    }
    i++;
    if (field->length == key.len && field->name[0] == key.ptr[0] &&
        memcmp(field->name, key.ptr, key.len) == 0) {
      *next = i;
      return field;
    }
  } while (i != begin);
  return NULL;
}
