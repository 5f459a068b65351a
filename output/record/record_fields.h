/* The members of a record as tables: what each is called, how its value is read, and where it goes.
 * Made from record.def, in its order. Constant; nothing to free.
 */
#ifndef OUTPUT_RECORD_RECORD_FIELDS_H
#define OUTPUT_RECORD_RECORD_FIELDS_H

#include "output/record/result.h"

/* Members that tests make up, to show that a member is one row of record.def. */
#ifndef RECORD_MORE
#define RECORD_MORE
#endif

/* How a value is read, by the type of the member that it goes to. */
enum record_field_kind {
  RECORD_FIELD_TEXT,    /* struct span */
  RECORD_FIELD_TEXTS,   /* struct spans */
  RECORD_FIELD_BASE64,  /* the same text, lossless: struct span */
  RECORD_FIELD_BASE64S, /* struct spans */
  RECORD_FIELD_UINT64,
  RECORD_FIELD_INT64,
  RECORD_FIELD_UINT32,
  RECORD_FIELD_UNSIGNED,
  RECORD_FIELD_INT,
  RECORD_FIELD_BOOL,
  RECORD_FIELD_TIME, /* int64_t */
  RECORD_FIELD_RCODE,
  RECORD_FIELD_STATUS,
  RECORD_FIELD_EFFECT,
  RECORD_FIELD_MODE,
  RECORD_FIELD_KIND,
  RECORD_FIELD_VERDICT,
  RECORD_FIELD_STEP,
  RECORD_FIELD_DANE,
  RECORD_FIELD_CODE,
  RECORD_FIELD_REASON,  /* enum reason of a struct finding, whose code stands before it */
  RECORD_FIELD_REASONS, /* the set of them */
  RECORD_FIELD_CODES,   /* struct finding_codes */
  RECORD_FIELD_OBJECT,  /* its members are those of another table, and go into the same struct */
  RECORD_FIELD_PART,    /* ... and go into a struct of its own, that stands there */
  RECORD_FIELD_LABELS,  /* struct result_labels */
  RECORD_FIELD_FINDINGS,
  RECORD_FIELD_MX,
  RECORD_FIELD_NS,       /* struct result_ns */
  RECORD_FIELD_DKIM,     /* struct result_dkim */
  RECORD_FIELD_TLS,      /* const struct result_mx_tls * */
  RECORD_FIELD_ATTEMPTS, /* struct result_attempts */
};

enum { RECORD_FIELD_NO_HAS = 0xffff };

struct record_field {
  const char *name;
  uint8_t length;
  uint8_t kind;
  uint16_t at;  /* where in the struct it goes */
  uint16_t has; /* where a bool says that it was there, or RECORD_FIELD_NO_HAS */
  const struct record_field *members; /* of a RECORD_FIELD_OBJECT or RECORD_FIELD_PART */
};

/* What a line says: the result, and what only the line has. */
struct record_field_line {
  struct result result;
  uint64_t version;
  bool has_status;
};

/* Each ends with a field without a name. */
extern const struct record_field record_field_line_members[]; /* into a struct record_field_line */
extern const struct record_field record_field_finding_members[]; /* struct finding */
extern const struct record_field record_field_attempt_members[]; /* struct result_attempt */
extern const struct record_field record_field_mx_members[];      /* struct result_mx */
extern const struct record_field record_field_tls_members[];     /* struct result_mx_tls */
extern const struct record_field record_field_none_members[];    /* struct result_lookup */
extern const struct record_field record_field_dkim_members[];    /* struct result_dkim_key */

/* The field of that name, sought from *next on and once around, or NULL: members come in the order
 * of their table, nearly always. */
const struct record_field *record_field_find(const struct record_field *fields, size_t *next,
                                             struct span key);

#endif
