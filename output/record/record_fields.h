/* The members of a record as tables: what each is called, how its value is read, and where it goes.
 * They stand in the order in which output/record/record_write.c writes them.
 */
#ifndef OUTPUT_RECORD_RECORD_FIELDS_H
#define OUTPUT_RECORD_RECORD_FIELDS_H

#include "output/record/result.h"

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

enum { FIELD_NO_HAS = 0xffff };

struct field {
  const char *name;
  uint8_t length;
  uint8_t kind;
  uint16_t at;                 /* where in the struct it goes */
  uint16_t has;                /* where a bool says that it was there, or FIELD_NO_HAS */
  const struct field *members; /* of a FIELD_OBJECT, that go into the same struct */
};

/* What a line says: the result, and what only the line has. */
struct field_line {
  struct result result;
  uint64_t version;
  bool has_status;
};

/* Each ends with a field without a name. */
extern const struct field field_line_members[];    /* into a struct field_line */
extern const struct field field_finding_members[]; /* struct finding */
extern const struct field field_attempt_members[]; /* struct result_attempt */
extern const struct field field_mx_members[];      /* struct result_mx */

/* The field of that name, sought from *next on and once around, or NULL: members come in the order
 * of their table, nearly always. */
const struct field *field_find(const struct field *fields, size_t *next, struct span key);

#endif
