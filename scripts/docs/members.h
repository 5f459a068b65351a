/* The members of a record as the documents need them, made from record.def. Constant.
 */
#ifndef SCRIPTS_DOCS_MEMBERS_H
#define SCRIPTS_DOCS_MEMBERS_H

#include <stdbool.h>

enum member_type {
  MEMBER_STRING,
  MEMBER_WHOLE, /* a number from 0 on */
  MEMBER_BOOL,
  MEMBER_TIME,
  MEMBER_MAP, /* of strings to strings */
  MEMBER_STRINGS,
  MEMBER_OBJECT,
  MEMBER_OBJECTS
};

/* A table ends with a member without a name. */
struct member {
  const char *name;
  enum member_type type;
  bool twice;                   /* NAME_base64 may stand beside it */
  const char *schema;           /* what its JSON Schema has by its kind; NULL: a word of a set */
  const char *(*word)(int i);   /* the words of the set, or NULL */
  int words;                    /* how many */
  const struct member *members; /* of an object, or of each object of an array; else NULL */
  const char *when;             /* the C condition that it is written on */
  bool instead;                 /* limits stand in place of schema, not behind it */
  const char *limits;           /* what its JSON Schema has by its row, or "" */
  const char *text;             /* what it is, for people */
};

extern const struct member member_line_table[];
extern const struct member member_finding_table[];
extern const struct member member_ede_table[];
extern const struct member member_certificate_table[];

/* Whether the object always has it. */
bool member_is_required(const struct member *member);

#endif
