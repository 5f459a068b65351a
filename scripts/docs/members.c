#include "scripts/docs/members.h"

#include "output/record/record_fields.h"
#include "output/record/value_name.h"
#include <string.h>

/* From a row of record.def to one of ours. */
#define ROW(name, kind, member, has, when, limits, text)                                           \
  {#name, KIND_##kind(name), #when, limits, text},

/* What a value is by its kind: type, twice, schema, word, words, members. */
#define KIND_VERSION(name)  NUMBER
#define KIND_UINT64(name)   NUMBER
#define KIND_INT64(name)    NUMBER
#define KIND_UINT32(name)   NUMBER
#define KIND_UNSIGNED(name) NUMBER
#define KIND_INT(name)      NUMBER
#define KIND_BOOL(name)     MEMBER_BOOL, false, "\"type\": \"boolean\"", NULL, 0, NULL
#define KIND_OWN(name)      STRING(false, "\"type\": \"string\"")
#define KIND_TEXT(name)     STRING(true, "\"type\": \"string\"")
#define KIND_REASON(name)   STRING(false, "\"type\": \"string\"")
#define KIND_RCODE(name)    STRING(false, REF("rcode"))
#define KIND_CODE(name)     STRING(false, REF("code"))
#define KIND_OWNS(name)     STRINGS(false)
#define KIND_TEXTS(name)    STRINGS(true)
#define KIND_REASONS(name)  STRINGS(false)
#define KIND_CODES(name)    MEMBER_STRINGS, false, ARRAY("{" REF("code") "}"), NULL, 0, NULL
#define KIND_LABELS(name)   MEMBER_MAP, false, MAP("{\"type\": \"string\"}"), NULL, 0, NULL
#define KIND_TIME(name)     MEMBER_TIME, false, REF("time"), NULL, 0, NULL
#define KIND_STATUS(name)   WORD(value_name_status, STATUS_COUNT)
#define KIND_EFFECT(name)   WORD(value_name_effect, EFFECT_COUNT)
#define KIND_MODE(name)     WORD(value_name_mode, MODE_COUNT)
#define KIND_KIND(name)     WORD(value_name_kind, KIND_COUNT)
#define KIND_STAGE(name)    WORD(value_name_stage, STAGE_COUNT)
#define KIND_SEVERITY(name) WORD(severity_name, FINDING_SEVERITY_COUNT)
#define KIND_OBJECT(name)   OBJECT(name##_table)
#define KIND_VERDICT(name)  WORD(value_name_verdict, VERDICT_COUNT)
#define KIND_STEP(name)     WORD(value_name_step, STEP_COUNT)
#define KIND_DANE(name)     WORD(value_name_dane, DANE_COUNT)
#define KIND_EDE(name)      MEMBER_OBJECT, false, REF("ede"), NULL, 0, member_ede_table
#define KIND_CERTIFICATE(name)                                                                     \
  MEMBER_OBJECT, false, REF("certificate"), NULL, 0, member_certificate_table
#define KIND_TLS(name)      OBJECT(tls_table)
#define KIND_TLSA(name)     OBJECT(tlsa_table)
#define KIND_FINDINGS(name) OBJECTS(ARRAY("{" REF("finding") "}"), member_finding_table)
#define KIND_MX(name)       OBJECTS(NONE_OR("\"type\": [\"array\", \"object\"]"), mx_table)
#define KIND_NS(name)                                                                              \
  MEMBER_STRINGS, false,                                                                           \
      NONE_OR("\"type\": [\"array\", \"object\"], \"items\": {\"type\": \"string\"}"), NULL, 0,    \
      NULL
#define KIND_DKIM(name)     OBJECTS("\"type\": \"array\"", dkim_table)
#define KIND_ATTEMPTS(name) OBJECTS("\"type\": \"array\"", attempt_table)

#define NUMBER                 MEMBER_WHOLE, false, "\"type\": \"integer\"", NULL, 0, NULL
#define STRING(twice, schema)  MEMBER_STRING, twice, schema, NULL, 0, NULL
#define WORD(word, count)      MEMBER_STRING, false, NULL, word, count, NULL
#define STRINGS(twice)         MEMBER_STRINGS, twice, ARRAY("{\"type\": \"string\"}"), NULL, 0, NULL
#define OBJECT(table)          MEMBER_OBJECT, false, "\"type\": \"object\"", NULL, 0, table
#define OBJECTS(schema, table) MEMBER_OBJECTS, false, schema, NULL, 0, table
/* Of what was asked for and is not there. */
#define NONE_OR(schema)                                                                            \
  schema ", \"properties\": {\"rcode\": {" REF("rcode") "}}, \"additionalProperties\": false"
#define ARRAY(items) "\"type\": \"array\", \"items\": " items
#define MAP(values)  "\"type\": \"object\", \"additionalProperties\": " values
#define REF(name)    "\"$ref\": \"#/$defs/" name "\""

/* What a row's value keeps to besides: instead, limits. */
#define ANY                 false, ""
#define ONLY(value)         true, "\"const\": " #value
#define AS(name)            true, REF(#name)
#define AT_LEAST(low)       false, ", \"minimum\": " #low
#define BETWEEN(low, high)  false, ", \"minimum\": " #low ", \"maximum\": " #high
#define LONGEST(characters) false, ", \"maxLength\": " #characters
#define SOME                false, ", \"minItems\": 1"
#define SEVERAL             false, ", \"minItems\": 2"

static const char *severity_name(int value) {
  return finding_severity_text((enum finding_severity)value);
}

const struct member member_finding_table[] = {
#define FINDING_MEMBER ROW
#include "output/record/record.def"
#undef FINDING_MEMBER
    {0},
};

const struct member member_ede_table[] = {
#define EDE_MEMBER ROW
#include "output/record/record.def"
#undef EDE_MEMBER
    {0},
};

static const struct member attempt_table[] = {
#define ATTEMPT_MEMBER ROW
#include "output/record/record.def"
#undef ATTEMPT_MEMBER
    {0},
};

const struct member member_certificate_table[] = {
#define CERTIFICATE_MEMBER ROW
#include "output/record/record.def"
#undef CERTIFICATE_MEMBER
    {0},
};

static const struct member tlsa_table[] = {
#define TLSA_MEMBER ROW
#include "output/record/record.def"
#undef TLSA_MEMBER
    {0},
};

static const struct member tls_table[] = {
#define TLS_MEMBER ROW
#include "output/record/record.def"
#undef TLS_MEMBER
    {0},
};

static const struct member mx_table[] = {
#define MX_MEMBER ROW
#include "output/record/record.def"
#undef MX_MEMBER
    {0},
};

static const struct member record_table[] = {
#define RECORD_MEMBER ROW
#include "output/record/record.def"
#undef RECORD_MEMBER
    {0},
};

static const struct member policy_host_table[] = {
#define POLICY_HOST_MEMBER ROW
#include "output/record/record.def"
#undef POLICY_HOST_MEMBER
    {0},
};

static const struct member fetch_table[] = {
#define FETCH_MEMBER ROW
#include "output/record/record.def"
#undef FETCH_MEMBER
    {0},
};

static const struct member policy_table[] = {
#define POLICY_MEMBER ROW
#include "output/record/record.def"
#undef POLICY_MEMBER
    {0},
};

static const struct member first_table[] = {
#define FIRST_MEMBER ROW
#include "output/record/record.def"
#undef FIRST_MEMBER
    {0},
};

static const struct member spf_table[] = {
#define SPF_MEMBER ROW
#include "output/record/record.def"
#undef SPF_MEMBER
    {0},
};

static const struct member dmarc_table[] = {
#define DMARC_MEMBER ROW
#include "output/record/record.def"
#undef DMARC_MEMBER
    {0},
};

static const struct member dkim_table[] = {
#define DKIM_MEMBER ROW
#include "output/record/record.def"
#undef DKIM_MEMBER
    {0},
};

static const struct member tlsrpt_table[] = {
#define TLSRPT_MEMBER ROW
#include "output/record/record.def"
#undef TLSRPT_MEMBER
    {0},
};

const struct member member_line_table[] = {
#define LINE_MEMBER ROW
#include "output/record/record.def"
#undef LINE_MEMBER
    {0},
};

bool member_is_required(const struct member *member) {
  return strcmp(member->when, "true") == 0;
}
